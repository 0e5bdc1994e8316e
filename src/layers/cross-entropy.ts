/**
 * Cross entropy over a large vocabulary, with label smoothing (Szegedy et al. 2016), arranged so that few passes go over
 * the [rows, vocabulary] logits: the logit of the label, and the mean logit that smoothing needs, are linear in the
 * hidden vector, so they come from the table's rows and mean; no one-hot vectors are made, forward or backward.
 *
 *     loss = logSumExp(z) - (1 - ε) z_label - ε mean(z)        z = H Tᵀ + b
 */
import * as tf from '@tensorflow/tfjs-core';
import { embed } from './embedding.js';

/** log Σ exp over the last axis of `logits` [rows, classes]: [rows]. Its gradient is the softmax, which is kept. */
export function logSumExp(logits: tf.Tensor): tf.Tensor {
  const compute = tf.customGrad((x, save) => {
    const logits = x as tf.Tensor;
    const softmax = tf.softmax(logits);
    (save as tf.GradSaveFunc)([softmax]);
    // The log of the largest probability, which is at least 1 / classes, loses nothing.
    const value = tf.sub(tf.max(logits, 1), tf.log(tf.max(softmax, 1)));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [kept] = saved as [tf.Tensor];
      return tf.mul(kept, tf.reshape(dy, [-1, 1])); // [rows, classes]
    };
    return { value, gradFunc };
  });
  return compute(logits);
}

/** The weights of an output layer. */
export interface OutputLayer {
  /** T: one row a class, [classes, features]. */
  readonly table: tf.Tensor;
  /** b: [classes]. */
  readonly bias: tf.Tensor;
}

/** z = H Tᵀ + b for `hidden` [rows, features]: [rows, classes]. */
export function outputLogits(hidden: tf.Tensor, { table, bias }: OutputLayer): tf.Tensor {
  return tf.add(tf.matMul(hidden, table, false, true), bias);
}

/**
 * The cross entropy of each row of `hidden` [rows, features] with `labels` (int32, [rows]): [rows].
 * @param labelSmoothing ε in [0, 1): the share of the target that is spread over all classes
 */
export function crossEntropy(hidden: tf.Tensor, output: OutputLayer, labels: tf.Tensor, labelSmoothing = 0): tf.Tensor {
  const { table, bias } = output;
  const total = logSumExp(outputLogits(hidden, output)); // [rows]
  const labelLogit = tf.add(tf.sum(tf.mul(hidden, embed(table, labels)), 1), tf.gather(bias, labels)); // [rows]
  if (labelSmoothing === 0) return tf.sub(total, labelLogit);
  const meanRow = tf.reshape(tf.mean(table, 0), [-1, 1]); // [features, 1]
  const meanLogit = tf.add(tf.reshape(tf.matMul(hidden, meanRow), [-1]), tf.mean(bias)); // [rows]
  const target = tf.add(
    tf.mul(labelLogit, tf.scalar(1 - labelSmoothing)),
    tf.mul(meanLogit, tf.scalar(labelSmoothing)),
  );
  return tf.sub(total, target);
}
