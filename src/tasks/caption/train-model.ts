/**
 * What training works on: the weights that change, those that stay, and the loss. The encoder is cut at a block: below
 * it nothing changes and its output is cached; from it on the blocks are part of the graph and are fine-tuned.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionBatch } from '../../datasets/batches.js';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { scoped, withScope } from '../../layers/parameters.js';
import { captionerLoss, trainableNames, withoutWords } from '../../models/captioner/index.js';
import type { ClipReaderTraining } from '../../models/clip-reader/index.js';
import { runBlocks } from '../../models/mobilenet/index.js';
import { assert } from '../../shared/assert.js';
import type { StepContext } from '../../training/fit.js';
import { createVariables, type HostTensors, toTensors, type TrainableParameters } from '../../training/parameters.js';
import { isAbove, select } from '../encoder/frozen.js';
import { frameGrids } from '../encoder/clip-features.js';
import { clipGrid, toGrid } from './grids.js';
import { type CaptionModel, captionsClips } from './model.js';

export interface TrainableModel {
  readonly variables: TrainableParameters;
  /** Features as the cache has them, [n, h, w, c] or [n, frames, h, w, c] → the decoder's grid [n, p, c]. */
  readonly gridOf: (
    features: tf.Tensor,
    parameters: Readonly<Record<string, tf.Tensor>>,
    training?: ClipReaderTraining,
  ) => tf.Tensor;
  /** The captioner's parameters among trainable and frozen ones. */
  readonly captionerOf: (parameters: Readonly<Record<string, tf.Tensor>>) => Record<string, tf.Tensor>;
  /** The model with the weights given in place of those it began with. */
  readonly withWeights: (trained: HostTensors) => CaptionModel;
  readonly dispose: () => void;
}

/** Splits `model` into what is trained and what is not; blocks from `cut` on are trained with the captioner. */
export function createTrainableModel(model: CaptionModel, cut: number): TrainableModel {
  const { encoder: encoderConfig, captioner: captionerConfig } = model.config;
  const trainable = new Set(trainableNames(captionerConfig, model.captioner));
  const variables = createVariables({
    ...withScope('encoder', select(model.encoder, isAbove(model, cut))),
    ...withScope('reader', model.reader ?? {}),
    ...withScope(
      'captioner',
      select(model.captioner, (name) => trainable.has(name)),
    ),
  });
  const frozen = toTensors(select(model.captioner, (name) => !trainable.has(name)));
  return {
    variables,
    gridOf: (features, parameters, training) => {
      const encoder = scoped(parameters, 'encoder');
      if (captionsClips(model)) {
        const grids = frameGrids(encoderConfig, encoder, features, cut); // [n, frames, p, c]
        return clipGrid(model.config.clip.reader, scoped(parameters, 'reader'), grids, training);
      }
      return toGrid(runBlocks(encoderConfig, encoder, features as tf.Tensor4D, { from: cut })); // [n, p, c]
    },
    captionerOf: (parameters) => ({ ...frozen, ...scoped(parameters, 'captioner') }),
    withWeights: (trained) => ({
      ...model,
      encoder: { ...model.encoder, ...scoped(trained, 'encoder') },
      ...(model.reader === undefined ? {} : { reader: { ...model.reader, ...scoped(trained, 'reader') } }),
      captioner: { ...model.captioner, ...scoped(trained, 'captioner') },
    }),
    dispose: () => tf.dispose([Object.values(variables), frozen]),
  };
}

/** A batch with its features read from the cache. */
export interface FeatureBatch extends CaptionBatch {
  /** [n, h, w, c], row by row. */
  readonly features: Float32Array;
  /** Words to predict, END included. */
  readonly words: number;
  /** A factor for each caption's loss [captionCount]; without it 1. */
  readonly weights?: Float32Array;
  /** The seed of the dropout masks by which its captions were sampled; without it, the step's own. */
  readonly dropoutSeed?: number;
}

/** Reads the features of a batch's photos, each from the cache that `cacheOf` names (of the view that is wanted). */
export function readFeatures(
  cacheOf: (image: number) => FeatureCache,
  images: readonly string[],
  batch: CaptionBatch,
): FeatureBatch {
  const [first = 0] = batch.imageIndices;
  const { featureLength } = cacheOf(first);
  const features = new Float32Array(batch.imageIndices.length * featureLength);
  batch.imageIndices.forEach((image, position) => {
    const path = images[image] as string;
    assert(cacheOf(image).read(path, features, position * featureLength), () => `${path}: its features are gone`);
  });
  let words = 0;
  for (const token of batch.tokens) if (token !== 0) words++;
  return { ...batch, features, words: words - batch.captionCount };
}

export interface LossOptions {
  readonly labelSmoothing: number;
  readonly attentionRegularization: number;
  /** Whether values are dropped. */
  readonly dropout: boolean;
  /** Ids of words that the model never says, and to which no probability is given. Default: none. */
  readonly withoutWords?: readonly number[];
  /** The share of the words fed that are replaced by the model's own in an epoch (counted from 0). Default: none ever. */
  readonly replacedWords?: (epoch: number) => number;
}

/** The loss of a batch, a scalar, as `fit` wants it. */
export function batchLoss(
  model: CaptionModel,
  trainable: TrainableModel,
  shape: readonly number[],
  { labelSmoothing, attentionRegularization, dropout, withoutWords: unsaid = [], replacedWords }: LossOptions,
): (batch: FeatureBatch, parameters: TrainableParameters, context: StepContext) => tf.Tensor {
  return (batch, parameters, { dropoutSeed: ofStep, epoch }) => {
    const dropoutSeed = batch.dropoutSeed === undefined ? ofStep : tf.scalar(batch.dropoutSeed, 'int32');
    const training = dropout ? { dropoutSeed } : undefined;
    const features = tf.tensor(batch.features, [batch.imageIndices.length, ...shape]);
    const tokens = tf.tensor2d(batch.tokens, [batch.captionCount, batch.length], 'int32');
    const grid = trainable.gridOf(features, parameters, training);
    const captioner = trainable.captionerOf(parameters);
    return captionerLoss(
      model.config.captioner,
      unsaid.length === 0 ? captioner : withoutWords(captioner, unsaid),
      { grid, tokens, ...(batch.weights === undefined ? {} : { weights: tf.tensor1d(batch.weights) }) },
      {
        labelSmoothing,
        attentionRegularization,
        ...(training === undefined ? {} : { training }),
        ...(replacedWords === undefined
          ? {}
          : { scheduledSampling: { probability: tf.scalar(replacedWords(epoch)), seed: dropoutSeed } }),
      },
    ).loss;
  };
}
