/**
 * Captions a folder of photos as a user would, and reports photos a second and the memory that the process took at most.
 *
 *     npm run build && npx tsx benchmarks/pipeline.ts FOLDER [photos] [beam width] [checkpoint]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import 'looksay/backend';
import { loadCaptioner } from '../dist/tasks/caption/predict.js';

const [folder = 'datasets/samples', photos = '1000', beamWidth = '5', checkpoint = 'checkpoints/captioner'] =
  process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => /\.(jpe?g|png|webp)$/i.test(name))
  .sort();
// A folder with fewer photos goes round: each is decoded anew.
const paths = Array.from({ length: Number(photos) }, (_, index) => join(folder, names[index % names.length] as string));

await tf.setBackend('onnxruntime');
const start = performance.now();
const captioner = await loadCaptioner(checkpoint);
let first = 0;
let failed = 0;
for await (const result of captioner.caption(paths, { beamWidth: Number(beamWidth) })) {
  if (first === 0) first = performance.now() - start;
  if ('error' in result) failed++;
}
const seconds = (performance.now() - start) / 1000;
captioner.dispose();
console.log(
  JSON.stringify({
    photos: paths.length,
    failed,
    beamWidth: Number(beamWidth),
    photosPerSecond: Number((paths.length / seconds).toFixed(1)),
    firstCaptionSeconds: Number((first / 1000).toFixed(2)),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
