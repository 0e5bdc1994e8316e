/**
 * Additive soft attention (Bahdanau et al. 2015; on the grid of an image: Xu et al. 2015, "soft" attention).
 *
 *     e_i = w · tanh(W_q q + W_k v_i + b)      α = softmax(e)      context = Σ_i α_i v_i
 *
 * What does not depend on the query is computed once an image. Queries may be more than images: k captions, or k beams,
 * share one image, whose grid is broadcast to them and never copied.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dense } from './dense.js';
import { parameter, type Parameters, type ParameterShapes } from './parameters.js';

export interface AttentionConfig {
  readonly querySize: number;
  /** Length of each of the vectors that are attended. */
  readonly valueSize: number;
  /** Length of the hidden layer that compares query and value. */
  readonly attentionSize: number;
}

/** What is attended: one set of vectors an image. */
export interface Attended {
  /** W_k v_i + b: [images, positions, attention]. */
  readonly keys: tf.Tensor;
  /** [images, positions, values]. */
  readonly values: tf.Tensor;
}

export interface AttentionResult {
  /** [rows, values]. */
  readonly context: tf.Tensor;
  /** α, which sums to 1 over the positions: [rows, positions]. */
  readonly weights: tf.Tensor;
}

/** Shapes of the parameters that `attentionKeys` and `attend` use. */
export function attentionParameterShapes(config: AttentionConfig): ParameterShapes {
  const { querySize, valueSize, attentionSize } = config;
  return {
    queryKernel: [querySize, attentionSize],
    keyKernel: [valueSize, attentionSize],
    bias: [attentionSize],
    score: [attentionSize, 1],
  };
}

/** The part of the score that depends on `values` [images, positions, values] only: [images, positions, attention]. */
export function attentionKeys(parameters: Parameters, values: tf.Tensor): tf.Tensor {
  return dense(values, parameter(parameters, 'keyKernel'), parameter(parameters, 'bias'));
}

/**
 * Attends with `queries` [rows, query], where rows = k · images and the k rows of an image follow each other.
 *
 * @example
 * const shapes = attentionParameterShapes({ querySize: 2, valueSize: 3, attentionSize: 4 });
 * const parameters = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.ones([...shape])]));
 * const values = tf.ones([1, 5, 3]);
 * attend(parameters, { keys: attentionKeys(parameters, values), values }, tf.ones([2, 2])).weights.print(); // all 0.2
 */
export function attend(parameters: Parameters, { keys, values }: Attended, queries: tf.Tensor): AttentionResult {
  const [images = 0, positions = 0, attentionSize = 0] = keys.shape;
  const valueSize = values.shape[2] ?? 0;
  const [rows = 0] = queries.shape;
  const perImage = rows / images;
  const query = tf.matMul(queries, parameter(parameters, 'queryKernel')); // [rows, attention]
  const hidden = tf.tanh(
    tf.add(
      tf.reshape(query, [images, perImage, 1, attentionSize]), // [images, k, 1, attention]
      tf.reshape(keys, [images, 1, positions, attentionSize]), // [images, 1, positions, attention]
    ),
  ); // [images, k, positions, attention]
  const scores = tf.matMul(
    tf.reshape(hidden, [rows * positions, attentionSize]), // [rows·positions, attention]
    parameter(parameters, 'score'),
  ); // [rows·positions, 1]
  const weights = tf.softmax(tf.reshape(scores, [images, perImage, positions])); // [images, k, positions]
  const context = tf.matMul(weights, values); // [images, k, values]
  return {
    context: tf.reshape(context, [rows, valueSize]), // [rows, values]
    weights: tf.reshape(weights, [rows, positions]), // [rows, positions]
  };
}
