/**
 * How often a copy of a photo that was changed is found as its near duplicate, by threshold of the cosine: what the
 * default of `scripts/near-duplicates.mjs` was chosen by.
 *
 *     npm run build && npx tsx benchmarks/near-duplicates.ts FOLDER [photos] [checkpoint]
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp, { type Sharp } from 'sharp';
import 'looksay/backend';
import { loadCaptionModel } from '../dist/tasks/caption/model.js';
import { cachePooled } from '../dist/tasks/caption/nearest.js';

const SIDE = 224;
const THRESHOLDS = [0.8, 0.85, 0.9, 0.95];

const cropped = (image: Sharp, share: number): Sharp => {
  const side = Math.round(SIDE * share);
  const edge = Math.floor((SIDE - side) / 2);
  return image.extract({ left: edge, top: edge, width: side, height: side }).jpeg();
};

const CHANGES: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  mirrored: (image) => image.flop().jpeg(),
  'brighter by a quarter': (image) => image.modulate({ brightness: 1.25 }).jpeg(),
  'middle 90 % of each side': (image) => cropped(image, 0.9),
  'middle 80 % of each side': (image) => cropped(image, 0.8),
  'JPEG quality 30': (image) => image.jpeg({ quality: 30 }),
  'half the size': (image) => image.resize(SIDE / 2, SIDE / 2, { fit: 'fill' }).jpeg(),
  grey: (image) => image.grayscale().jpeg(),
};

const [folder = 'datasets/samples', photos = '200', checkpoint = 'checkpoints/captioner'] = process.argv.slice(2);
const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
const step = Math.max(1, Math.floor(names.length / Number(photos)));
const chosen = names.filter((_, index) => index % step === 0).slice(0, Number(photos));

await tf.setBackend('onnxruntime');
const model = await loadCaptionModel(checkpoint);
const scratch = mkdtempSync(join(tmpdir(), 'looksay-duplicates-'));
const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
try {
  for (const [change, apply] of Object.entries(CHANGES)) {
    const pairs: (readonly [string, string])[] = [];
    for (const [index, name] of chosen.entries()) {
      const square = sharp(join(folder, name), { autoOrient: true }).resize(SIDE, SIDE, { fit: 'fill' });
      const copy = join(scratch, `${change.replace(/\W+/g, '-')}-${index}.jpg`);
      await apply(sharp(await square.jpeg({ quality: 95 }).toBuffer())).toFile(copy);
      pairs.push([join(folder, name), copy]);
    }
    const pooled = await cachePooled(model, { images: pairs.flat(), directory: join(scratch, 'cache') });
    const cosines = pairs.map(([photo, copy]) => cosine(pooled.vectorOf(photo), pooled.vectorOf(copy)));
    const found = THRESHOLDS.map((threshold) => [threshold, cosines.filter((value) => value >= threshold).length]);
    console.log(JSON.stringify({ change, photos: cosines.length, found: Object.fromEntries(found) as object }));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
