/** From the features of a clip's frames to a vector a frame that knows what came before. */
import * as tf from '@tensorflow/tfjs-core';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { parameter, type Parameters } from '../../layers/parameters.js';
import { runRecurrentLayers } from '../../layers/recurrent-layers.js';
import type { ClipReaderConfig } from './config.js';
import { frameSizeOf, readerLayers } from './parameters.js';

/** Given during training: turns dropout on. */
export interface ClipReaderTraining {
  /** int32 scalar in [0, 2^24). */
  readonly dropoutSeed: tf.Tensor;
}

/** Separates the dropout masks of one step; what builds on a clip reader takes numbers below `layers` that are free. */
const CLIP_READER_STREAMS = { features: 0, layers: 2 } as const;

/** `x` with some of its values dropped, in training. */
export function dropIn(
  training: ClipReaderTraining | undefined,
  x: tf.Tensor,
  rate: number,
  stream: number,
): tf.Tensor {
  return training === undefined ? x : dropout(x, rate, dropoutStream(training.dropoutSeed, stream));
}

/** `features` [n, time, positions, channels] as vectors [time, n, size]: where things are, and how they change. */
function frameVectors(config: ClipReaderConfig, parameters: Parameters, features: tf.Tensor): tf.Tensor {
  const timeFirst = tf.transpose(features, [1, 0, 2, 3]); // [time, n, p, c]
  const joined = config.positionSize > 0 ? placesOf(config, parameters, timeFirst) : meansOf(config, timeFirst);
  if (config.projectionSize === 0) return joined;
  return tf.relu(dense(joined, parameter(parameters, 'frames/kernel'), parameter(parameters, 'frames/bias')));
}

/** Each place projected, beside each other; with motion also what changed at each: [time, n, p·positionSize (· 2)]. */
function placesOf(config: ClipReaderConfig, parameters: Parameters, timeFirst: tf.Tensor): tf.Tensor {
  const [time = 0, n = 0, positions = 0, channels = 0] = timeFirst.shape;
  const rows = tf.reshape(timeFirst, [time * n * positions, channels]); // [time·n·p, c]
  const projected = dense(rows, parameter(parameters, 'positions/kernel'), parameter(parameters, 'positions/bias'));
  const vectors = tf.reshape(tf.relu(projected), [time, n, frameSizeOf(config)]); // [time, n, p·positionSize]
  return config.motion ? tf.concat([vectors, changesOf(vectors)], 2) : vectors;
}

/**
 * The mean over places; with motion also how it changes, and how much changes at the places, whatever its direction, so
 * that opposite movements at two places do not cancel: [time, n, c (· 3)].
 */
function meansOf({ motion }: ClipReaderConfig, timeFirst: tf.Tensor): tf.Tensor {
  const means = tf.mean(timeFirst, 2); // [time, n, c]
  if (!motion) return means;
  return tf.concat([means, changesOf(means), tf.mean(tf.abs(changesOf(timeFirst)), 2)], 2);
}

/** The difference of each time step from the one before, zeros at first: the same shape. */
function changesOf(values: tf.Tensor): tf.Tensor {
  const [time = 0, ...rest] = values.shape;
  const zeros = rest.map(() => 0);
  const first = tf.zeros([1, ...rest]);
  if (time === 1) return first;
  const steps = (from: number): tf.Tensor => tf.slice(values, [from, ...zeros], [time - 1, ...rest]);
  return tf.concat([first, tf.sub(steps(1), steps(0))], 0);
}

/** `frameVectors` as the cells see them: some values dropped in training. */
export function droppedFrameVectors(
  config: ClipReaderConfig,
  parameters: Parameters,
  features: tf.Tensor,
  training?: ClipReaderTraining,
): tf.Tensor {
  const vectors = frameVectors(config, parameters, features);
  return dropIn(training, vectors, config.dropout.features, CLIP_READER_STREAMS.features);
}

/**
 * Reads clips given as `features` [n, time, positions, channels]: the cells' outputs [time, n, hidden], or twice that in
 * both directions.
 *
 * @example
 * const outputs = readClips(config, parameters, tf.zeros([1, 16, 1, 1280])); // [16, 1, hiddenSize]
 */
export function readClips(
  config: ClipReaderConfig,
  parameters: Parameters,
  features: tf.Tensor,
  training?: ClipReaderTraining,
): tf.Tensor {
  const vectors = droppedFrameVectors(config, parameters, features, training); // [time, n, size]
  return runRecurrentLayers(readerLayers(config), parameters, vectors, {
    between: (x, layer) => dropIn(training, x, config.dropout.layers, CLIP_READER_STREAMS.layers + layer),
  });
}
