/**
 * The loss of a language model: the cross entropy of each token with what was predicted before it. What is fed is the true
 * text (teacher forcing, Williams and Zipser 1989), or what the model itself says, drawn from its own distribution.
 */
import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy, outputLogits } from '../../layers/cross-entropy.js';
import { uniformNumbers } from '../../layers/dropout.js';
import type { Parameters } from '../../layers/parameters.js';
import { splitEvenly } from '../../layers/split.js';
import { unreachable } from '../../shared/assert.js';
import type { LanguageModelConfig } from './config.js';
import {
  languageModelHidden,
  type LanguageModelHidden,
  type LanguageModelInput,
  type LanguageModelState,
  outputLayerOf,
} from './forward.js';

/** `teacher`: the true token; `sampled`: one that the model draws. */
export const FEEDBACKS = ['teacher', 'sampled'] as const;
/** What is fed after a token was predicted: the true one, or one that the model draws. */
export type Feedback = (typeof FEEDBACKS)[number];

/** What is read, and what is to be predicted. */
export interface LanguageModelLossOptions extends LanguageModelInput {
  /** What follows each of `tokens`: int32 [time, batch]. */
  readonly targets: tf.Tensor;
  /** The target that is not counted. Default 0. */
  readonly paddingId?: number;
  /** Default `teacher`. With `sampled`, the first token is the true one. */
  readonly feedback?: Feedback;
  /** An int32 scalar: with `sampled`, equal seeds draw equal tokens. */
  readonly sampleSeed?: tf.Tensor;
}

/** What is minimised, and where the model stands after it. */
export interface LanguageModelLoss {
  /** The mean over the targets that count, in nats: a scalar. */
  readonly loss: tf.Scalar;
  /** Of each target, in nats, those that do not count as well: [time·batch]. */
  readonly each: tf.Tensor;
  /** After the last token. */
  readonly state: LanguageModelState;
}

/**
 * The loss of predicting `targets`.
 *
 * @example
 * const { loss } = languageModelLoss(config, parameters, { tokens, targets }); // both [time, batch]
 */
export function languageModelLoss(
  config: LanguageModelConfig,
  parameters: Parameters,
  options: LanguageModelLossOptions,
): LanguageModelLoss {
  const { targets, paddingId = 0 } = options;
  const labels = tf.reshape(targets, [-1]); // [time·batch]
  const { hidden, state } = read(config, parameters, options);
  const each = crossEntropy(hidden, outputLayerOf(parameters), labels);
  const mask = tf.cast(tf.notEqual(labels, tf.scalar(paddingId, 'int32')), 'float32');
  const loss: tf.Scalar = tf.div(tf.sum(tf.mul(each, mask)), tf.maximum(tf.sum(mask), tf.scalar(1)));
  return { loss, each, state };
}

function read(
  config: LanguageModelConfig,
  parameters: Parameters,
  options: LanguageModelLossOptions,
): Pick<LanguageModelHidden, 'hidden' | 'state'> {
  const { feedback = 'teacher' } = options;
  switch (feedback) {
    case 'teacher':
      return languageModelHidden(config, parameters, options);
    case 'sampled':
      return readSamples(config, parameters, options);
    default:
      return unreachable(feedback, 'feedback');
  }
}

/** Step by step: each token but the first is drawn from what was predicted in its place. */
function readSamples(
  config: LanguageModelConfig,
  parameters: Parameters,
  { tokens, state: start, dropoutSeed, sampleSeed = tf.scalar(0, 'int32') }: LanguageModelLossOptions,
): Pick<LanguageModelHidden, 'hidden' | 'state'> {
  const [time = 0, batch = 0] = tokens.shape;
  const uniform = splitEvenly(uniformNumbers([time, batch, config.vocabularySize], sampleSeed), time, 0);
  const output = outputLayerOf(parameters);
  const all: tf.Tensor[] = [];
  let fed: tf.Tensor = tf.slice(tokens, [0, 0], [1, batch]);
  let state = start;
  for (let step = 0; step < time; step++) {
    const result = languageModelHidden(config, parameters, {
      tokens: fed,
      ...(state === undefined ? {} : { state }),
      ...(dropoutSeed === undefined ? {} : { dropoutSeed: tf.add(dropoutSeed, tf.scalar(step, 'int32')) }),
    });
    all.push(result.hidden);
    state = result.state;
    const draws = tf.reshape(uniform[step] as tf.Tensor, [batch, config.vocabularySize]);
    fed = tf.reshape(drawTokens(outputLogits(result.hidden, output), draws), [1, batch]);
  }
  return { hidden: tf.concat(all, 0), state: state ?? [] };
}

/** Uniform numbers are multiples of 2⁻²⁴ below 1: zero may not reach the logarithm. */
const SMALLEST_DRAW = 2 ** -25;

/**
 * A token a row from softmax(`logits`) [rows, vocabulary], by the largest of logits plus Gumbel noise (Gumbel 1954): int32
 * [rows]. `uniform` [rows, vocabulary] decides. What is drawn has no gradient: the logits are not an input of what is
 * recorded for it.
 */
function drawTokens(logits: tf.Tensor, uniform: tf.Tensor): tf.Tensor {
  const draw = tf.customGrad((numbers) => {
    const positive = tf.maximum(numbers as tf.Tensor, tf.scalar(SMALLEST_DRAW));
    const noise = tf.neg(tf.log(tf.neg(tf.log(positive))));
    return { value: tf.argMax(tf.add(logits, noise), 1), gradFunc: () => tf.zeros(uniform.shape) };
  });
  return draw(uniform);
}
