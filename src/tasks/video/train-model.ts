/** What training works on: the weights that change, the loss, and the probabilities that validation scores. */
import * as tf from '@tensorflow/tfjs-core';
import { scoped, withScope } from '../../layers/parameters.js';
import { runBlocks } from '../../models/mobilenet/index.js';
import {
  type ClassifierProbabilities,
  classifyClips,
  videoClassifierLoss,
} from '../../models/video-classifier/index.js';
import type { FitOptions } from '../../training/fit.js';
import {
  createVariables,
  disposeVariables,
  type HostTensors,
  type TrainableParameters,
} from '../../training/parameters.js';
import { isAbove, select } from '../encoder/frozen.js';
import type { ClipBatch } from './batches.js';
import type { FrameShape } from './features.js';
import type { VideoModel } from './model.js';
import type { VideoRecipe } from './recipe.js';

type Tensors = Readonly<Record<string, tf.Tensor>>;

export interface TrainableVideoModel {
  readonly variables: TrainableParameters;
  /** Features as the cache has them, [n, frames, h, w, c], to probabilities. */
  readonly classify: (features: tf.Tensor, parameters: Tensors) => ClassifierProbabilities;
  readonly loss: FitOptions<ClipBatch>['loss'];
  /** The model with the weights given in place of those it began with. */
  readonly withWeights: (trained: HostTensors) => VideoModel;
  readonly dispose: () => void;
}

/** [n, frames, h, w, c] → [n, frames, positions, channels], through the blocks from `cut` on. */
export function gridsOf(model: VideoModel, cut: number, parameters: Tensors, features: tf.Tensor): tf.Tensor {
  const [n = 0, frames = 0, height = 0, width = 0, channels = 0] = features.shape;
  const images = tf.reshape(features, [n * frames, height, width, channels]) as tf.Tensor4D; // [n·frames, h, w, c]
  const grid = runBlocks(model.config.encoder, parameters, images, { from: cut });
  const [, rows = 0, columns = 0, size = 0] = grid.shape;
  return tf.reshape(grid, [n, frames, rows * columns, size]); // [n, frames, p, c]
}

/** Everything of the classifier is trained, and of the encoder the blocks from `cut` on. */
export function createTrainableVideoModel(
  model: VideoModel,
  cut: number,
  shape: FrameShape,
  { labelSmoothing, frameLoss }: VideoRecipe,
): TrainableVideoModel {
  const { classifier: config, frames } = model.config;
  const variables = createVariables({
    ...withScope('encoder', select(model.encoder, isAbove(model, cut))),
    ...withScope('classifier', model.classifier),
  });
  const positionsOf = (features: tf.Tensor, parameters: Tensors): tf.Tensor =>
    gridsOf(model, cut, scoped(parameters, 'encoder'), features);
  return {
    variables,
    classify: (features, parameters) =>
      classifyClips(config, scoped(parameters, 'classifier'), positionsOf(features, parameters)),
    loss: (batch, parameters, { dropoutSeed }) => {
      const n = batch.labels.length;
      const features = tf.tensor(batch.features, [n, frames, ...shape]); // [n, frames, h, w, c]
      return videoClassifierLoss(
        config,
        scoped(parameters, 'classifier'),
        {
          features: positionsOf(features, parameters),
          labels: tf.tensor1d(batch.labels, 'int32'),
          frameLabels: tf.tensor2d(batch.frameLabels, [n, frames], 'int32'),
          weights: tf.tensor1d(batch.weights),
          frameWeights: tf.tensor1d(batch.frameWeights),
        },
        { labelSmoothing, frameLoss, training: { dropoutSeed } },
      );
    },
    withWeights: (trained) => ({
      ...model,
      encoder: { ...model.encoder, ...scoped(trained, 'encoder') },
      classifier: { ...model.classifier, ...scoped(trained, 'classifier') },
    }),
    dispose: () => disposeVariables(variables),
  };
}
