/** The bundle of gradients is registered with the copy of TensorFlow.js that programs import. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

test('gradients are registered for the engine that programs use', async () => {
  await tf.setBackend('cpu');
  const gradient = tf.grad((x) => tf.sum(tf.mul(x, tf.square(x))));
  expect(Array.from(await gradient(tf.tensor1d([1, 2, 3])).data())).toEqual([3, 12, 27]);
});
