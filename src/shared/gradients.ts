/**
 * Registers the gradients of all TensorFlow.js operators.
 *
 * The main file of `@tensorflow/tfjs-core` leaves them out, and the modules that have them are written without file
 * extensions, which Node cannot load: the build bundles them into the file that `#tfjs-gradients` names. Registry and
 * engine are globals of the process; the package's own main file comes first, so that its engine is the one in use.
 */
import * as tf from '@tensorflow/tfjs-core';
import '#tfjs-gradients';

/** The gradient of a reduction along axes: dy spread over the reduced axes, times `scale`. */
function spread(x: tf.Tensor, axis: number | number[], dy: tf.Tensor, scaleOf: (count: number) => number): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const kept = x.shape.map((size, index) => (axes.includes(index) ? 1 : size));
  const scale = scaleOf(axes.reduce((product, index) => product * (x.shape[index] as number), 1));
  const small = tf.reshape(dy, kept);
  return tf.broadcastTo(scale === 1 ? small : tf.mul(small, tf.scalar(scale)), x.shape);
}

/**
 * TensorFlow.js's own gradients of Sum and Mean multiply by a tensor of ones as large as their input, made on the host
 * and handed to the backend at every step.
 */
function replaceReduction(kernelName: string, scaleOf: (count: number) => number): void {
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attributes) => {
      const { axis } = attributes as unknown as { axis: number | number[] };
      return { x: () => spread(x as tf.Tensor, axis, dy as tf.Tensor, scaleOf) };
    },
  });
}

replaceReduction(tf.Sum, () => 1);
replaceReduction(tf.Mean, (count) => 1 / count);
