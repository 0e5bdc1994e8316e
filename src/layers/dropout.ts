/**
 * Dropout (Srivastava et al. 2014), scaled during training ("inverted"): nothing is left to do at inference.
 *
 * The mask comes from a hash of (seed, index), inside the graph where the backend has that kernel, so that it is the
 * same on every backend and a compiled step needs only another seed to draw another mask.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../shared/assert.js';
import { COUNTER_UNIFORM_KERNEL, counterUniform } from '../shared/random.js';
import { sizeOf } from './parameters.js';

/** Seeds of the training loop are 24-bit integers: the streams of one step lie this far apart. */
const STREAM_DISTANCE = 2 ** 24;

/** A seed for the `stream`-th mask of a step whose seed is `seed` (int32 scalar, in [0, 2^24)). */
export function dropoutStream(seed: tf.Tensor, stream: number): tf.Tensor {
  return tf.add(seed, tf.scalar((stream * STREAM_DISTANCE) | 0, 'int32'));
}

/**
 * `x` [...] with each value set to 0 with probability `rate`, the others multiplied by 1 / (1 - rate).
 * @param rate in [0, 1); 0 gives `x` itself
 * @param seed int32 scalar: equal seeds give equal masks
 * @param begin where `x` begins in a larger tensor that would be dropped at once: its values get the same masks in parts
 *
 * @example
 * dropout(tf.ones([2, 4]), 0.5, tf.scalar(7, 'int32')).print(); // zeros and twos
 */
export function dropout(x: tf.Tensor, rate: number, seed: tf.Tensor, begin = 0): tf.Tensor {
  assert(rate >= 0 && rate < 1, () => `dropout rate: expected [0, 1), got ${rate}`);
  if (rate === 0) return x;
  const kept = tf.greaterEqual(uniformNumbers(x.shape, seed, begin), tf.scalar(rate));
  const mask = tf.mul(tf.cast(kept, 'float32'), tf.scalar(1 / (1 - rate)));
  return tf.mul(x, mask);
}

/** `counterUniform(seed, index)` for each index from `begin` on: [...shape]. */
export function uniformNumbers(shape: readonly number[], seed: tf.Tensor, begin = 0): tf.Tensor {
  if (tf.getKernel(COUNTER_UNIFORM_KERNEL, tf.getBackend()) !== undefined) {
    return tf.engine().runKernel<tf.Tensor>(COUNTER_UNIFORM_KERNEL, { seed }, { shape: [...shape], begin });
  }
  const [value = 0] = seed.dataSync();
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, index) => counterUniform(value, begin + index));
  return tf.tensor(values, [...shape], 'float32');
}
