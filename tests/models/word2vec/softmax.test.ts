/** The full softmax of both architectures against sums written out, on `cpu` and natively. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { backendStatistics } from '../../../src/backend/index.js';
import {
  type Word2VecArchitecture,
  createWord2VecParameters,
  softmaxLoss,
} from '../../../src/models/word2vec/index.js';
import { Random } from '../../../src/shared/random.js';
import { tinyConfig } from './tiny.js';

const CENTERS = [0, 2, 3];
/** The last place has nothing around it. */
const AROUND = [[1, 2], [4], []];

const random = new Random(8);
const table = Array.from({ length: 5 }, () => Array.from({ length: 3 }, () => random.normal()));
const output = Array.from({ length: 5 }, () => Array.from({ length: 3 }, () => random.normal()));

const rowOf = (rows: readonly number[][], word: number): number[] => rows[word] as number[];

function surprise(hidden: readonly number[], word: number): number {
  const logits = output.map((row) => row.reduce((sum, value, i) => sum + value * (hidden[i] as number), 0));
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (logits[word] as number);
}

/** The mean over all predictions, one by one. */
function expectedLoss(architecture: Word2VecArchitecture): number {
  const each = CENTERS.flatMap((center, place) => {
    const around = AROUND[place] as number[];
    if (architecture === 'skip-gram') return around.map((word) => surprise(rowOf(table, center), word));
    if (around.length === 0) return [];
    const mean = [0, 1, 2].map((i) => around.reduce((sum, word) => sum + (rowOf(table, word)[i] as number), 0));
    return [
      surprise(
        mean.map((sum) => sum / around.length),
        center,
      ),
    ];
  });
  return each.reduce((sum, value) => sum + value, 0) / each.length;
}

async function lossAndGradients(architecture: Word2VecArchitecture): Promise<number[]> {
  const parameters = { input: tf.tensor2d(table), output: tf.tensor2d(output) };
  const batch = {
    centers: tf.tensor1d(CENTERS, 'int32'),
    contexts: tf.tensor2d(
      AROUND.map((words) => [...words, 0, 0].slice(0, 2)),
      [3, 2],
      'int32',
    ),
    mask: tf.tensor2d(AROUND.map((words) => [0, 1].map((i) => (i < words.length ? 1 : 0)))),
  };
  const { value, grads } = tf.valueAndGrads((input, outputs) =>
    softmaxLoss(architecture, { input: input as tf.Tensor, output: outputs as tf.Tensor }, batch),
  )([parameters.input, parameters.output]);
  return [...(await value.data()), ...(await tf.concat([...grads], 0).data())];
}

test.each(['skip-gram', 'cbow'] as const)('%s predicts with the full softmax, natively', async (architecture) => {
  await tf.setBackend('cpu');
  const reference = await lossAndGradients(architecture);
  expect(reference[0]).toBeCloseTo(expectedLoss(architecture), 5);
  await tf.setBackend('onnxruntime');
  const before = JSON.stringify(backendStatistics().fallbacks);
  const found = await lossAndGradients(architecture);
  found.forEach((value, i) => expect(value).toBeCloseTo(reference[i] as number, 5));
  expect(JSON.stringify(backendStatistics().fallbacks)).toBe(before);
});

test('tables start small and at zero', () => {
  const { input, output: zeros } = createWord2VecParameters(tinyConfig(7, 5), new Random(1));
  expect(input.shape).toEqual([7, 5]);
  expect(input.values.every((value) => Math.abs(value) <= 0.2)).toBe(true);
  expect(zeros.values.every((value) => value === 0)).toBe(true);
});
