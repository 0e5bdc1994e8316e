/**
 * The loss of a captioner: label-smoothed cross entropy per word (Szegedy et al. 2016), and with attention the doubly
 * stochastic regularisation of Xu et al. 2015 (4.2.1), which asks that each position be looked at about equally over a
 * caption.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import { crossEntropy } from '../../layers/cross-entropy.js';
import type { Parameters } from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';
import { captionerHidden, outputLayerOf } from './forward.js';
import type { CaptionerTraining } from './image.js';
import { replaceWords, type ScheduledSampling } from './scheduled-sampling.js';

/** Images with captions. */
export interface CaptionerBatch {
  /** Image features, [n, gridLength, featureSize]. */
  readonly grid: tf.Tensor;
  /** int32 ids [n·k, time + 1]: START, words, END, then padding; the k captions of an image follow each other. */
  readonly tokens: tf.Tensor;
  /** A factor for the words of each caption, [n·k]; default 1. The count of words does not depend on it. */
  readonly weights?: tf.Tensor;
}

/** What belongs to the loss besides cross entropy. */
export interface CaptionerLossOptions {
  /** Leave it out to validate: nothing is dropped then. */
  readonly training?: CaptionerTraining;
  /** The share of the target spread over all words, in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
  /** The factor of the doubly stochastic term; the paper has 1. Default 0. */
  readonly attentionRegularization?: number;
  /** Replaces words that are fed by the model's own. Default: none. */
  readonly scheduledSampling?: ScheduledSampling;
  /** The id that is no word. Default 0. */
  readonly paddingId?: number;
}

/** What is minimised, and what tells of progress. */
export interface CaptionerLoss {
  /** What to minimise, a scalar: cross entropy plus regularisation. */
  readonly loss: tf.Scalar;
  /** The smoothed cross entropy per word, a scalar. */
  readonly crossEntropy: tf.Scalar;
  /** Words that were counted, END included: a scalar. */
  readonly tokens: tf.Scalar;
}

/** The loss of predicting each of `tokens` but the first from those before it. */
export function captionerLoss(
  config: CaptionerConfig,
  parameters: Parameters,
  { grid, tokens, weights }: CaptionerBatch,
  options: CaptionerLossOptions = {},
): CaptionerLoss {
  const { training, labelSmoothing = 0, attentionRegularization = 0, paddingId = 0, scheduledSampling } = options;
  const [rows = 0, length = 0] = tokens.shape;
  const time = length - 1;
  assert(time >= 1, () => `captions of ${length} tokens: expected START and at least one more`);
  const known = tf.slice(tokens, [0, 0], [rows, time]); // [rows, time]
  const inputs =
    scheduledSampling === undefined
      ? known
      : replaceWords(config, parameters, { grid, inputs: known, paddingId }, scheduledSampling);
  const labels = tf.reshape(tf.transpose(tf.slice(tokens, [0, 1], [rows, time])), [time * rows]); // [time·rows]
  const mask = tf.cast(tf.notEqual(labels, tf.scalar(paddingId, 'int32')), 'float32'); // [time·rows]
  const words: tf.Scalar = tf.sum(mask);
  const forward = captionerHidden(config, parameters, {
    grid,
    tokens: inputs,
    ...(training === undefined ? {} : { training }),
  });
  const each = crossEntropy(forward.hidden, outputLayerOf(parameters), labels, labelSmoothing); // [time·rows]
  const factors = weights === undefined ? mask : tf.mul(mask, tf.tile(weights, [time])); // [time·rows]
  const perWord: tf.Scalar = tf.div(tf.sum(tf.mul(each, factors)), words);
  if (attentionRegularization === 0 || forward.attention.length === 0) {
    return { loss: perWord, crossEntropy: perWord, tokens: words };
  }
  const term = tf.mul(doublyStochastic(forward.attention, mask), tf.scalar(attentionRegularization));
  return { loss: tf.add(perWord, term), crossEntropy: perWord, tokens: words };
}

/**
 * The mean over captions and positions of (1 - Σ_t α_t)², over the words that are no padding.
 * @param attention [rows, p] of each time step
 * @param mask [time·rows]
 */
function doublyStochastic(attention: readonly tf.Tensor[], mask: tf.Tensor): tf.Tensor {
  const [rows = 0, positions = 0] = attention[0]?.shape ?? [];
  const time = attention.length;
  const all = tf.reshape(tf.concat([...attention], 0), [time, rows, positions]); // [time, rows, p]
  const counted = tf.mul(all, tf.reshape(mask, [time, rows, 1])); // [time, rows, p]
  return tf.mean(tf.square(tf.sub(tf.scalar(1), tf.sum(counted, 0))));
}
