/** Classifiers of texts: what they learn, that runs go on bit for bit, and that explanations are right. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sentimentDefaults } from '../../../src/models/sentiment/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { Random } from '../../../src/shared/random.js';
import { evaluateSentiment } from '../../../src/tasks/sentiment/evaluate.js';
import { type DeletionTest, testDeletion } from '../../../src/tasks/sentiment/explain.js';
import { loadSentimentModel } from '../../../src/tasks/sentiment/model.js';
import { createHead, loadSentimentClassifier } from '../../../src/tasks/sentiment/predict.js';
import { sentimentRecipeDefaults } from '../../../src/tasks/sentiment/recipe.js';
import {
  sentimentReadingDefaults,
  trainSentiment,
  type TrainSentimentOptions,
} from '../../../src/tasks/sentiment/train.js';
import { asCsv, makeReviews } from './reviews.js';

let folder: string;
let reviews: string;
let trained: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-train-sentiment-'));
  reviews = join(folder, 'reviews.csv');
  await writeFile(reviews, asCsv(makeReviews(600)));
  const options = optionsFor('trained', { precision: 'F16' });
  expect(await trainSentiment({ ...options, recipe: { ...options.recipe, epochs: 6 } })).toMatchObject({
    ending: 'completed',
  });
  trained = options.output;
}, 120_000);

afterAll(() => setQuiet(false));

function optionsFor(output: string, changes: Partial<TrainSentimentOptions> = {}): TrainSentimentOptions {
  const dropout = { embedding: 0.1, layers: 0.1, output: 0.1 };
  return {
    source: { path: reviews },
    model: {
      ...sentimentReadingDefaults,
      minimumCount: 1,
      model: { ...sentimentDefaults, hiddenSize: 8, embeddingSize: 8, window: 6, dropout },
    },
    recipe: {
      ...sentimentRecipeDefaults,
      epochs: 2,
      batchSize: 16,
      warmUpSteps: 5,
      learningRate: 0.02,
      averageDecay: 0.9,
    },
    seed: 1,
    output: join(folder, output),
    precision: 'F32',
    ...changes,
  };
}

test('learns what words say, and that "not" turns it round', async () => {
  const evaluation = await evaluateSentiment({
    checkpoint: trained,
    source: { path: reviews },
    trainSource: { path: reviews },
  });
  const { part, texts, scores, baseline, predictions } = evaluation;
  expect({ part, texts }).toEqual({ part: 'held out: documents whose index (from 0) is divisible by 10', texts: 60 });
  expect(scores.top1).toBeGreaterThan(0.95);
  expect(scores.macroF1).toBeGreaterThan(0.95);
  // A bag of words cannot know what "not" belongs to, but sees both words: it is good at this as well.
  expect(baseline?.name).toContain('540 texts');
  expect(baseline?.top1).toBeGreaterThan(0.6);
  expect(predictions.filter(({ right, said }) => right === said).length / 60).toBeCloseTo(scores.top1, 10);
});

test('interrupted in an epoch, it goes on to the same weights', async () => {
  const whole = optionsFor('whole');
  await trainSentiment(whole);
  const parts = optionsFor('parts');
  const { signal } = new AbortController();
  let questions = 0;
  Object.defineProperty(signal, 'aborted', { get: () => ++questions > 9 });
  expect(await trainSentiment({ ...parts, signal })).toMatchObject({ ending: 'interrupted', epoch: 0 });
  const state = JSON.parse(await readFile(join(parts.output, 'training.json'), 'utf8')) as {
    position: { sums: { steps: number } };
  };
  expect(state.position.sums.steps).toBeGreaterThan(1);
  await expect(trainSentiment({ ...parts, resume: true, seed: 2 })).rejects.toThrow('seed was 1, is 2');
  expect(await trainSentiment({ ...parts, resume: true })).toMatchObject({ ending: 'completed' });
  expect((await loadSentimentModel(parts.output)).weights).toEqual((await loadSentimentModel(whole.output)).weights);
  await expect(trainSentiment(parts)).rejects.toThrow('--continue');
});

test('texts are judged the same alone, together, and with a window to spare', async () => {
  const classifier = await loadSentimentClassifier(trained);
  try {
    const texts = makeReviews(40, 7).map(({ text }) => text);
    const together = await classifier.classify([...texts, ' ', 'a '.repeat(9_000)]);
    expect(together[40]).toEqual({ error: 'has no words to judge' });
    expect(together[41]).toHaveProperty('label');
    for (const index of [0, 7, 39]) {
      const [alone] = await classifier.classify([texts[index] as string]);
      expect(alone).toMatchObject({ label: (together[index] as { label: string }).label });
      expect((alone as { probability: number }).probability).toBeCloseTo(
        (together[index] as { probability: number }).probability,
        3,
      );
    }
    expect((await classifier.classify(['the film was great'], { top: 1 }))[0]).toMatchObject({
      label: 'pos',
      top: [{ label: 'pos' }],
    });
  } finally {
    classifier.dispose();
  }
});

test('what is explained is what decides: words that are left out lower the probability', async () => {
  const classifier = await loadSentimentClassifier(trained);
  const head = createHead(classifier.model);
  try {
    const { words, label, probability } = await classifier.explain('The film was\tnot GREAT');
    expect(words.map(({ word }) => word)).toEqual(['The', 'film', 'was', 'not', 'GREAT']);
    expect(label).toBe('neg');
    expect(words.at(-1)?.probability).toBeCloseTo(probability, 3);
    const strongest = [...words].sort((a, b) => b.contribution - a.contribution)[0];
    expect(strongest?.word).toBe('not');
    const random = new Random(3);
    const tests: DeletionTest[] = [];
    for (const { text } of makeReviews(40, 9).filter(({ text: each }) => each.split(' ').length > 6)) {
      tests.push(await testDeletion(classifier.model, head.classify, text, { words: 1, random }));
    }
    // The strongest single word is the one whose absence tells most.
    for (const { withoutStrongest, withoutRandom } of tests) {
      expect(withoutStrongest).toBeLessThanOrEqual(withoutRandom + 1e-6);
    }
    const mean = (key: keyof DeletionTest): number => tests.reduce((sum, each) => sum + each[key], 0) / tests.length;
    expect(mean('probability') - mean('withoutStrongest')).toBeGreaterThan(0.3);
    expect(mean('probability') - mean('withoutRandom')).toBeLessThan(0.3);
  } finally {
    head.dispose();
    classifier.dispose();
  }
});

test('word vectors are where the embedding starts from', async () => {
  const vectors = join(folder, 'vectors.txt');
  await writeFile(vectors, `2 8\ngreat ${'0.5 '.repeat(8).trim()}\nunheard ${'1 '.repeat(8).trim()}\n`);
  const options = optionsFor('vectors');
  const { model, recipe } = options;
  // One step of nearly nothing leaves the embedding as it starts.
  const quiet = { ...recipe, epochs: 1, learningRate: 1e-9, averageDecay: 0, weightDecay: 0 };
  await trainSentiment({ ...options, model: { ...model, wordVectors: vectors }, recipe: quiet });
  const { weights, vocabulary } = await loadSentimentModel(options.output);
  const row = vocabulary.idOf('great') * 8;
  expect([...(weights['embedding/table']?.values.slice(row, row + 8) ?? [])].map((x) => +x.toFixed(4))).toEqual(
    new Array(8).fill(0.5),
  );
  await writeFile(vectors, 'great 1 2 3\n');
  await expect(
    trainSentiment({ ...optionsFor('bad-vectors'), model: { ...model, wordVectors: vectors } }),
  ).rejects.toThrow('expected word vectors of 8 numbers');
});
