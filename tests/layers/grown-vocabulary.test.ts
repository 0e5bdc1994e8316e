/** Models for more tokens than they were trained with: at first they predict what they did, the new tokens sharing a part. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { grownOutputBias, grownTable } from '../../src/layers/grown-vocabulary.js';
import type { HostTensor } from '../../src/layers/parameters.js';
import { captionerDefaults, createCaptionerParameters } from '../../src/models/captioner/index.js';
import { captionerLogits } from '../../src/models/captioner/forward.js';
import { grownCaptionerParameters } from '../../src/models/captioner/parameters.js';
import { Random } from '../../src/shared/random.js';
import { toTensors } from './helpers/numeric.js';

beforeAll(() => tf.setBackend('cpu'));

const table: HostTensor = { shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) };

test('new rows are those of the unknown token', () => {
  expect(grownTable(table, { vocabularySize: 5, unknownId: 1 })).toEqual({
    shape: [5, 2],
    values: Float32Array.of(1, 2, 3, 4, 5, 6, 3, 4, 3, 4),
  });
  expect(grownTable(table, { vocabularySize: 3, unknownId: 1 })).toEqual(table);
  expect(() => grownTable(table, { vocabularySize: 2, unknownId: 1 })).toThrow('does not grow');
});

test('new tokens are together as probable as the unknown one', () => {
  const bias: HostTensor = { shape: [3], values: Float32Array.of(0.5, 1.5, -1) };
  const { values } = grownOutputBias(bias, { vocabularySize: 7, unknownId: 1 });
  const added = values.subarray(3).reduce((sum, value) => sum + Math.exp(value), 0);
  expect(added).toBeCloseTo(Math.exp(1.5), 5);
  expect(grownOutputBias(bias, { vocabularySize: 3, unknownId: 1 })).toEqual(bias);
});

describe.each([
  ['an output table', { tiedOutput: false }],
  ['tied weights', { tiedOutput: true }],
])('a captioner with %s', (_, tied) => {
  test('says of the words that it knew what it said, in proportion', () => {
    const config = {
      ...captionerDefaults,
      ...tied,
      ...{ hiddenSize: 6, embeddingSize: 5, vocabularySize: 8, featureSize: 4, gridLength: 3 },
      ...{ featureProjection: 7, attentionSize: 4 },
      dropout: { embedding: 0, features: 0, layers: 0, output: 0 },
    };
    const trained = createCaptionerParameters(config, new Random(3));
    const grid = tf.randomUniform([2, 3, 4], 0, 2, 'float32', 2);
    const tokens = tf.tensor2d(
      [
        [1, 5, 6],
        [1, 7, 3],
      ],
      [2, 3],
      'int32',
    );
    const probabilitiesOf = (weights: Record<string, HostTensor>, vocabularySize: number): number[][] => {
      const logits = captionerLogits({ ...config, vocabularySize }, toTensors(weights), { grid, tokens });
      return tf.reshape(tf.softmax(logits), [-1, vocabularySize]).arraySync() as number[][];
    };
    const before = probabilitiesOf(trained, 8);
    const grown = grownCaptionerParameters(trained, { vocabularySize: 11, unknownId: 3 });
    probabilitiesOf(grown, 11).forEach((row, index) => {
      const unknown = before[index]?.[3] as number;
      before[index]?.forEach((value, word) => expect(row[word]).toBeCloseTo(value / (1 + unknown), 5));
      for (const value of row.slice(8)) expect(value).toBeCloseTo(unknown / 3 / (1 + unknown), 5);
    });
  });
});
