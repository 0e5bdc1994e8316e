/**
 * Whether the stages of captioning overlap: decoding, encoding and beam search of a folder's photos each alone, with both
 * cores to itself, and the captioner as a user runs it; rounds alternate between them, since machines are shared.
 *
 *     npm run build && npx tsx benchmarks/overlap.ts FOLDER [photos] [rounds] [beam width] [checkpoint]
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import 'looksay/backend';
import { captionDecodingDefaults, createGenerator } from '../dist/tasks/caption/generate.js';
import { BatchEncoders, createMember, preprocessingsOf } from '../dist/tasks/caption/members.js';
import { loadCaptionModel } from '../dist/tasks/caption/model.js';
import { createCaptioner, DEFAULT_BATCH_SIZE, DEFAULT_MIRROR } from '../dist/tasks/caption/predict.js';
import { decodedBatches, hasPixels, type PixelImage } from '../dist/tasks/encoder/encode.js';

const [folder = 'datasets/samples', photos = '1000', rounds = '3', beam = '5', checkpoint = 'checkpoints/captioner'] =
  process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => /\.(jpe?g|png|webp)$/i.test(name))
  .sort();
const paths = Array.from({ length: Number(photos) }, (_, index) => join(folder, names[index % names.length] as string));
const beamWidth = Number(beam);

await tf.setBackend('onnxruntime');
const model = await loadCaptionModel(checkpoint);
const members = [createMember(model)] as const;
const encoders = new BatchEncoders(members, { batchSize: DEFAULT_BATCH_SIZE, mirror: DEFAULT_MIRROR });
const generator = createGenerator({
  ...captionDecodingDefaults,
  ...{ beamWidth, members, vocabulary: model.vocabulary, seen: model.seen },
});
const captioner = createCaptioner(model);

async function decode(): Promise<PixelImage[][]> {
  const batches: PixelImage[][] = [];
  const [preprocessing] = preprocessingsOf(members);
  for await (const batch of decodedBatches(preprocessing, paths, { batchSize: DEFAULT_BATCH_SIZE })) {
    batches.push(batch.filter(hasPixels));
  }
  return batches;
}

async function search(features: readonly (readonly tf.Tensor[])[]): Promise<void> {
  for (const batch of features) await generator.generate(batch);
}

async function caption(): Promise<void> {
  let failed = 0;
  for await (const result of captioner.caption(paths, { beamWidth })) if ('error' in result) failed++;
  if (failed > 0) throw new Error(`${failed} photos could not be captioned`);
}

interface Times {
  readonly decoding: number;
  readonly encoding: number;
  readonly search: number;
  readonly captioning: number;
}

/** Seconds that `work` takes, with its result. */
async function time<T>(work: () => T | Promise<T>): Promise<{ readonly seconds: number; readonly result: T }> {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1000, result };
}

async function round(): Promise<Times> {
  const decoding = await time(decode);
  const encoding = await time(() => decoding.result.map((batch) => encoders.encode(batch)));
  const searching = await time(() => search(encoding.result));
  tf.dispose(encoding.result.flat());
  const captioning = await time(caption);
  return {
    decoding: decoding.seconds,
    encoding: encoding.seconds,
    search: searching.seconds,
    captioning: captioning.seconds,
  };
}

const ratioOf = ({ decoding, encoding, search: searching, captioning }: Times): number =>
  captioning / (decoding + encoding + searching);

const all: Times[] = [];
for (let count = 0; count <= Number(rounds); count++) {
  const times = await round();
  if (count === 0) continue; // the first round compiles
  all.push(times);
  const shown = Object.entries(times).map(([name, seconds]) => `${name} ${(seconds as number).toFixed(2)} s`);
  console.error(`${shown.join(', ')}: captioning takes ${ratioOf(times).toFixed(2)} x the sum`);
}
const ratios = all.map((times) => Number(ratioOf(times).toFixed(2))).sort((a, b) => a - b);
console.log(
  JSON.stringify({
    photos: paths.length,
    beamWidth,
    captioningToSum: { median: ratios[ratios.length >> 1], all: ratios },
  }),
);
encoders.dispose();
generator.dispose();
captioner.dispose();
