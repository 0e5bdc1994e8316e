/** The backend's ways in short: recorded calls, reshapes, a training step, a compiled function, `cpu` kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { backendStatistics, compile } from '../../src/backend/index.js';
import { counterUniform, COUNTER_UNIFORM_KERNEL } from '../../src/shared/random.js';

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

test('records and reads', async () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const y = tf.matMul(x, tf.reshape(tf.add(x, 1), [2, 2]));
  expect(Array.from(y.dataSync())).toEqual([10, 13, 22, 29]);
  expect(Array.from(await tf.sum(y).data())).toEqual([74]);
});

test('reshapes of pending and read values', () => {
  const x = tf.add(tf.tensor1d([1, 2, 3, 4]), 1);
  const y = tf.transpose(tf.reshape(x, [2, 2]));
  expect(Array.from(y.dataSync())).toEqual([2, 4, 3, 5]);
  expect(Array.from(tf.transpose(tf.reshape(x, [2, 2])).dataSync())).toEqual([2, 4, 3, 5]);
});

test('counter uniform', () => {
  const u = tf
    .engine()
    .runKernel(COUNTER_UNIFORM_KERNEL, { seed: tf.scalar(77, 'int32') }, { shape: [3, 4] }) as tf.Tensor;
  expect(Array.from(u.dataSync())).toEqual(Array.from({ length: 12 }, (_, i) => counterUniform(77, i)));
});

test('a training step is one flush of one session', () => {
  const w = tf.variable(tf.randomNormal([8, 4], 0, 1, 'float32', 3));
  const x = tf.randomNormal([16, 8], 0, 1, 'float32', 4);
  const labels = tf.randomNormal([16, 4], 0, 1, 'float32', 5);
  const optimizer = tf.train.sgd(0.1);
  const losses: number[] = [];
  const before = backendStatistics();
  for (let step = 0; step < 5; step++) {
    const loss = tf.tidy(
      () =>
        optimizer.minimize(
          () => tf.mean(tf.squaredDifference(tf.matMul(x, w), labels)) as tf.Scalar,
          true,
        ) as tf.Scalar,
    );
    losses.push(loss.dataSync()[0] as number);
    loss.dispose();
  }
  const after = backendStatistics();
  expect(losses[4]).toBeLessThan(losses[0] as number);
  expect(after.flushes - before.flushes).toBe(5);
  expect(after.sessionsCreated - before.sessionsCreated).toBeLessThanOrEqual(2);
  expect(after.fallbacks).toEqual({});
});

test('compiles', () => {
  const w = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const f = compile((x: tf.Tensor) => tf.relu(tf.matMul(tf.reshape(x, [1, 2]), w)));
  expect(Array.from(f(tf.tensor1d([1, 1])).dataSync())).toEqual([4, 6]);
  expect(Array.from(f(tf.add(tf.tensor1d([1, 1]), 1)).dataSync())).toEqual([8, 12]);
  f.dispose();
});

test('falls back', () => {
  const x = tf.complex([1, 2], [3, 4]);
  expect(Array.from(tf.real(x).dataSync())).toEqual([1, 2]);
  const { values, indices } = tf.unique(tf.tensor1d([1, 1, 2]));
  expect(Array.from(values.dataSync())).toEqual([1, 2]);
  expect(Array.from(indices.dataSync())).toEqual([0, 0, 1]);
});
