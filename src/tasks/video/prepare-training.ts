/** What a classifier's training works on once everything is read: data, model, cached features of all views. */
import type { FeatureCache } from '../../datasets/feature-cache.js';
import type { LabelledClip } from '../../datasets/clips/index.js';
import { blockNumber, mobilenetBlocks } from '../../models/mobilenet/index.js';
import { counted } from '../../shared/counted.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { note } from '../../shared/log.js';
import { requireString } from '../../shared/rules.js';
import { tokenize } from '../../text/tokenizer.js';
import { mayMirror, MOST_AUGMENTED_VIEWS, VIEWS } from '../encoder/augment.js';
import type { ClipBatchOptions, TrainingClip } from './batches.js';
import {
  type ClipData,
  type ClipDataOptions,
  type ClipSource,
  type ClipValidation,
  DEFAULT_CLIP_VALIDATION,
  readClipData,
} from './data.js';
import { cacheClipFeatures, type FrameShape, frameShape } from '../encoder/clip-features.js';
import { initialVideoModel, videoModelDefaults, type VideoModelOptions } from './initial-model.js';
import { frameEncodingOf, type VideoModel } from './model.js';
import { shippedCheckpoints } from '../shipped-checkpoints.js';
import { DEFAULT_SEED, type TrainingFolderOptions } from '../training-folder.js';
import { type VideoRecipe, videoRecipeDefaults } from './recipe.js';
import { createTrainableVideoModel, type TrainableVideoModel } from './train-model.js';

/** What one training of a video classifier consists of. */
export interface TrainVideoOptions extends ClipSource, TrainingFolderOptions {
  /** Default: a fifth of the clips, whole groups. */
  readonly validation?: ClipValidation;
  /** A regular expression for file names; its parentheses name the recording. */
  readonly groupPattern?: string;
  /** Of what is held out, and of everything random in training; default 1. */
  readonly seed?: number;
  /** What is left out is as in `videoModelDefaults`; the encoder, that of `shippedCheckpoints.actions`. */
  readonly model?: Partial<VideoModelOptions>;
  /** What is left out is as in `videoRecipeDefaults`. */
  readonly recipe?: Partial<VideoRecipe>;
  /** A clip that cannot be decoded is an error. Default false: it is left out and named. */
  readonly strict?: boolean;
  /** Seconds that the decoding of a clip may take. */
  readonly timeout?: number;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
}

/** A training of which nothing is left open. */
export interface VideoTraining extends Omit<TrainVideoOptions, keyof ClipDataOptions>, ClipDataOptions {
  readonly model: VideoModelOptions;
  readonly recipe: VideoRecipe;
}

/** `options` with the defaults for what they leave out. */
export function completeTraining(options: TrainVideoOptions): VideoTraining {
  requireString('data', options.data);
  const { validation = DEFAULT_CLIP_VALIDATION, model = {}, recipe = {}, seed = DEFAULT_SEED } = options;
  return {
    ...options,
    validation,
    model: { ...videoModelDefaults, encoder: shippedCheckpoints.actions, ...given(model) },
    recipe: { ...videoRecipeDefaults, ...given(recipe) },
    seed,
  };
}

export interface PreparedVideo {
  readonly options: VideoTraining;
  readonly data: ClipData;
  readonly model: VideoModel;
  readonly trainable: TrainableVideoModel;
  readonly shape: FrameShape;
  readonly batches: ClipBatchOptions;
  readonly validation: readonly TrainingClip[];
}

/** Reads and encodes everything. Throws UserError when nothing is left to train on. */
export async function prepareVideoTraining(options: VideoTraining): Promise<PreparedVideo> {
  const { recipe, seed } = options;
  checkRecipe(options);
  const found = readClipData(options);
  const model = await initialVideoModel(options.model, found.labels, seed);
  const cut =
    recipe.fineTuneFrom === ''
      ? mobilenetBlocks(model.config.encoder).length
      : blockNumber(model.config.encoder, recipe.fineTuneFrom);
  const shape = frameShape(frameEncodingOf(model, cut));
  const { caches, data } = await cacheViews(options, model, cut, found);
  note(`training on ${counted(data.train.length, 'clip')}, validating on ${data.validation.length}`);
  const train = numbered(data.train, data.labels);
  const batches: ClipBatchOptions = {
    clips: train,
    caches,
    frames: model.config.frames,
    jitter: recipe.jitter,
    clipsPerBatch: recipe.clipsPerBatch,
    windowShare: recipe.windowShare,
    joined: recipe.joined,
    mirror: mayMirror(data.labels.map((label) => tokenize(label.replaceAll(/[-_]/g, ' ')))),
    classWeights: classWeightsOf(train, data.labels.length, recipe.classWeights),
    seed,
  };
  const trainable = createTrainableVideoModel(model, cut, shape, recipe);
  return { options, data, model, trainable, shape, batches, validation: numbered(data.validation, data.labels) };
}

function checkRecipe({ recipe }: VideoTraining): void {
  if (recipe.jitter % 2 === 0) {
    throw new UserError(`--jitter: expected an odd number, so that one frame is in the middle, got ${recipe.jitter}`, {
      exitCode: 2,
    });
  }
  if (recipe.augmentedViews > MOST_AUGMENTED_VIEWS) {
    throw new UserError(`--augment: there are ${MOST_AUGMENTED_VIEWS} views, got ${recipe.augmentedViews}`, {
      exitCode: 2,
    });
  }
}

/** Encodes all clips, and the training clips once more for each augmented view. */
async function cacheViews(
  options: VideoTraining,
  model: VideoModel,
  cut: number,
  found: ClipData,
): Promise<{ readonly caches: [FeatureCache, ...FeatureCache[]]; readonly data: ClipData }> {
  const { recipe, strict = false, timeout, cacheDirectory, signal } = options;
  const cacheView = (index: number, clips: readonly LabelledClip[]): ReturnType<typeof cacheClipFeatures> =>
    cacheClipFeatures({
      ...frameEncodingOf(model, cut),
      view: VIEWS[index] ?? VIEWS[0],
      frames: model.config.frames * recipe.jitter,
      clips: clips.map(({ path }) => path),
      strict,
      ...(timeout === undefined ? {} : { timeout }),
      ...(cacheDirectory === undefined ? {} : { directory: cacheDirectory }),
      ...(signal === undefined ? {} : { signal }),
    });
  const first = await cacheView(0, [...found.train, ...found.validation]);
  const isUsable = ({ path }: LabelledClip): boolean => first.usable.has(path);
  const data = { ...found, train: found.train.filter(isUsable), validation: found.validation.filter(isUsable) };
  if (data.train.length === 0 || data.validation.length === 0) {
    throw new UserError('no clip is left to train or to validate on: all of them failed to decode');
  }
  const caches: [FeatureCache, ...FeatureCache[]] = [first.cache];
  for (let view = 1; view <= recipe.augmentedViews; view++) caches.push((await cacheView(view, data.train)).cache);
  return { caches, data };
}

/** Clips with the numbers of their labels. */
export function numbered(clips: readonly LabelledClip[], labels: readonly string[]): readonly TrainingClip[] {
  return clips.map(({ path, label }) => ({ path, label: labels.indexOf(label) }));
}

/** 1 for all, or in inverse proportion to the classes' clips, 1 on average over clips. */
function classWeightsOf(clips: readonly TrainingClip[], classes: number, weighted: boolean): readonly number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const { label } of clips) counts[label] = (counts[label] ?? 0) + 1;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (weighted && count > 0 ? clips.length / (present * count) : 1));
}
