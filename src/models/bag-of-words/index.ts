/**
 * Logistic regression on bags of words (multinomial, for any number of classes): which words a text has, not where or how
 * often, each text's features of length 1. The baseline that shows what the order of words is worth.
 *
 *     z_c = b_c + Σ_{w in text} W_wc / √(words of the text)
 */
import * as tf from '@tensorflow/tfjs-core';
import { logSumExp } from '../../layers/cross-entropy.js';
import { embed } from '../../layers/embedding.js';
import { constantTensor, type HostTensor, parameter, type Parameters } from '../../layers/parameters.js';

export interface BagOfWordsConfig {
  readonly vocabularySize: number;
  readonly classes: number;
}

/** Weights to start from: zeros, since the loss is convex. */
export function createBagOfWordsParameters({ vocabularySize, classes }: BagOfWordsConfig): Record<string, HostTensor> {
  return { table: constantTensor([vocabularySize, classes], 0), bias: constantTensor([classes], 0) };
}

export interface Bags {
  /** The different words of each text, padded: int32 [n, words]. */
  readonly ids: tf.Tensor;
  /** How many there are, at least 1: float32 [n]. */
  readonly counts: tf.Tensor;
}

/** The logits of the classes: [n, classes]. */
export function bagOfWordsLogits(parameters: Parameters, { ids, counts }: Bags): tf.Tensor {
  const [n = 0, words = 0] = ids.shape;
  const places = tf.reshape(tf.range(0, words, 1, 'float32'), [1, words]);
  const rows = tf.reshape(counts, [n, 1]);
  const factors = tf.mul(tf.cast(tf.less(places, rows), 'float32'), tf.rsqrt(rows)); // [n, words], 0 for padding
  const values = embed(parameter(parameters, 'table'), ids); // [n, words, classes]
  const sums = tf.sum(tf.mul(values, tf.reshape(factors, [n, words, 1])), 1); // [n, classes]
  return tf.add(sums, parameter(parameters, 'bias'));
}

/** The mean cross entropy with `labels` (int32 [n]), a scalar. */
export function bagOfWordsLoss(parameters: Parameters, bags: Bags, labels: tf.Tensor): tf.Scalar {
  const logits = bagOfWordsLogits(parameters, bags);
  const [, classes = 0] = logits.shape;
  const right = tf.sum(tf.mul(logits, tf.oneHot(tf.cast(labels, 'int32'), classes)), 1); // [n]
  return tf.mean(tf.sub(logSumExp(logits), right));
}
