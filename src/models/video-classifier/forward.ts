/** From the features of a clip's frames to logits of the clip and of each frame. */
import * as tf from '@tensorflow/tfjs-core';
import { createCell, unroll } from '../../layers/cells.js';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { unreachable } from '../../shared/assert.js';
import type { VideoClassifierConfig } from './config.js';
import { backwardCellName, cellName, classifierCells, frameSizeOf, frameVectorSize } from './parameters.js';

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
  const outputs = runLayers(config, parameters, vectors, (x, layer) =>
    drop(x, config.dropout.layers, STREAMS.layers + layer),
  ); // [time, n, outputs]
  const dropped = drop(outputs, config.dropout.output, STREAMS.output);
  const size = dropped.shape[2] ?? 0;
  return { clip: pool(config, parameters, dropped), frames: tf.reshape(dropped, [time * n, size]) };
}

/** The layers over `inputs` [time, n, size]: [time, n, hidden], or twice that in both directions. */
function runLayers(
  config: VideoClassifierConfig,
  parameters: Parameters,
  inputs: tf.Tensor,
  between: (x: tf.Tensor, layer: number) => tf.Tensor,
): tf.Tensor {
  const cells = classifierCells(config);
  const run = (name: string, x: tf.Tensor): tf.Tensor => {
    const cell = cells[name];
    return cell === undefined ? x : unroll(createCell(cell, scoped(parameters, name)), x).outputs;
  };
  let outputs = inputs;
  for (let layer = 0; layer < config.layers; layer++) {
    const x = layer === 0 ? outputs : between(outputs, layer);
    const forward = run(cellName(layer), x);
    if (!config.bidirectional) {
      outputs = forward;
      continue;
    }
    const backward = tf.reverse(run(backwardCellName(layer), tf.reverse(x, 0)), 0);
    outputs = tf.concat([forward, backward], 2); // [time, n, 2·hidden]
  }
  return outputs;
}

/** One vector a clip from `outputs` [time, n, size]: [n, size]. */
function pool(config: VideoClassifierConfig, parameters: Parameters, outputs: tf.Tensor): tf.Tensor {
  const [time = 0, n = 0, size = 0] = outputs.shape;
  switch (config.pooling) {
    case 'mean':
      return tf.mean(outputs, 0);
    case 'last': {
      const at = (step: number, from: number, length: number): tf.Tensor =>
        tf.reshape(tf.slice(outputs, [step, 0, from], [1, n, length]), [n, length]); // [n, length]
      if (!config.bidirectional) return at(time - 1, 0, size);
      // Each direction where it has seen all.
      return tf.concat([at(time - 1, 0, config.hiddenSize), at(0, config.hiddenSize, config.hiddenSize)], 1);
    }
    case 'attention': {
      const hidden = tf.tanh(
        dense(outputs, parameter(parameters, 'pooling/kernel'), parameter(parameters, 'pooling/bias')),
      ); // [time, n, 64]
      const scores = tf.reshape(dense(hidden, parameter(parameters, 'pooling/score')), [time, n]); // [time, n]
      const weights = tf.transpose(tf.softmax(tf.transpose(scores))); // [time, n], sums to 1 over time
      return tf.sum(tf.mul(outputs, tf.reshape(weights, [time, n, 1])), 0);
    }
    default:
      return unreachable(config.pooling, 'pooling');
  }
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
