/** From the features of a clip's frames to logits of the clip and of each frame. */
import * as tf from '@tensorflow/tfjs-core';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { poolOverTime } from '../../layers/pooling.js';
import { runRecurrentLayers } from '../../layers/recurrent-layers.js';
import type { VideoClassifierConfig } from './config.js';
import { classifierLayers, frameSizeOf, frameVectorSize } from './parameters.js';

/** Given during training: turns dropout on. */
export interface ClassifierTraining {
  /** int32 scalar in [0, 2^24). */
  readonly dropoutSeed: tf.Tensor;
}

/** Separates the dropout masks of one step. */
const STREAMS = { features: 0, output: 1, layers: 2 } as const;

export interface ClassifierHidden {
  /** What the output layer says the clip by; undefined without order, where the frames' predictions are averaged. */
  readonly clip: tf.Tensor | undefined; // [n, features]
  /** What the output layer says each frame by, time first. */
  readonly frames: tf.Tensor; // [time·n, features]
}

/** `features` [n, time, positions, channels] as vectors [time, n, size]: where things are, and how they change. */
export function frameVectors(config: VideoClassifierConfig, parameters: Parameters, features: tf.Tensor): tf.Tensor {
  const [n = 0, time = 0, positions = 0, channels = 0] = features.shape;
  const timeFirst = tf.transpose(features, [1, 0, 2, 3]); // [time, n, p, c]
  let vectors: tf.Tensor;
  if (config.positionSize > 0) {
    const rows = tf.reshape(timeFirst, [time * n * positions, channels]); // [time·n·p, c]
    const projected = dense(rows, parameter(parameters, 'positions/kernel'), parameter(parameters, 'positions/bias'));
    vectors = tf.reshape(tf.relu(projected), [time, n, frameSizeOf(config)]); // [time, n, p·positionSize]
  } else {
    vectors = positions === 1 ? tf.reshape(timeFirst, [time, n, channels]) : tf.mean(timeFirst, 2); // [time, n, c]
  }
  const joined = config.motion ? withMotion(vectors) : vectors; // [time, n, size]
  if (config.projectionSize === 0) return joined;
  return tf.relu(dense(joined, parameter(parameters, 'frames/kernel'), parameter(parameters, 'frames/bias')));
}

/** `vectors` [time, n, size] with the difference from the time step before, zeros at first: [time, n, 2·size]. */
function withMotion(vectors: tf.Tensor): tf.Tensor {
  const [time = 0, n = 0, size = 0] = vectors.shape;
  const first = tf.zeros([1, n, size]);
  if (time === 1) return tf.concat([vectors, first], 2);
  const differences = tf.sub(
    tf.slice(vectors, [1, 0, 0], [time - 1, n, size]),
    tf.slice(vectors, [0, 0, 0], [time - 1, n, size]),
  ); // [time - 1, n, size]
  return tf.concat([vectors, tf.concat([first, differences], 0)], 2);
}

/** What enters the output layer, for `features` [n, time, positions, channels]. */
export function classifierHidden(
  config: VideoClassifierConfig,
  parameters: Parameters,
  features: tf.Tensor,
  training?: ClassifierTraining,
): ClassifierHidden {
  const [n = 0, time = 0] = features.shape;
  const drop = (x: tf.Tensor, rate: number, stream: number): tf.Tensor =>
    training === undefined ? x : dropout(x, rate, dropoutStream(training.dropoutSeed, stream));
  const vectors = drop(frameVectors(config, parameters, features), config.dropout.features, STREAMS.features);
  if (config.order === 'none') {
    return { clip: undefined, frames: tf.reshape(vectors, [time * n, frameVectorSize(config)]) };
  }
  const outputs = runRecurrentLayers(classifierLayers(config), parameters, vectors, {
    between: (x, layer) => drop(x, config.dropout.layers, STREAMS.layers + layer),
  }); // [time, n, outputs]
  const dropped = drop(outputs, config.dropout.output, STREAMS.output);
  const size = dropped.shape[2] ?? 0;
  const clip = poolOverTime(scoped(parameters, 'pooling'), dropped, config); // [n, outputs]
  return { clip, frames: tf.reshape(dropped, [time * n, size]) };
}

export function outputLayerOf(parameters: Parameters): OutputLayer {
  return { table: parameter(parameters, 'output/table'), bias: parameter(parameters, 'output/bias') };
}

export interface ClassifierProbabilities {
  /** Of the classes, for each clip: [n, classes]. */
  readonly clip: tf.Tensor;
  /** For each frame: [n, time, classes]. */
  readonly frames: tf.Tensor;
}

/**
 * The probabilities of the classes for clips given as `features` [n, time, positions, channels].
 *
 * @example
 * const { clip } = classifyClips(config, parameters, tf.zeros([1, 16, 1, 1280])); // [1, classes]
 */
export function classifyClips(
  config: VideoClassifierConfig,
  parameters: Parameters,
  features: tf.Tensor,
): ClassifierProbabilities {
  const [n = 0, time = 0] = features.shape;
  const { clip, frames } = classifierHidden(config, parameters, features);
  const output = outputLayerOf(parameters);
  const perFrame = tf.reshape(tf.softmax(outputLogits(frames, output)), [time, n, config.classes]); // [time, n, classes]
  const ofClip = clip === undefined ? tf.mean(perFrame, 0) : tf.softmax(outputLogits(clip, output));
  return { clip: ofClip, frames: tf.transpose(perFrame, [1, 0, 2]) };
}
