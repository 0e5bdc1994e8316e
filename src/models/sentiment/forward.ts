/**
 * From tokens to the probabilities of classes: embedding, recurrent layers in one direction or both, pooling over time, and
 * a softmax (for two classes the sigmoid of the difference of their logits).
 *
 * With a window, a text is read in pieces beside each other, each from nothing, and the outputs of all are pooled together:
 * the graph is as long as a window however long the text is, and its matrix products have as many rows as there are pieces.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { embed } from '../../layers/embedding.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { poolOverTime } from '../../layers/pooling.js';
import { recurrentOutputSize, runRecurrentLayers } from '../../layers/recurrent-layers.js';
import { assert } from '../../shared/assert.js';
import type { SentimentConfig } from './config.js';
import { EMBEDDING_TABLE, OUTPUT_BIAS, OUTPUT_TABLE, sentimentLayers } from './parameters.js';

/** Texts as token ids, beside each other. */
export interface SentimentInput {
  /** int32 [time, n], padded at the ends; with a window, `time` is a multiple of it or less than it. */
  readonly tokens: tf.Tensor;
  /** Tokens of each text: int32 [n]. */
  readonly lengths: tf.Tensor;
  /** During training, an int32 scalar in [0, 2^24): the seed of what is dropped. Without it nothing is. */
  readonly dropoutSeed?: tf.Tensor;
}

/** Separates the dropout masks of one step. */
const STREAMS = { embedding: 0, output: 1, layers: 2 } as const;

/** What enters the output layer: [n, features]. */
export function sentimentHidden(config: SentimentConfig, parameters: Parameters, input: SentimentInput): tf.Tensor {
  const { tokens, lengths, dropoutSeed } = input;
  const [time = 0, n = 0] = tokens.shape;
  const span = config.window === 0 ? time : Math.min(time, config.window);
  assert(time % span === 0, () => `${time} steps: expected a multiple of the window of ${span}`);
  const drop = (x: tf.Tensor, rate: number, stream: number): tf.Tensor =>
    dropoutSeed === undefined ? x : dropout(x, rate, dropoutStream(dropoutSeed, stream));
  const present = intoWindows(presentSteps(lengths, time), span); // [span, windows·n]
  const embedded = embed(parameter(parameters, EMBEDDING_TABLE), intoWindows(tokens, span)); // [span, windows·n, size]
  const outputs = runRecurrentLayers(
    sentimentLayers(config),
    parameters,
    drop(embedded, config.dropout.embedding, STREAMS.embedding),
    { present, between: (x, layer) => drop(x, config.dropout.layers, STREAMS.layers + layer) },
  ); // [span, windows·n, features]
  // Pooling does not depend on the order of steps, but for `last`, which has a single window.
  const pooled = poolOverTime(
    scoped(parameters, 'pooling'),
    tf.reshape(outputs, [time, n, recurrentOutputSize(config)]), // step by step, of all windows
    { ...config, present: tf.reshape(present, [time, n]) },
  ); // [n, features]
  return drop(pooled, config.dropout.output, STREAMS.output);
}

/** 1 where a text has a token, 0 where it is padded: float32 [time, n]. */
function presentSteps(lengths: tf.Tensor, time: number): tf.Tensor {
  const steps = tf.reshape(tf.range(0, time, 1, 'int32'), [time, 1]);
  return tf.cast(tf.less(steps, tf.reshape(lengths, [1, -1])), 'float32');
}

/** `x` [time, n] in pieces of `span` steps beside each other: [span, windows·n], the texts of a window together. */
function intoWindows(x: tf.Tensor, span: number): tf.Tensor {
  const [time = 0, n = 0] = x.shape;
  if (time === span) return x;
  const windows = time / span;
  return tf.reshape(tf.transpose(tf.reshape(x, [windows, span, n]), [1, 0, 2]), [span, windows * n]);
}

export function outputLayerOf(parameters: Parameters): OutputLayer {
  return { table: parameter(parameters, OUTPUT_TABLE), bias: parameter(parameters, OUTPUT_BIAS) };
}

/**
 * The probabilities of the classes for texts: [n, classes].
 *
 * @example
 * const tokens = tf.tensor2d([[4], [9], [5]], [3, 1], 'int32'); // one text of three tokens
 * classifyTexts(config, parameters, { tokens, lengths: tf.tensor1d([3], 'int32') }); // [1, classes]
 */
export function classifyTexts(config: SentimentConfig, parameters: Parameters, input: SentimentInput): tf.Tensor {
  return tf.softmax(outputLogits(sentimentHidden(config, parameters, input), outputLayerOf(parameters)));
}
