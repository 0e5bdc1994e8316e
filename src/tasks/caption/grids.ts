/** From features to the grid that the decoder sees: the places of a picture, or the time steps of a clip. */
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../../layers/parameters.js';
import { type ClipReaderConfig, type ClipReaderTraining, readClips } from '../../models/clip-reader/index.js';

/** [n, h, w, c] → [n, h·w, c]. */
export function toGrid(features: tf.Tensor): tf.Tensor {
  const [n = 0, height = 0, width = 0, channels = 0] = features.shape;
  return tf.reshape(features, [n, height * width, channels]); // [n, p, c]
}

/** [n, frames, p, c] → [n, frames, hidden]: a clip's time steps are the places at which the decoder may look. */
export function clipGrid(
  config: ClipReaderConfig,
  parameters: Parameters,
  grids: tf.Tensor,
  training?: ClipReaderTraining,
): tf.Tensor {
  return tf.transpose(readClips(config, parameters, grids, training), [1, 0, 2]);
}
