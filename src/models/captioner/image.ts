/** What the decoder keeps of an image: computed once, however many captions are read from it. */
import * as tf from '@tensorflow/tfjs-core';
import { assert, unreachable } from '../../shared/assert.js';
import { attentionKeys } from '../../layers/attention.js';
import { stateCount, zeroState } from '../../layers/cells.js';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { splitEvenly } from '../../layers/split.js';
import type { CaptionerConfig } from './config.js';
import { captionerCells } from './parameters.js';

/** Which mask of a training step is which. */
export const DROPOUT_STREAM = { words: 0, embedding: 1, features: 2, output: 3, layers: 4 } as const;

/** What is different in training. */
export interface CaptionerTraining {
  /** int32 scalar in [0, 2^24): the seed of this step's dropout masks. */
  readonly dropoutSeed: tf.Tensor;
}

export interface DecoderImage {
  /**
   * What every step uses: [keys [n, p, attention], values [n, p, image]] with attention, then, for `every-step` and
   * `topdown`, what the image adds to the gates [n, gates·hidden].
   */
  readonly perImage: readonly tf.Tensor[];
  /** `first-input`: the first input [n, embedding]; `first-step`: what it adds to the first gates [n, gates·hidden]. */
  readonly first?: tf.Tensor;
  /** The states of all cells before the first word, each [n, hidden]; undefined for zeros. */
  readonly initial?: readonly tf.Tensor[];
}

/** `grid` [n, p, c] as the decoder uses it. */
export function prepareImage(
  config: CaptionerConfig,
  parameters: Parameters,
  grid: tf.Tensor,
  training?: CaptionerTraining,
): DecoderImage {
  const [, positions = 0, channels = 0] = grid.shape;
  const { gridLength, featureSize, entry } = config;
  const fits = grid.rank === 3 && positions === gridLength && channels === featureSize;
  assert(fits, () => `grid: expected [n, ${gridLength}, ${featureSize}], got [${grid.shape.join(', ')}]`);
  switch (entry) {
    case 'first-input':
    case 'first-step': {
      const pooled = project(config, parameters, tf.mean(grid, 1), training);
      return { perImage: [], first: injection(parameters, pooled) };
    }
    case 'every-step': {
      const pooled = project(config, parameters, tf.mean(grid, 1), training);
      return { perImage: [injection(parameters, pooled)] };
    }
    case 'soft': {
      const values = project(config, parameters, grid, training);
      const keys = attentionKeys(scoped(parameters, 'attention'), values);
      return { perImage: [keys, values], initial: initialStates(config, parameters, tf.mean(values, 1)) };
    }
    case 'topdown': {
      const values = project(config, parameters, grid, training);
      const keys = attentionKeys(scoped(parameters, 'attention'), values);
      return { perImage: [keys, values, injection(parameters, tf.mean(values, 1))] };
    }
    default:
      return unreachable(entry, 'entry');
  }
}

/** Features [..., c] projected to [..., image]. */
function project(
  config: CaptionerConfig,
  parameters: Parameters,
  features: tf.Tensor,
  training: CaptionerTraining | undefined,
): tf.Tensor {
  const kernel = parameters['features/kernel'];
  const projected =
    kernel === undefined ? features : tf.relu(dense(features, kernel, parameter(parameters, 'features/bias')));
  if (training === undefined) return projected;
  return dropout(projected, config.dropout.features, dropoutStream(training.dropoutSeed, DROPOUT_STREAM.features));
}

function injection(parameters: Parameters, image: tf.Tensor): tf.Tensor {
  return dense(image, parameter(parameters, 'inject/kernel'), parameters['inject/bias']);
}

/** h and c of every cell from the mean feature [n, image], through one dense layer and tanh (Xu et al. 2015, 3.1.2). */
function initialStates(config: CaptionerConfig, parameters: Parameters, mean: tf.Tensor): readonly tf.Tensor[] {
  const states = dense(mean, parameter(parameters, 'initial/kernel'), parameter(parameters, 'initial/bias'));
  return splitEvenly(tf.tanh(states), config.layers * stateCount(config.cell), 1); // each [n, hidden]
}

/** The states before the first word: `rows` = n · k rows, those of an image beside each other. */
export function initialRows(config: CaptionerConfig, { initial }: DecoderImage, rows: number): readonly tf.Tensor[] {
  if (initial !== undefined) return initial.map((state) => repeatRows(state, rows));
  return Object.values(captionerCells(config)).flatMap((cell) => [...zeroState(cell, rows)]);
}

/** Each row of `perImage` [n, d] repeated to make [rows, d]. */
export function repeatRows(perImage: tf.Tensor, rows: number): tf.Tensor {
  const [n = 0, d = 0] = perImage.shape;
  if (rows === n) return perImage;
  const repeated = tf.tile(tf.reshape(perImage, [n, 1, d]), [1, rows / n, 1]); // [n, k, d]
  return tf.reshape(repeated, [rows, d]); // [rows, d]
}
