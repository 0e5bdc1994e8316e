/** A classifier begun from another says at first what that one says, whatever words and classes the new texts add. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sentimentDefaults } from '../../../src/models/sentiment/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { loadSentimentModel } from '../../../src/tasks/sentiment/model.js';
import { loadSentimentClassifier } from '../../../src/tasks/sentiment/predict.js';
import type { ScoredLabel } from '../../../src/tasks/scored-labels.js';
import { sentimentRecipeDefaults } from '../../../src/tasks/sentiment/recipe.js';
import { sentimentReadingDefaults, trainSentiment } from '../../../src/tasks/sentiment/train.js';
import { asCsv, makeReviews, type Review } from './reviews.js';

const DROPOUT = { embedding: 0.1, layers: 0.1, output: 0.1 };
/** So little that weights stay what they are. */
const NEARLY_NONE = 1e-12;

let folder: string;
let first: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-begin-sentiment-'));
  first = await train('first', makeReviews(300), { epochs: 3 });
}, 120_000);

afterAll(async () => {
  setQuiet(false);
  await rm(folder, { recursive: true });
});

interface Changes {
  readonly startFrom?: string;
  readonly epochs?: number;
  readonly stopAfter?: number;
  readonly resume?: boolean;
  readonly learningRate?: number;
}

async function train(name: string, reviews: readonly Review[], changes: Changes = {}): Promise<string> {
  const { startFrom, epochs = 1, learningRate = 0.02, ...rest } = changes;
  const path = join(folder, `${name}.csv`);
  await writeFile(path, asCsv(reviews));
  const output = join(folder, name);
  await trainSentiment({
    source: { path },
    model: {
      ...sentimentReadingDefaults,
      minimumCount: 1,
      ...(startFrom === undefined ? {} : { startFrom }),
      model: { ...sentimentDefaults, hiddenSize: 8, embeddingSize: 8, window: 6, dropout: DROPOUT },
    },
    recipe: { ...sentimentRecipeDefaults, epochs, batchSize: 16, warmUpSteps: 5, learningRate, weightDecay: 0 },
    seed: 1,
    output,
    precision: 'F32',
    ...rest,
  });
  return output;
}

async function answersOf(checkpoint: string, texts: readonly string[]): Promise<readonly ScoredLabel[]> {
  const classifier = await loadSentimentClassifier(checkpoint);
  try {
    return (await classifier.classify(texts)) as ScoredLabel[];
  } finally {
    classifier.dispose();
  }
}

const other: readonly Review[] = Array.from({ length: 40 }, (_, index) => ({
  text: index % 2 === 0 ? 'the boat was splendid' : 'the boat was rotten',
  label: index % 2 === 0 ? 'pos' : 'neg',
}));

test('words that are new to it count as unknown ones did', async () => {
  const second = await train('second', other, { startFrom: first, learningRate: NEARLY_NONE });
  const [before, after] = [await loadSentimentModel(first), await loadSentimentModel(second)];
  expect(after.vocabulary.tokens.slice(0, before.vocabulary.size)).toEqual(before.vocabulary.tokens);
  expect(after.vocabulary.tokens.slice(before.vocabulary.size).sort()).toEqual(['boat', 'rotten', 'splendid']);
  expect(after.config.model).toMatchObject({ hiddenSize: 8, dropout: DROPOUT });
  const texts = ['the boat was great', 'a splendid story', 'not awful', 'the film was dull'];
  const said = await answersOf(first, texts);
  (await answersOf(second, texts)).forEach(({ label, probability }, index) => {
    expect(label).toBe(said[index]?.label);
    expect(probability).toBeCloseTo(said[index]?.probability as number, 5);
  });
  expect(await readFile(join(second, 'README.md'), 'utf8')).toContain(`begun from the classifier ${first}`);
});

test('it learns what they say, and keeps what it knew', async () => {
  const learned = await train('learned', other, { startFrom: first, epochs: 6 });
  const texts = ['splendid', 'rotten', 'the film was great', 'the film was awful'];
  expect((await answersOf(learned, texts)).map(({ label }) => label)).toEqual(['pos', 'neg', 'pos', 'neg']);
});

test('classes that it knows keep their weights, by name, and others are added', async () => {
  const reviews = other.map(({ text, label }, index) => ({ text, label: index % 4 === 0 ? 'bliss' : label }));
  const second = await train('classes', reviews, { startFrom: first, learningRate: NEARLY_NONE });
  const [before, after] = [await loadSentimentModel(first), await loadSentimentModel(second)];
  expect([before.labels, after.labels]).toEqual([
    ['neg', 'pos'],
    ['bliss', 'neg', 'pos'],
  ]);
  const [old, table] = [before.weights['output/table']?.values, after.weights['output/table']?.values];
  const difference = (from: number): number =>
    Math.max(...(old ?? []).map((value, index) => Math.abs(value - (table?.[from + index] ?? NaN))));
  expect(difference(16)).toBeLessThan(1e-6); // neg and pos, after the 16 numbers of bliss
  expect(difference(0)).toBeGreaterThan(0.01);
});

test('goes on where it stopped, and only from the same classifier', async () => {
  const whole = await train('whole', other, { startFrom: first, epochs: 2 });
  await train('parts', other, { startFrom: first, epochs: 2, stopAfter: 1 });
  const anotherStart = train('parts', other, { startFrom: whole, epochs: 2, resume: true });
  await expect(anotherStart).rejects.toThrow('startFrom.checkpoint was');
  const parts = await train('parts', other, { startFrom: first, epochs: 2, resume: true });
  // Their texts have the same content, their files other names.
  expect((await loadSentimentModel(parts)).weights).toEqual((await loadSentimentModel(whole)).weights);
});
