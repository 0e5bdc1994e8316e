/** What training works on: the weights that change, the loss, and the probabilities that validation scores. */
import * as tf from '@tensorflow/tfjs-core';
import { scoped, withScope } from '../../layers/parameters.js';
import {
  type VideoClassifierProbabilities,
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
import { frameGrids, type FrameShape } from '../encoder/clip-features.js';
import type { VideoModel } from './model.js';
import type { VideoRecipe } from './recipe.js';

type Tensors = Readonly<Record<string, tf.Tensor>>;

export interface TrainableVideoModel {
  readonly variables: TrainableParameters;
  /** Features as the cache has them, [n, frames, h, w, c], to probabilities. */
  readonly classify: (features: tf.Tensor, parameters: Tensors) => VideoClassifierProbabilities;
  readonly loss: FitOptions<ClipBatch>['loss'];
  /** The model with the weights given in place of those it began with. */
  readonly withWeights: (trained: HostTensors) => VideoModel;
  readonly dispose: () => void;
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
    frameGrids(model.config.encoder, scoped(parameters, 'encoder'), features, cut);
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
