/** What a captioner's training works on once everything is read: data, model, cached features of all views, batches. */
import { type CaptionBatches, createCaptionBatches } from '../../datasets/batches.js';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { blockNumber, mobilenetBlocks } from '../../models/mobilenet/index.js';
import { counted } from '../../shared/counted.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { note, warn } from '../../shared/log.js';
import { notListOf, requireStringsOf } from '../../shared/rules.js';
import { tokenize } from '../../text/tokenizer.js';
import { END_ID, PADDING_ID, START_ID } from '../../text/vocabulary.js';
import { chooseView, mayMirror, MOST_AUGMENTED_VIEWS, VIEWS } from '../encoder/augment.js';
import { cacheClipFeatures, frameShape } from '../encoder/clip-features.js';
import { cacheFeatures } from './features.js';
import { captionerModelDefaults, type CaptionerModelOptions, initialModel } from './initial-model.js';
import { type CaptionModel, captionsClips, frameEncodingOf } from './model.js';
import { type CaptionerRecipe, captionerRecipeDefaults } from './recipe.js';
import { createSelfCritical, type SelfCritical, sharpened } from './self-critical.js';
import { readTrainingData, type TrainingData, type TrainingSources } from './sources.js';
import { cachedShape, frozenEncoder, frozenFingerprint } from '../encoder/frozen.js';
import { shippedCheckpoints } from '../shipped-checkpoints.js';
import { DEFAULT_SEED, type TrainingFolderOptions } from '../training-folder.js';
import { createTrainableModel, type FeatureBatch, readFeatures, type TrainableModel } from './train-model.js';
import { encodeCaptions } from './vocabulary.js';

/** What one training of a captioner consists of. */
export interface TrainCaptionerOptions extends Omit<TrainingSources, 'seed'>, TrainingFolderOptions {
  /** What is left out is as in `captionerModelDefaults`; the encoder, that of the shipped captioner. */
  readonly model?: Partial<CaptionerModelOptions>;
  /** What is left out is as in `captionerRecipeDefaults`. */
  readonly recipe?: Partial<CaptionerRecipe>;
  /** Of what is held out, and of everything random in training; default 1. */
  readonly seed?: number;
  /** Seconds that the decoding of a clip may take; default 60. Photos have a limit of their own. */
  readonly timeout?: number;
  /** Whether the words that are expected of photos are learnt when all else is trained; default true. */
  readonly expectedWords?: boolean;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
}

/** A training of which nothing is left open. */
export interface CaptionerTraining extends TrainCaptionerOptions {
  readonly model: CaptionerModelOptions;
  readonly recipe: CaptionerRecipe;
  readonly seed: number;
}

/** `options` with the defaults for what they leave out. */
export function completeTraining(options: TrainCaptionerOptions): CaptionerTraining {
  const { sources, model = {}, recipe = {}, seed = DEFAULT_SEED } = options;
  if (!Array.isArray(sources)) throw notListOf({ name: 'sources', expected: '{ images, captions }' }, sources);
  sources.forEach((source, index) => requireStringsOf(`sources[${index}]`, ['images', 'captions'], source));
  const encoder = model.startFrom === undefined ? { encoder: shippedCheckpoints.captioner } : {};
  return {
    ...options,
    model: { ...captionerModelDefaults, ...encoder, ...given(model) },
    recipe: { ...captionerRecipeDefaults, ...given(recipe) },
    seed,
  };
}

export interface Prepared {
  readonly options: CaptionerTraining;
  readonly data: TrainingData;
  readonly model: CaptionModel;
  readonly trainable: TrainableModel;
  /** Features of the photos as they are, then of each augmented view (of the training photos alone). */
  readonly caches: readonly [FeatureCache, ...FeatureCache[]];
  /** Of one photo's cached features: [h, w, c]; of a clip's: [frames, h, w, c]. */
  readonly shape: readonly number[];
  readonly batches: CaptionBatches;
  /** With a recipe that asks for it. */
  readonly selfCritical: SelfCritical | undefined;
}

/** Reads and encodes everything. Throws UserError when nothing is left to train on. */
export async function prepareTraining(options: CaptionerTraining): Promise<Prepared> {
  const { recipe, seed } = options;
  const found = await readTrainingData(options);
  const initial = withFittingWords(await initialModel(options.model, found.train, seed), recipe);
  const model = recipe.selfCriticalSamples === 0 ? initial : sharpened(initial, recipe.sharpening);
  const cut = cutOf(model, recipe);
  const shape = captionsClips(model)
    ? [model.config.clip.frames, ...frameShape(frameEncodingOf(model, cut))]
    : cachedShape(model, cut);
  const { caches, data } = await cacheViews(options, model, found);
  const what = captionsClips(model) ? 'clip' : 'photo';
  note(`training on ${counted(data.train.length, what)}, validating on ${data.validation.length.toLocaleString('en')}`);
  warnOfFew(data.validation.length, what);
  const batches = createCaptionBatches({
    captions: encodeCaptions(data.train, model.vocabulary),
    imagesPerBatch: recipe.imagesPerBatch,
    captionsPerImage: recipe.selfCriticalSamples > 0 ? 1 : recipe.captionsPerImage,
    maximumLength: recipe.maximumLength,
    lengthMultiple: recipe.lengthMultiple,
    seed,
    ids: { padding: PADDING_ID, start: START_ID, end: END_ID },
  });
  const trainable = createTrainableModel(model, cut);
  const selfCritical =
    recipe.selfCriticalSamples === 0
      ? undefined
      : createSelfCritical({
          model,
          trainable,
          shape,
          train: data.train,
          samples: recipe.selfCriticalSamples,
          bleuFactor: recipe.bleuReward,
          maximumLength: recipe.maximumLength,
          lengthMultiple: recipe.lengthMultiple,
          seed,
        });
  return { options, data, model, trainable, caches, shape, batches, selfCritical };
}

/** `model` without the words that it expects of photos where the encoder, by which it does, is to be trained. */
function withFittingWords(model: CaptionModel, { fineTuneFrom }: CaptionerRecipe): CaptionModel {
  const { expectedWords, ...others } = model;
  return fineTuneFrom === '' && expectedWords !== undefined ? { ...others, expectedWords } : others;
}

/** From so many photos on, scores say something of others. */
const ENOUGH_TO_SCORE = 20;

function warnOfFew(count: number, what: string): void {
  if (count >= ENOUGH_TO_SCORE) return;
  warn(
    `${counted(count, what)} to choose the epoch by: too few for scores to say much of others (name more with --val)`,
  );
}

/** The block at which the encoder is cut: the first that is trained. */
function cutOf(model: CaptionModel, { fineTuneFrom }: CaptionerRecipe): number {
  const { encoder } = model.config;
  return fineTuneFrom === '' ? mobilenetBlocks(encoder).length : blockNumber(encoder, fineTuneFrom);
}

/** Encodes all photos, and the training photos once more for each augmented view. */
async function cacheViews(
  options: CaptionerTraining,
  model: CaptionModel,
  found: TrainingData,
): Promise<Pick<Prepared, 'caches' | 'data'>> {
  const { augmentedViews } = options.recipe;
  if (augmentedViews > MOST_AUGMENTED_VIEWS) {
    throw new UserError(`${augmentedViews} augmented views: there are ${MOST_AUGMENTED_VIEWS}`, { exitCode: 2 });
  }
  const first = await cacheView(options, model, { view: 0, examples: [...found.train, ...found.validation] });
  const isUsable = ({ image }: CaptionedImage): boolean => first.usable.has(image);
  const data = { train: found.train.filter(isUsable), validation: found.validation.filter(isUsable) };
  if (data.train.length === 0 || data.validation.length === 0) {
    throw new UserError('no photo is left to train or to validate on: all of them failed to decode');
  }
  const caches: [FeatureCache, ...FeatureCache[]] = [first.cache];
  for (let view = 1; view <= augmentedViews; view++) {
    caches.push((await cacheView(options, model, { view, examples: data.train })).cache);
  }
  return { caches, data };
}

async function cacheView(
  { recipe, strict = false, timeout, cacheDirectory, signal }: CaptionerTraining,
  model: CaptionModel,
  { view, examples }: { readonly view: number; readonly examples: readonly CaptionedImage[] },
): ReturnType<typeof cacheFeatures> {
  const cut = cutOf(model, recipe);
  const seen = VIEWS[view] ?? VIEWS[0];
  const images = examples.map(({ image }) => image);
  const limits = {
    strict,
    ...(cacheDirectory === undefined ? {} : { directory: cacheDirectory }),
    ...(signal === undefined ? {} : { signal }),
  };
  if (captionsClips(model)) {
    const { frames } = model.config.clip;
    return cacheClipFeatures({
      ...frameEncodingOf(model, cut),
      ...{ view: seen, frames, clips: images },
      ...(timeout === undefined ? {} : { timeout }),
      ...limits,
    });
  }
  const shape = cachedShape(model, cut);
  const encoder = frozenEncoder(model, cut, seen);
  try {
    return await cacheFeatures({
      encoder,
      fingerprint: frozenFingerprint(model, cut, seen),
      featureLength: shape[0] * shape[1] * shape[2],
      images,
      ...limits,
    });
  } finally {
    encoder.dispose();
  }
}

/** The batches of an epoch with their features, from the one after `skip`; in self-critical training, sampled anew. */
export async function* trainingBatches(prepared: Prepared, epoch: number, skip: number): AsyncGenerator<FeatureBatch> {
  const { data, caches, batches, selfCritical, options } = prepared;
  const images = data.train.map(({ image }) => image);
  const mirror = data.train.map(({ captions }) => mayMirror(captions.map(tokenize)));
  const cacheOf = (image: number): FeatureCache => {
    const place = { seed: options.seed, epoch, image, mirror: mirror[image] === true };
    return caches[chooseView(caches.length, place)] ?? caches[0];
  };
  let position = 0;
  for (const batch of batches.epoch(epoch)) {
    if (position++ < skip) continue;
    const read = readFeatures(cacheOf, images, batch);
    yield selfCritical === undefined ? read : await selfCritical.sample(read, { epoch, position });
  }
}
