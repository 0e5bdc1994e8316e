/** Pairs of photos of different parts that look the same, on pictures of plain colours. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { findNearDuplicates, type NearDuplicateOptions } from '../../../src/tasks/caption/near-duplicates.js';
import { cachePooled } from '../../../src/tasks/caption/nearest.js';
import { temporaryFolder, tinyCaptionModel } from '../../helpers/tiny-captioner.js';

const model = tinyCaptionModel();
/** Photos by part; those of one letter are of one colour, saved in different qualities. */
const PARTS = { train: ['a', 'b', 'c', 'd'], val: ['b', 'x', 'd'], test: ['y'] } as const;

const COLOURS = { a: '#f00', b: '#0f0', c: '#00f', d: '#fff', x: '#000', y: '#f80' };

let folder: string;

const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  await mkdir(at('images'));
  const rows: string[] = [];
  for (const [part, names] of Object.entries(PARTS)) {
    for (const name of names) {
      const file = `${part}-${name}.jpg`;
      const photo = sharp({ create: { width: 32, height: 32, channels: 3, background: COLOURS[name] } });
      await photo.jpeg({ quality: part === 'val' ? 50 : 95 }).toFile(at('images', file));
      rows.push(JSON.stringify({ image: file, caption: 'a photo', split: part }));
    }
  }
  await writeFile(at('captions.jsonl'), rows.join('\n'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const source = (): NearDuplicateOptions['sources'][number] => ({
  images: at('images'),
  captions: at('captions.jsonl'),
});
const find = (change: Partial<NearDuplicateOptions> = {}): ReturnType<typeof findNearDuplicates> =>
  findNearDuplicates(model, { sources: [source()], cacheDirectory: at('cache'), ...change });
const nameOf = (path: string): string => path.slice(at('images').length + 1, -'.jpg'.length);

test('pairs are those of different parts whose cosine is as high as asked for, the most alike first', async () => {
  const { photos, pairs } = await find({ threshold: 1e-6 });
  expect(photos).toEqual({ train: 4, val: 3, test: 1 });
  expect(pairs).toHaveLength(4 * 3 + 4 * 1 + 3 * 1); // features are not negative
  const images = [...new Set(pairs.flatMap(({ photo, other }) => [photo, other]))];
  const pooled = await cachePooled(model, { images, directory: at('cache') });
  for (const { photo, other, cosine } of pairs) {
    const [a, b] = [pooled.vectorOf(photo), pooled.vectorOf(other)];
    expect(cosine).toBeCloseTo(
      a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0),
      4,
    );
  }
  const cosines = pairs.map(({ cosine }) => cosine);
  expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
  const named = pairs
    .slice(0, 2)
    .map(({ photo, other, part, otherPart }) => [nameOf(photo), nameOf(other), part, otherPart]);
  expect(named.sort()).toEqual([
    ['train-b', 'val-b', 'train', 'val'],
    ['train-d', 'val-d', 'train', 'val'],
  ]);
  const threshold = cosines[1] as number;
  expect((await find({ threshold })).pairs).toEqual(pairs.slice(0, 2));
});

test('a source for validation is one part; the same file is found under another name', async () => {
  await mkdir(at('other'), { recursive: true });
  await symlink(at('images', 'train-a.jpg'), at('other', 'link.jpg'));
  await writeFile(at('other', 'captions.csv'), 'image,caption\nlink.jpg,a photo\n');
  const train = { images: at('images'), captions: at('train.csv') };
  await writeFile(train.captions, 'image,caption\ntrain-a.jpg,a\ntrain-b.jpg,b\n');
  const validation = [{ images: at('other'), captions: at('other', 'captions.csv') }];
  const { photos, pairs } = await find({ sources: [train], validation, threshold: 0.9999 });
  expect(photos).toEqual({ train: 2, val: 1 });
  expect(pairs.map(({ photo, other }) => [nameOf(photo), nameOf(other)])).toEqual([['train-a', 'train-a']]);
  await expect(find({ sources: [train] })).rejects.toThrow(/two parts or more, found train .*--splits/);
});

test('a threshold that makes no sense is refused, and an aborted run ends', async () => {
  for (const threshold of [0, -1, 1.5, NaN]) await expect(find({ threshold })).rejects.toThrow(/threshold: expected/);
  await expect(find({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
