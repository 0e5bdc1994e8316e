/** From the features of a clip's frames to logits of the clip and of each frame. */
import * as tf from '@tensorflow/tfjs-core';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { poolOverTime } from '../../layers/pooling.js';
import {
  type ClipReaderTraining,
  dropIn,
  droppedFrameVectors,
  frameVectorSize,
  readClips,
} from '../clip-reader/index.js';
import type { VideoClassifierConfig } from './config.js';

/** The dropout mask of the output layer, among those of the clip reader. */
const OUTPUT_STREAM = 1;

export interface ClassifierHidden {
  /** What the output layer says the clip by; undefined without order, where the frames' predictions are averaged. */
  readonly clip: tf.Tensor | undefined; // [n, features]
  /** What the output layer says each frame by, time first. */
  readonly frames: tf.Tensor; // [time·n, features]
}

/** What enters the output layer, for `features` [n, time, positions, channels]. */
export function classifierHidden(
  config: VideoClassifierConfig,
  parameters: Parameters,
  features: tf.Tensor,
  training?: ClipReaderTraining,
): ClassifierHidden {
  const [n = 0, time = 0] = features.shape;
  if (config.order === 'none') {
    const vectors = droppedFrameVectors(config, parameters, features, training); // [time, n, size]
    return { clip: undefined, frames: tf.reshape(vectors, [time * n, frameVectorSize(config)]) };
  }
  const outputs = readClips(config, parameters, features, training); // [time, n, outputs]
  const dropped = dropIn(training, outputs, config.dropout.output, OUTPUT_STREAM);
  const size = dropped.shape[2] ?? 0;
  return {
    clip: poolOverTime(scoped(parameters, 'pooling'), dropped, config),
    frames: tf.reshape(dropped, [time * n, size]),
  };
}

export function outputLayerOf(parameters: Parameters): OutputLayer {
  return { table: parameter(parameters, 'output/table'), bias: parameter(parameters, 'output/bias') };
}

/** What clips show, as a whole and frame by frame. */
export interface VideoClassifierProbabilities {
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
): VideoClassifierProbabilities {
  const [n = 0, time = 0] = features.shape;
  const { clip, frames } = classifierHidden(config, parameters, features);
  const output = outputLayerOf(parameters);
  const perFrame = tf.reshape(tf.softmax(outputLogits(frames, output)), [time, n, config.classes]); // [time, n, classes]
  const ofClip = clip === undefined ? tf.mean(perFrame, 0) : tf.softmax(outputLogits(clip, output));
  return { clip: ofClip, frames: tf.transpose(perFrame, [1, 0, 2]) };
}
