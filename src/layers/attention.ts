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

/** The sizes of an attention. */
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

/** What was looked at, and where. */
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
 * w · tanh(query + key) for all pairs within an image: `queries` [n, k, attention], `keys` [n, p, attention] and `score`
 * [attention, 1] to [n, k, p]. The [n, k, p, attention] in between is by far the largest tensor of an attending decoder;
 * the gradient passes over it twice, where the chain of the single operators' gradients would do so seven times: with
 * t = tanh(query + key) and d the gradient of the scores,
 *
 *     ∂query = w ⊙ (Σ_p d - Σ_p d t²)        ∂key = w ⊙ (Σ_k d - Σ_k d t²)        ∂w = Σ d t
 */
function additiveScores(queries: tf.Tensor, keys: tf.Tensor, score: tf.Tensor): tf.Tensor {
  const [n = 0, k = 0, attentionSize = 0] = queries.shape;
  const [, p = 0] = keys.shape;
  const compute = tf.customGrad((...args) => {
    const [q, v, w, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const sums = tf.add(tf.reshape(q, [n, k, 1, attentionSize]), tf.reshape(v, [n, 1, p, attentionSize]));
    const hidden = tf.tanh(sums); // [n, k, p, attention]
    save([hidden, w]);
    const value = tf.reshape(tf.matMul(tf.reshape(hidden, [n * k * p, attentionSize]), w), [n, k, p]); // [n, k, p]
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => scoreGradients(dy, saved) };
  });
  return compute(queries, keys, score);
}

/** The gradients of `additiveScores` from `dy` [n, k, p] and the saved [n, k, p, attention] and w. */
function scoreGradients(dy: tf.Tensor, saved: readonly tf.Tensor[]): tf.Tensor[] {
  const [hidden, w] = saved as readonly [tf.Tensor, tf.Tensor];
  const [n = 0, k = 0, p = 0, attentionSize = 0] = hidden.shape;
  const flat = tf.reshape(hidden, [n * k * p, attentionSize]); // [n·k·p, attention]
  const row = tf.reshape(w, [attentionSize]); // [attention]
  const squares = tf.square(hidden); // [n, k, p, attention]
  const ofQueries = tf.matMul(
    tf.reshape(dy, [n * k, 1, p]), // [n·k, 1, p]
    tf.reshape(squares, [n * k, p, attentionSize]), // [n·k, p, attention]
  ); // [n·k, 1, attention]: Σ_p d t²
  const products = tf.mul(squares, tf.reshape(dy, [n, k, p, 1])); // [n, k, p, attention]
  const ofKeys = k === 1 ? tf.reshape(products, [n, p, attentionSize]) : tf.sum(products, 1); // [n, p, attention]
  const queryGradient = tf.sub(tf.sum(dy, 2, true), tf.reshape(ofQueries, [n, k, attentionSize])); // [n, k, attention]
  const keyGradient = tf.sub(tf.reshape(tf.sum(dy, 1), [n, p, 1]), ofKeys); // [n, p, attention]
  return [
    tf.mul(queryGradient, row),
    tf.mul(keyGradient, row),
    tf.matMul(flat, tf.reshape(dy, [n * k * p, 1]), true, false), // [attention, 1]
  ];
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
  const scores = additiveScores(
    tf.reshape(query, [images, perImage, attentionSize]), // [images, k, attention]
    keys,
    parameter(parameters, 'score'),
  );
  const weights = tf.softmax(scores); // [images, k, positions]
  const context = tf.matMul(weights, values); // [images, k, values]
  return {
    context: tf.reshape(context, [rows, valueSize]), // [rows, values]
    weights: tf.reshape(weights, [rows, positions]), // [rows, positions]
  };
}
