/** The loss of a classifier of texts: label-smoothed cross entropy (Szegedy et al. 2016). */
import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../../layers/cross-entropy.js';
import type { Parameters } from '../../layers/parameters.js';
import type { SentimentConfig } from './config.js';
import { outputLayerOf, sentimentHidden, type SentimentInput } from './forward.js';

/** Texts with labels. */
export interface SentimentBatch extends SentimentInput {
  /** int32 [n]. */
  readonly labels: tf.Tensor;
}

/**
 * The mean over the texts, a scalar.
 * @param labelSmoothing in [0, 1): the share of the target that is spread over all classes
 */
export function sentimentLoss(
  config: SentimentConfig,
  parameters: Parameters,
  batch: SentimentBatch,
  { labelSmoothing = 0 }: { readonly labelSmoothing?: number } = {},
): tf.Scalar {
  const hidden = sentimentHidden(config, parameters, batch); // [n, features]
  return tf.mean(crossEntropy(hidden, outputLayerOf(parameters), batch.labels, labelSmoothing));
}
