/**
 * What the next word is read from. The state alone passes everything through the cell's gates; a deep readout (Xu et al.
 * 2015, eq. 7, without its own matrix for the state) adds a direct way:
 *
 *     o_t = h_t + W_y y_{t-1} + W_z context_t
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../../layers/parameters.js';

export interface ReadoutInput {
  /** h of the topmost cell, [rows, hidden]. */
  readonly state: tf.Tensor;
  /** The words that were fed, embedded: [rows, embedding]. */
  readonly words: tf.Tensor;
  /** What was attended, [rows, image], with an entry that attends. */
  readonly context: tf.Tensor | undefined;
}

/** o [rows, hidden], which is the state where `parameters` have no readout. */
export function readOut(parameters: Parameters, { state, words, context }: ReadoutInput): tf.Tensor {
  const wordKernel = parameters['readout/word'];
  if (wordKernel === undefined) return state;
  const withWords = tf.add(state, tf.matMul(words, wordKernel));
  const contextKernel = parameters['readout/context'];
  if (contextKernel === undefined || context === undefined) return withWords;
  return tf.add(withWords, tf.matMul(context, contextKernel));
}
