/** Ridge regression by conjugate gradients: where its loss has no slope, and where nothing can be learnt. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { expectWords, RidgeRegression, type RidgeSolution } from '../../../src/models/expected-words/index.js';
import { Random } from '../../../src/shared/random.js';

let tensors: number;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  tensors = tf.memory().numTensors;
});

afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const tensorsOf = (solution: RidgeSolution): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(solution).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );

/** Examples beside each other are alike, as features are; outputs are linear but for noise. */
function examples(count: number, inputs: number, outputs: number, seed: number) {
  const random = new Random(seed);
  const normal = (length: number) => Array.from({ length }, () => random.normal());
  const map = Array.from({ length: inputs }, () => normal(outputs));
  const x = Array.from({ length: count }, () => {
    const shared = random.normal();
    return normal(inputs).map((value, index) => 0.3 + shared + 0.2 * (index + 1) * value);
  });
  const y = x.map((row) =>
    Array.from({ length: outputs }, (_, o) =>
      row.reduce((sum, value, i) => sum + value * (map[i]?.[o] ?? 0), 1 + 0.1 * random.normal()),
    ),
  );
  return { x, y };
}

/** In however many parts, the sums are the same. */
async function fit(x: readonly number[][], y: readonly number[][], ridge: number, parts = 1): Promise<RidgeSolution> {
  const regression = new RidgeRegression(x[0]?.length ?? 0, y[0]?.length ?? 0);
  const size = Math.ceil(x.length / parts);
  for (let begin = 0; begin < x.length; begin += size) {
    const some = [tf.tensor2d(x.slice(begin, begin + size)), tf.tensor2d(y.slice(begin, begin + size))] as const;
    regression.add(...some);
    tf.dispose([...some]);
  }
  const solution = await regression.solve({ ridge, tolerance: 1e-12 });
  regression.dispose();
  return solution;
}

test('the squared error plus λ‖K‖² has no slope at the solution', async () => {
  const property = fc.asyncProperty(
    fc.record({ count: fc.integer({ min: 2, max: 30 }), seed: fc.nat(1000), parts: fc.integer({ min: 1, max: 3 }) }),
    fc.constantFrom(0.05, 0.5, 5),
    async ({ count, seed, parts }, ridge) => {
      const { x, y } = examples(count, 6, 3, seed);
      const solution = await fit(x, y, ridge, parts);
      const mean = (column: number): number => x.reduce((sum, row) => sum + (row[column] ?? 0), 0) / count;
      const centred = x.map((row) => row.map((value, column) => value - mean(column)));
      const lambda = (ridge * centred.flat().reduce((sum, value) => sum + value * value, 0)) / count / 6;
      const kernel = (i: number, o: number): number => solution.kernel.values[3 * i + o] ?? NaN;
      for (let o = 0; o < 3; o++) {
        const rest = centred.map(
          (row, n) =>
            row.reduce((sum, value, i) => sum + value * kernel(i, o), solution.bias.values[o] ?? NaN) -
            (y[n]?.[o] ?? NaN),
        );
        expect(rest.reduce((sum, value) => sum + value, 0) / count).toBeCloseTo(0, 4);
        for (let i = 0; i < 6; i++) {
          const slope = centred.reduce((sum, row, n) => sum + (row[i] ?? NaN) * (rest[n] ?? NaN), 0) / count;
          expect(slope + lambda * kernel(i, o)).toBeCloseTo(0, 3);
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 20, seed: 1 });
});

test('with little λ, what is linear is found', async () => {
  const { x } = examples(60, 4, 1, 3);
  const y = x.map(([a = 0, b = 0]) => [2 * a - b + 0.5, 7]);
  const weights = tensorsOf(await fit(x, y, 1e-5));
  const asked = tf.tensor2d([[1, 2, 3, 4]]);
  const answer = tf.tidy(() => expectWords(weights, asked));
  const [first = NaN, second = NaN] = await answer.data();
  tf.dispose([asked, answer, ...Object.values(weights)]);
  expect(first).toBeCloseTo(0.5, 2);
  expect(second).toBeCloseTo(7, 4);
});

test('where nothing varies, the mean is expected', async () => {
  const solution = await fit(
    [
      [1, 2],
      [1, 2],
    ],
    [[3], [5]],
    0.2,
  );
  expect([...solution.kernel.values]).toEqual([0, 0]);
  expect([...solution.bias.values]).toEqual([4]);
  expect([...solution.mean.values]).toEqual([1, 2]);
});
