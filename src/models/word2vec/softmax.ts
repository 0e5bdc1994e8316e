/**
 * Skip-gram and CBOW by the full softmax (Mikolov et al. 2013a, sections 3.1 and 3.2): a hidden vector h gives word w the
 * probability exp(u_w · h) / Σ_v exp(u_v · h).
 *
 * All words that one place predicts share its hidden vector, so their sum over the vocabulary is taken once.
 */
import * as tf from '@tensorflow/tfjs-core';
import { logSumExp } from '../../layers/cross-entropy.js';
import { embed } from '../../layers/embedding.js';
import { type Parameters, parameter } from '../../layers/parameters.js';
import { type Word2VecArchitecture, INPUT_TABLE, OUTPUT_TABLE } from './config.js';

/** Places of a text, each with the words around it. */
export interface SoftmaxBatch {
  /** The words at the places: int32 [places]. */
  readonly centers: tf.Tensor;
  /** The words around them: int32 [places, around]; what the mask leaves out is any word. */
  readonly contexts: tf.Tensor;
  /** 1 where `contexts` has a word, else 0: [places, around]. */
  readonly mask: tf.Tensor;
}

/** The mean of −log probability over the words that are predicted: a scalar. */
export function softmaxLoss(
  architecture: Word2VecArchitecture,
  parameters: Parameters,
  batch: SoftmaxBatch,
): tf.Scalar {
  const input = parameter(parameters, INPUT_TABLE);
  const output = parameter(parameters, OUTPUT_TABLE);
  const { centers, contexts, mask } = batch;
  const around = tf.sum(mask, 1); // [places]
  switch (architecture) {
    case 'skip-gram': {
      const hidden = embed(input, centers); // [places, size]
      const total = tf.mul(around, logSumExp(tf.matMul(hidden, output, false, true))); // [places]
      const rows = embed(output, contexts); // [places, around, size]
      const logits = tf.sum(tf.mul(tf.expandDims(hidden, 1), rows), 2); // [places, around]
      return tf.div(tf.sub(tf.sum(total), tf.sum(tf.mul(logits, mask))), tf.sum(mask));
    }
    case 'cbow': {
      const rows = tf.mul(embed(input, contexts), tf.expandDims(mask, 2)); // [places, around, size]
      const present = tf.minimum(around, 1); // [places]
      const hidden = tf.div(tf.sum(rows, 1), tf.expandDims(tf.maximum(around, 1), 1)); // [places, size]
      const total = logSumExp(tf.matMul(hidden, output, false, true)); // [places]
      const logits = tf.sum(tf.mul(hidden, embed(output, centers)), 1); // [places]
      return tf.div(tf.sum(tf.mul(present, tf.sub(total, logits))), tf.sum(present));
    }
  }
}
