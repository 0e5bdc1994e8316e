/** From the features of a clip's frames to a vector a frame that knows what came before. */
import * as tf from '@tensorflow/tfjs-core';
import { createCell, unroll } from '../../layers/cells.js';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import type { ClipReaderConfig } from './config.js';
import { backwardCellName, cellName, frameSizeOf, readerCells } from './parameters.js';

/** Given during training: turns dropout on. */
export interface ClipReaderTraining {
  /** int32 scalar in [0, 2^24). */
  readonly dropoutSeed: tf.Tensor;
}

/** Separates the dropout masks of one step; what builds on a clip reader takes numbers below `layers` that are free. */
export const CLIP_READER_STREAMS = { features: 0, layers: 2 } as const;

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
export function frameVectors(config: ClipReaderConfig, parameters: Parameters, features: tf.Tensor): tf.Tensor {
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
  const cells = readerCells(config);
  const run = (name: string, x: tf.Tensor): tf.Tensor => {
    const cell = cells[name];
    return cell === undefined ? x : unroll(createCell(cell, scoped(parameters, name)), x).outputs;
  };
  let outputs = droppedFrameVectors(config, parameters, features, training);
  for (let layer = 0; layer < config.layers; layer++) {
    const stream = CLIP_READER_STREAMS.layers + layer;
    const x = layer === 0 ? outputs : dropIn(training, outputs, config.dropout.layers, stream);
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
