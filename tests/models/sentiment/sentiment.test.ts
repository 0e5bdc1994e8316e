/** Shapes, independence of padding and of neighbours, what windows do, and that gradients are those of the loss. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import '../../../src/shared/gradients.js';
import {
  classifyTexts,
  countSentimentParameters,
  createSentimentParameters,
  type SentimentConfig,
  sentimentDefaults,
  sentimentLoss,
  validateSentimentConfig,
} from '../../../src/models/sentiment/index.js';
import { Random } from '../../../src/shared/random.js';
import { createVariables } from '../../../src/training/parameters.js';
import { expectClose, expectGradients } from '../../layers/helpers/numeric.js';

const small: SentimentConfig = {
  ...sentimentDefaults,
  hiddenSize: 2,
  embeddingSize: 2,
  vocabularySize: 9,
  classes: 3,
  window: 3,
  dropout: { embedding: 0, layers: 0, output: 0 },
};

const CONFIGS: readonly Partial<SentimentConfig>[] = [
  {},
  { cell: 'rnn', pooling: 'max', layers: 2 },
  { cell: 'gru', pooling: 'attention' },
  { cell: 'gru', pooling: 'mean', layers: 2, window: 0 },
  { pooling: 'last', window: 0, layers: 2 },
  { cell: 'gru', pooling: 'last', window: 0, bidirectional: false },
];

const TEXTS = [[4, 5, 6, 7, 8, 4, 4], [5], [8, 7, 6, 5]] as const;

/** Texts beside each other, padded to `time` steps with `filling`. */
function batchOf(texts: readonly (readonly number[])[], time: number, filling = 0) {
  const rows = texts.map((ids) => [...ids, ...new Array<number>(time - ids.length).fill(filling)]);
  return {
    tokens: tf.transpose(tf.tensor2d(rows, [texts.length, time], 'int32')),
    lengths: tf.tensor1d(
      texts.map(({ length }) => length),
      'int32',
    ),
  };
}

const parametersOf = (config: SentimentConfig): Record<string, tf.Variable> => {
  const weights = createSentimentParameters(config, new Random(3));
  // Biases that are not 0, so that padding that is let through shows.
  for (const { shape, values } of Object.values(weights))
    if (shape.length === 1) values.forEach((_, i) => (values[i] = 0.3 + i / 9));
  return createVariables(weights);
};

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

describe.each(CONFIGS)('with %j', (change) => {
  const config = { ...small, ...change };

  test('each text has probabilities that neither padding nor neighbours change', () => {
    const parameters = parametersOf(config);
    expect(Object.values(parameters).reduce((sum, { size }) => sum + size, 0)).toBe(countSentimentParameters(config));
    const together = classifyTexts(config, parameters, batchOf(TEXTS, 9));
    expect(together.shape).toEqual([3, 3]);
    expectClose(tf.sum(together, 1), tf.ones([3]));
    expectClose(classifyTexts(config, parameters, batchOf(TEXTS, 9, 8)), together);
    TEXTS.forEach((text, row) => {
      const time = config.window === 0 ? text.length : Math.ceil(text.length / 3) * 3;
      const alone = classifyTexts(config, parameters, batchOf([text], time));
      expectClose(alone, tf.slice(together, row, 1));
    });
  });

  test('the order of words matters', () => {
    const parameters = parametersOf(config);
    const [forward] = classifyTexts(config, parameters, batchOf([[4, 5, 6]], 3)).dataSync();
    const [backward] = classifyTexts(config, parameters, batchOf([[6, 5, 4]], 3)).dataSync();
    expect(Math.abs((forward ?? 0) - (backward ?? 0))).toBeGreaterThan(1e-5);
  });

  // On the reference backend, where single small steps are fast.
  test('gradients agree with finite differences', async () => {
    await tf.setBackend('cpu');
    // Two layers of the smallest cell only: each value is four evaluations.
    const layers = config.cell === 'rnn' ? config.layers : 1;
    const short = { ...config, layers, window: Math.min(2, config.window), vocabularySize: 5 };
    const parameters = parametersOf(short);
    const texts = [[4, 3, 3, 4], [3]];
    const batch = { ...batchOf(texts, 4), labels: tf.tensor1d([1, 0], 'int32') };
    expectGradients((weights) => sentimentLoss(short, weights, batch, { labelSmoothing: 0.1 }), parameters);
    await tf.setBackend('onnxruntime');
  });
});

test('windows are read from nothing each and pooled together', () => {
  const parameters = parametersOf(small);
  const swapped = (ids: number[]) => classifyTexts(small, parameters, batchOf([ids], 6));
  expectClose(swapped([4, 5, 6, 7, 8, 4]), swapped([7, 8, 4, 4, 5, 6]));
  const through = classifyTexts({ ...small, window: 0 }, parameters, batchOf([[4, 5, 6, 7, 8, 4]], 6)).dataSync();
  const inWindows = swapped([4, 5, 6, 7, 8, 4]).dataSync();
  expect(Math.max(...through.map((value, i) => Math.abs(value - (inWindows[i] ?? 0))))).toBeGreaterThan(1e-5);
});

test('dropout is drawn from the seed, and only where there is one', () => {
  const config = { ...small, dropout: { embedding: 0.5, layers: 0.5, output: 0.5 } };
  const parameters = parametersOf(config);
  const loss = (seed?: number): number => {
    const dropout = seed === undefined ? {} : { dropoutSeed: tf.scalar(seed, 'int32') };
    const batch = { ...batchOf(TEXTS, 9), labels: tf.tensor1d([1, 0, 2], 'int32'), ...dropout };
    return sentimentLoss(config, parameters, batch).dataSync()[0] ?? NaN;
  };
  expect(loss(5)).toBe(loss(5));
  expect(loss(5)).not.toBe(loss(6));
  expect(loss()).toBeCloseTo(
    sentimentLoss(small, parameters, { ...batchOf(TEXTS, 9), labels: tf.tensor1d([1, 0, 2], 'int32') }).dataSync()[0] ??
      0,
    6,
  );
});

test('a config from a file is checked field by field', () => {
  expect(validateSentimentConfig({ ...small }, 'config.json')).toEqual(small);
  expect(() => validateSentimentConfig({ ...small, pooling: 'sum' }, 'config.json')).toThrow('config.json.pooling');
  expect(() => validateSentimentConfig({ ...small, layers: 101 }, 'config.json')).toThrow('from 1 to 100, got 101');
  expect(() => validateSentimentConfig({ ...small, classes: 1 }, 'config.json')).toThrow('from 2');
  expect(() => validateSentimentConfig({ ...small, more: 1 }, 'config.json')).toThrow('unknown field "more"');
  expect(() => validateSentimentConfig({ ...small, pooling: 'last' }, 'config.json')).toThrow('the last window only');
});
