/** Embedding, dense layer, dropout, relu6 and attention: by their formulas, forward and gradient. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { attend, attentionKeys, attentionParameterShapes } from '../../src/layers/attention.js';
import { dense } from '../../src/layers/dense.js';
import { dropout, dropoutStream } from '../../src/layers/dropout.js';
import { embed, initializeEmbedding } from '../../src/layers/embedding.js';
import { relu6 } from '../../src/layers/relu6.js';
import { UserError } from '../../src/shared/errors.js';
import { counterUniform } from '../../src/shared/random.js';
import { expectClose, expectGradients, normal } from './helpers/numeric.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('embedding', () => {
  const ids = (): tf.Tensor => tf.tensor2d([3, 1, 3, 3, 0, 1], [2, 3], 'int32');

  test('equals one-hot times matrix, forward and gradient, with repeated ids', () => {
    const table = normal([5, 4], 1);
    const factors = normal([2, 3, 4], 2);
    const lookup = (t: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.square(embed(t, ids())), factors));
    const product = (t: tf.Tensor): tf.Scalar => {
      const rows = tf.matMul(tf.reshape(tf.oneHot(tf.cast(ids(), 'int32'), 5, 1, 0, 'float32'), [6, 5]), t);
      return tf.sum(tf.mul(tf.square(tf.reshape(rows, [2, 3, 4])), factors));
    };
    expect(embed(table, ids()).shape).toEqual([2, 3, 4]);
    expectClose(lookup(table), product(table));
    expectClose(tf.grad(lookup)(table), tf.grad(product)(table));
  });

  test('takes over the word vectors that there are', () => {
    const table = { shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const vectors = new Map([['dog', Float32Array.of(7, 8)]]);
    const { table: filled, found } = initializeEmbedding(table, ['a', 'dog', 'runs'], vectors, 'vectors.txt');
    expect(found).toBe(1);
    expect([...filled.values]).toEqual([1, 2, 7, 8, 5, 6]);
    expect([...table.values]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('refuses word vectors of another length', () => {
    const table = { shape: [1, 2], values: new Float32Array(2) };
    const vectors = new Map([['a', new Float32Array(3)]]);
    expect(() => initializeEmbedding(table, ['a'], vectors, 'vectors.txt')).toThrow(UserError);
    expect(() => initializeEmbedding(table, ['a'], vectors, 'vectors.txt')).toThrow(/vectors\.txt: expected .* of 2/);
  });
});

describe('dense', () => {
  test('multiplies the last axis', () => {
    const x = tf.tensor3d([1, 2, 3, 4], [2, 1, 2]);
    const y = dense(
      x,
      tf.tensor2d([
        [1, 0, 1],
        [0, 1, 1],
      ]),
      tf.tensor1d([0, 10, 0]),
    );
    expect(y.shape).toEqual([2, 1, 3]);
    expectClose(y, [1, 12, 3, 3, 14, 7]);
  });
});

describe('dropout', () => {
  test('scales what it keeps, repeats with the seed, and differs between streams', () => {
    const seed = tf.scalar(5, 'int32');
    const x = tf.ones([50, 40]);
    const values = dropout(x, 0.25, seed).dataSync();
    const expected = Array.from({ length: 2000 }, (_, index) => (counterUniform(5, index) >= 0.25 ? 4 / 3 : 0));
    expectClose(tf.tensor(values), expected, 1e-6);
    expect(Math.abs((tf.mean(tf.tensor(values)).dataSync()[0] as number) - 1)).toBeLessThan(0.05);
    expect(dropout(x, 0.25, dropoutStream(seed, 3)).dataSync()).not.toEqual(values);
  });

  test('passes gradients through its mask', () => {
    const seed = tf.scalar(9, 'int32');
    const x = normal([3, 4], 1);
    const gradient = tf.grad((t: tf.Tensor) => tf.sum(dropout(t, 0.5, seed)))(x);
    expectClose(gradient, dropout(tf.ones([3, 4]), 0.5, seed));
  });

  test('at rate 0 does nothing; at rate 1 it is a mistake', () => {
    const x = tf.ones([2]);
    expect(dropout(x, 0, tf.scalar(1, 'int32'))).toBe(x);
    expect(() => dropout(x, 1, tf.scalar(1, 'int32'))).toThrow(/expected \[0, 1\)/);
  });
});

describe('relu6', () => {
  test('clips, and lets gradients pass only between its bounds', () => {
    const x = tf.tensor1d([-1, 0, 0.5, 5.5, 6, 7]);
    const dy = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    expectClose(relu6(x), [0, 0, 0.5, 5.5, 6, 6]);
    expectClose(tf.grad((value: tf.Tensor) => relu6(value))(x, dy), [0, 0, 3, 4, 0, 0]);
  });
});

describe('additive attention', () => {
  const config = { querySize: 3, valueSize: 4, attentionSize: 5 };
  const parameters = (): Record<string, tf.Tensor> =>
    Object.fromEntries(
      Object.entries(attentionParameterShapes(config)).map(([name, shape], index) => [
        name,
        normal([...shape], index + 1),
      ]),
    );

  test('equals the formula, with two queries an image', () => {
    const p = parameters();
    const values = normal([2, 6, 4], 7);
    const queries = normal([4, 3], 8);
    const { context, weights } = attend(p, { keys: attentionKeys(p, values), values }, queries);
    const grids = values.arraySync() as number[][][];
    const arrays = Object.fromEntries(Object.entries(p).map(([name, tensor]) => [name, tensor.arraySync()])) as {
      queryKernel: number[][];
      keyKernel: number[][];
      bias: number[];
      score: number[][];
    };
    const product = (vector: number[], kernel: number[][], column: number): number =>
      vector.reduce((sum, value, row) => sum + value * (kernel[row]?.[column] ?? NaN), 0);
    (queries.arraySync() as number[][]).forEach((query, row) => {
      const grid = grids[Math.floor(row / 2)] as number[][];
      const exponentials = grid.map((value) => {
        const hidden = arrays.bias.map((b, a) =>
          Math.tanh(product(query, arrays.queryKernel, a) + product(value, arrays.keyKernel, a) + b),
        );
        return Math.exp(product(hidden, arrays.score, 0));
      });
      const total = exponentials.reduce((a, b) => a + b);
      const alpha = exponentials.map((value) => value / total);
      expectClose(tf.slice(weights, [row, 0], [1, 6]), alpha);
      const attended = [0, 1, 2, 3].map((c) => alpha.reduce((sum, a, i) => sum + a * (grid[i]?.[c] ?? NaN), 0));
      expectClose(tf.slice(context, [row, 0], [1, 4]), attended);
    });
  });

  test('gradients equal finite differences', () => {
    const loss = ({ values, queries, ...p }: Record<string, tf.Tensor>): tf.Tensor => {
      const grid = values as tf.Tensor;
      const { context, weights } = attend(p, { keys: attentionKeys(p, grid), values: grid }, queries as tf.Tensor);
      return tf.add(tf.sum(tf.square(context)), tf.sum(tf.square(weights)));
    };
    expectGradients(loss, { ...parameters(), values: normal([2, 3, 4], 9), queries: normal([4, 3], 10) });
  });
});
