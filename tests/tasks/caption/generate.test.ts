/** What captions may say: the cost of what training captions have not said, and words that would come twice. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { loadCaptionModel, saveCaptionModel } from '../../../src/tasks/caption/model.js';
import { type CaptionOptions, createCaptioner } from '../../../src/tasks/caption/predict.js';
import { SeenNgrams } from '../../../src/text/seen-ngrams.js';
import { tokenize } from '../../../src/text/tokenizer.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

let folder: string;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  await writePicture(join(folder, 'red.png'), 'red');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whether two words in a row come twice in what is said of a photo by some of several captioners with random weights. */
async function repeatsPairs(options: { readonly noRepeatNgram?: number }): Promise<boolean> {
  const found: boolean[] = [];
  for (const seed of [1, 2, 3, 4]) {
    const captioner = createCaptioner(tinyCaptionModel({ seed }));
    for await (const result of captioner.caption([join(folder, 'red.png')], { ...options, minimumLength: 12 })) {
      if ('error' in result) throw new Error(result.error);
      const words = result.caption.toLowerCase().split(' ');
      const pairs = words.slice(1).map((word, index) => `${words[index] ?? ''} ${word}`);
      found.push(new Set(pairs).size < pairs.length);
    }
    captioner.dispose();
  }
  return found.some(Boolean);
}

/** What captioners with random weights say of a photo, whose training captions had the runs of words of `told`. */
async function saidOf(told: readonly (readonly string[])[], options: CaptionOptions = {}): Promise<string[][]> {
  const found: string[][] = [];
  for (const seed of [1, 2, 3]) {
    const captioner = createCaptioner({ ...tinyCaptionModel({ seed }), seen: SeenNgrams.of(told) });
    for await (const result of captioner.caption([join(folder, 'red.png')], { minimumLength: 5, ...options })) {
      if ('error' in result) throw new Error(result.error);
      found.push(['<start>', ...tokenize(result.caption), '<end>']);
    }
    captioner.dispose();
  }
  return found;
}

const TOLD = [
  ['<start>', 'a', 'dog', 'runs', 'on', 'grass', '<end>'],
  ['<start>', 'a', 'cat', 'sits', 'on', 'snow', '<end>'],
];

test('captions keep to what the training captions have said, as far as that costs', async () => {
  const seen = SeenNgrams.of(TOLD);
  const isNew = (words: readonly string[]): boolean =>
    words.slice(2).some((_, begin) => !seen.has(words.slice(begin, begin + 3)));
  const free = await saidOf(TOLD, { noveltyPenalty: 0 });
  expect(free.every(isNew)).toBe(true);
  const bound = await saidOf(TOLD, { noveltyPenalty: 100 });
  expect(bound.some(isNew)).toBe(false);
});

test('a checkpoint remembers what was said; one without has nothing new', async () => {
  const model = { ...tinyCaptionModel(), seen: SeenNgrams.of(TOLD) };
  const [saved, without] = [join(folder, 'seen'), join(folder, 'without')];
  await saveCaptionModel(saved, model, { modelCard: '', precision: 'F32' });
  expect((await loadCaptionModel(saved)).seen?.toJSON()).toEqual(model.seen.toJSON());
  await saveCaptionModel(without, tinyCaptionModel(), { modelCard: '', precision: 'F32' });
  expect((await loadCaptionModel(without)).seen).toBeUndefined();
  await writeFile(join(saved, 'seen-ngrams.json'), JSON.stringify(SeenNgrams.of([]).toJSON()));
  await expect(loadCaptionModel(saved)).rejects.toThrow(/was not saved together/);
});

test('no two words come twice in a row unless that is allowed', async () => {
  expect(await repeatsPairs({ noRepeatNgram: 0 })).toBe(true);
  expect(await repeatsPairs({})).toBe(false);
});
