/**
 * What training works on: the weights that change, those that stay, and the loss. The encoder is cut at a block: below
 * it nothing changes and its output is cached; from it on the blocks are part of the graph and are fine-tuned.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionBatch } from '../../datasets/batches.js';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { captionerLoss, trainableNames } from '../../models/captioner/index.js';
import { blockInputShape, mobilenetBlocks, runBlocks, scaleImages } from '../../models/mobilenet/index.js';
import { assert } from '../../shared/assert.js';
import type { StepContext } from '../../training/fit.js';
import { createVariables, type HostTensors, type TrainableParameters } from '../../training/parameters.js';
import { fingerprintWeights } from '../../training/weights.js';
import { ORIGINAL, type View, viewOf } from './augment.js';
import type { ImageEncoder } from './encode.js';
import { type CaptionModel, toTensors } from './model.js';

const ENCODER_PREFIX = 'encoder/';
const CAPTIONER_PREFIX = 'captioner/';

/** A model that has an encoder, whatever its task. */
export interface EncodedModel {
  readonly config: Pick<CaptionModel['config'], 'encoder' | 'preprocessing'>;
  readonly encoder: HostTensors;
}

/** Names of encoder weights that belong to blocks from `cut` on. */
export function isAbove(model: EncodedModel, cut: number): (name: string) => boolean {
  const names = new Set(
    mobilenetBlocks(model.config.encoder)
      .slice(cut)
      .map(({ name }) => name),
  );
  return (name) => names.has(name.slice(0, name.indexOf('/')));
}

export function select(weights: HostTensors, chosen: (name: string) => boolean): HostTensors {
  return Object.fromEntries(Object.entries(weights).filter(([name]) => chosen(name)));
}

/** The frozen part of the encoder, blocks 0 … cut − 1, on a view of each photo: what the feature cache is filled by. */
export function frozenEncoder(
  model: EncodedModel,
  cut: number,
  view: View = ORIGINAL,
): ImageEncoder & { readonly dispose: () => void } {
  const { encoder: config, preprocessing } = model.config;
  const tensors = toTensors(select(model.encoder, (name) => !isAbove(model, cut)(name)));
  return {
    preprocessing,
    encode: (images) => runBlocks(config, tensors, scaleImages(config, viewOf(images, view)), { to: cut }),
    dispose: () => tf.dispose(tensors),
  };
}

/** Tells the frozen part of an encoder from all others: its weights, its cut, and how pictures are prepared for it. */
export function frozenFingerprint(model: EncodedModel, cut: number, view: View): string {
  const { encoder, preprocessing } = model.config;
  const weights = fingerprintWeights(select(model.encoder, (name) => !isAbove(model, cut)(name)));
  const changed = view === ORIGINAL ? {} : { view };
  return JSON.stringify({ encoder: { ...encoder, classes: 0 }, preprocessing, cut, weights, ...changed });
}

export interface TrainableModel {
  readonly variables: TrainableParameters;
  /** Features as the cache has them [n, h, w, c] → the decoder's grid [n, p, c]. */
  readonly gridOf: (features: tf.Tensor4D, parameters: Readonly<Record<string, tf.Tensor>>) => tf.Tensor;
  /** The captioner's parameters among trainable and frozen ones. */
  readonly captionerOf: (parameters: Readonly<Record<string, tf.Tensor>>) => Record<string, tf.Tensor>;
  /** The model with the weights given in place of those it began with. */
  readonly withWeights: (trained: HostTensors) => CaptionModel;
  readonly dispose: () => void;
}

function strip<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(record).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

/** Splits `model` into what is trained and what is not; blocks from `cut` on are trained with the captioner. */
export function createTrainableModel(model: CaptionModel, cut: number): TrainableModel {
  const { encoder: encoderConfig, captioner: captionerConfig } = model.config;
  const trainable = new Set(trainableNames(captionerConfig, model.captioner));
  const variables = createVariables({
    ...prefixed(ENCODER_PREFIX, select(model.encoder, isAbove(model, cut))),
    ...prefixed(
      CAPTIONER_PREFIX,
      select(model.captioner, (name) => trainable.has(name)),
    ),
  });
  const frozen = toTensors(select(model.captioner, (name) => !trainable.has(name)));
  return {
    variables,
    gridOf: (features, parameters) => {
      const grid = runBlocks(encoderConfig, strip(ENCODER_PREFIX, parameters), features, { from: cut });
      const [n = 0, height = 0, width = 0, channels = 0] = grid.shape;
      return tf.reshape(grid, [n, height * width, channels]); // [n, p, c]
    },
    captionerOf: (parameters) => ({ ...frozen, ...strip(CAPTIONER_PREFIX, parameters) }),
    withWeights: (trained) => ({
      ...model,
      encoder: { ...model.encoder, ...strip(ENCODER_PREFIX, trained) },
      captioner: { ...model.captioner, ...strip(CAPTIONER_PREFIX, trained) },
    }),
    dispose: () => tf.dispose([Object.values(variables), frozen]),
  };
}

/** [h, w, c] of the cached features for an encoder cut at `cut`. */
export function cachedShape(model: EncodedModel, cut: number): readonly [number, number, number] {
  return blockInputShape(model.config.encoder, cut);
}

/** A batch with its features read from the cache. */
export interface FeatureBatch extends CaptionBatch {
  /** [n, h, w, c], row by row. */
  readonly features: Float32Array;
  /** Words to predict, END included. */
  readonly words: number;
  /** A factor for each caption's loss [captionCount]; without it 1. */
  readonly weights?: Float32Array;
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
  /** The share of the words fed that are replaced by the model's own in an epoch (counted from 0). Default: none ever. */
  readonly replacedWords?: (epoch: number) => number;
}

/** The loss of a batch, a scalar, as `fit` wants it. */
export function batchLoss(
  model: CaptionModel,
  trainable: TrainableModel,
  shape: readonly [number, number, number],
  { labelSmoothing, attentionRegularization, dropout, replacedWords }: LossOptions,
): (batch: FeatureBatch, parameters: TrainableParameters, context: StepContext) => tf.Tensor {
  return (batch, parameters, { dropoutSeed, epoch }) => {
    const features = tf.tensor4d(batch.features, [batch.imageIndices.length, ...shape]);
    const tokens = tf.tensor2d(batch.tokens, [batch.captionCount, batch.length], 'int32');
    const grid = trainable.gridOf(features, parameters);
    return captionerLoss(
      model.config.captioner,
      trainable.captionerOf(parameters),
      { grid, tokens, ...(batch.weights === undefined ? {} : { weights: tf.tensor1d(batch.weights) }) },
      {
        labelSmoothing,
        attentionRegularization,
        ...(dropout ? { training: { dropoutSeed } } : {}),
        ...(replacedWords === undefined
          ? {}
          : { scheduledSampling: { probability: tf.scalar(replacedWords(epoch)), seed: dropoutSeed } }),
      },
    ).loss;
  };
}
