/** Splitting, with a gradient for any number of parts. */
import * as tf from '@tensorflow/tfjs-core';

/** `x` in `count` equal parts along `axis`. The gradient of TensorFlow.js's own `split` fails for a single part. */
export function splitEvenly(x: tf.Tensor, count: number, axis: number): tf.Tensor[] {
  return count === 1 ? [x] : tf.split(x, count, axis);
}
