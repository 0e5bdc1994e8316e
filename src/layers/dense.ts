/** The dense layer y = x W + b. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * `x` [..., in] times `kernel` [in, out], plus `bias` [out] if there is one: [..., out]. All leading axes become rows
 * of one matrix product.
 *
 * @example
 * dense(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]), tf.tensor1d([5])).print(); // [[16]]
 */
export function dense(x: tf.Tensor, kernel: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const [inputs = 0, outputs = 0] = kernel.shape;
  const rows = x.rank === 2 ? x : tf.reshape(x, [-1, inputs]); // [rows, in]
  const product: tf.Tensor = tf.matMul(rows, kernel);
  const y: tf.Tensor = bias === undefined ? product : tf.add(product, bias);
  return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), outputs]); // [..., out]
}
