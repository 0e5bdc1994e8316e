/**
 * Trains a captioner: reads the captioned photos, caches what the frozen part of the encoder says about them, fits the
 * rest, and keeps the checkpoint of the epoch whose captions score best on the validation photos.
 */
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { type CaptionBatches, createCaptionBatches } from '../../datasets/batches.js';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { type CaptionScores, scoreCaptions } from '../../metrics/captions.js';
import { blockNumber, mobilenetBlocks } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { END_ID, PADDING_ID, START_ID } from '../../text/vocabulary.js';
import { fit, type FitResult } from '../../training/fit.js';
import type { JsonObject } from '../../training/json-files.js';
import { fitSettings } from '../../training/recipe.js';
import { readTensors } from '../../training/parameters.js';
import { hasTrainingState, loadTrainingState, saveTrainingState } from '../../training/training-checkpoint.js';
import { shapesOf } from '../../training/weights.js';
import { writeFileAtomically } from '../../shared/files.js';
import { cacheFeatures } from './features.js';
import { generateFromCache } from './generate-cached.js';
import { describeTraining } from './model-card.js';
import type { TrainingRecipe } from './recipe.js';
import { type CaptionModel, saveCaptionModel } from './model.js';
import { initialModel, type ModelOptions } from './initial-model.js';
import { readTrainingData, type TrainingData, type TrainingSources } from './sources.js';
import {
  batchLoss,
  cachedShape,
  createTrainableModel,
  type FeatureBatch,
  frozenEncoder,
  frozenFingerprint,
  readFeatures,
  type TrainableModel,
} from './train-model.js';
import { encodeCaptions } from './vocabulary.js';

export interface TrainCaptionerOptions extends TrainingSources {
  /** The checkpoint folder. */
  readonly output: string;
  readonly model: ModelOptions;
  readonly recipe: TrainingRecipe;
  /** Goes on with the training in `output`. */
  readonly resume: boolean;
  /** Return after so many epochs though the recipe plans more; `resume` goes on. */
  readonly stopAfter?: number;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
}

export interface TrainCaptionerResult {
  readonly ending: FitResult['ending'];
  /** Scores of the best epoch on the validation photos. */
  readonly scores: Readonly<Record<string, number>>;
  readonly epoch: number;
  readonly checkpoint: string;
}

const LOG_FILE = 'log.jsonl';
const SETTINGS_FILE = 'settings.json';

/** What a run works on once everything is read. */
interface Prepared {
  readonly options: TrainCaptionerOptions;
  readonly data: TrainingData;
  readonly model: CaptionModel;
  readonly trainable: TrainableModel;
  readonly cache: FeatureCache;
  readonly shape: readonly [number, number, number];
  readonly batches: CaptionBatches;
}

/** The block at which the encoder is cut: the first that is trained. */
function cutOf(model: CaptionModel, { fineTuneFrom }: TrainingRecipe): number {
  const { encoder } = model.config;
  return fineTuneFrom === '' ? mobilenetBlocks(encoder).length : blockNumber(encoder, fineTuneFrom);
}

async function prepare(options: TrainCaptionerOptions): Promise<Prepared> {
  const { recipe, seed } = options;
  const found = await readTrainingData(options);
  const model = await initialModel(options.model, found.train, seed);
  const cut = cutOf(model, recipe);
  const shape = cachedShape(model, cut);
  const encoder = frozenEncoder(model, cut);
  const { cache, usable } = await cacheFeatures({
    encoder,
    fingerprint: frozenFingerprint(model, cut),
    featureLength: shape[0] * shape[1] * shape[2],
    images: [...found.train, ...found.validation].map(({ image }) => image),
    strict: options.strict,
    ...(options.cacheDirectory === undefined ? {} : { directory: options.cacheDirectory }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  encoder.dispose();
  const isUsable = ({ image }: CaptionedImage): boolean => usable.has(image);
  const data = { train: found.train.filter(isUsable), validation: found.validation.filter(isUsable) };
  if (data.train.length === 0 || data.validation.length === 0) {
    throw new UserError('no photo is left to train or to validate on: all of them failed to decode');
  }
  note(`training on ${data.train.length} photos, validating on ${data.validation.length}`);
  const batches = createCaptionBatches({
    captions: encodeCaptions(data.train, model.vocabulary),
    imagesPerBatch: recipe.imagesPerBatch,
    captionsPerImage: recipe.captionsPerImage,
    maximumLength: recipe.maximumLength,
    seed,
    ids: { padding: PADDING_ID, start: START_ID, end: END_ID },
  });
  return { options, data, model, trainable: createTrainableModel(model, cut), cache, shape, batches };
}

/** The batches of an epoch with their features, from the one after `skip`. */
function* featureBatches(prepared: Prepared, epoch: number, skip: number): Generator<FeatureBatch> {
  const images = prepared.data.train.map(({ image }) => image);
  let position = 0;
  for (const batch of prepared.batches.epoch(epoch)) {
    if (position++ >= skip) yield readFeatures(prepared.cache, images, batch);
  }
}

/** The model with the weights as they are now. */
async function currentModel({ trainable }: Prepared): Promise<CaptionModel> {
  return trainable.withWeights(await readTensors(trainable.variables));
}

async function validate(prepared: Prepared): Promise<CaptionScores> {
  const { data, trainable, cache, shape, model, options } = prepared;
  const candidates = await generateFromCache({
    model,
    parameters: trainable.captionerOf(trainable.variables),
    gridOf: (features) => trainable.gridOf(features as tf.Tensor4D, trainable.variables),
    cache,
    shape,
    images: data.validation.map(({ image }) => image),
    decoding: { beamWidth: options.recipe.validationBeamWidth },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return scoreCaptions({ candidates, references: data.validation.map(({ captions }) => captions) });
}

/** The scores that the log keeps. */
function metricsOf({ bleu1, bleu4, rougeL, ciderD, distinctCaptions }: CaptionScores): Record<string, number> {
  return { bleu1, bleu4, rougeL, ciderD, distinctCaptions };
}

/** The settings that decide the weights: what `--continue` must find as it was. */
function settingsOf({ options, model, data }: Prepared): JsonObject {
  const { recipe, seed, sources, validation } = options;
  return {
    sources,
    validation,
    seed,
    recipe,
    model: model.config,
    photos: { train: data.train.length, validation: data.validation.length },
  } as unknown as JsonObject;
}

/** Trains a captioner and leaves the best of it in `output`. Throws UserError for what the user can mend. */
export async function trainCaptioner(options: TrainCaptionerOptions): Promise<TrainCaptionerResult> {
  if (!options.resume && hasTrainingState(options.output)) {
    throw new UserError(
      `${options.output}: holds a training already (go on with --continue, or choose another folder)`,
      {
        exitCode: 2,
      },
    );
  }
  const prepared = await prepare(options);
  try {
    const result = await runTraining(prepared);
    const { best } = result;
    return {
      ending: result.ending,
      scores: best?.metrics ?? {},
      epoch: best?.epoch ?? 0,
      checkpoint: options.output,
    };
  } finally {
    prepared.trainable.dispose();
  }
}

async function runTraining(prepared: Prepared): Promise<FitResult> {
  const { options, model, trainable, batches } = prepared;
  const { recipe, output, signal } = options;
  const settings = settingsOf(prepared);
  const initial = await readTensors(trainable.variables);
  const resume = options.resume
    ? await loadTrainingState(output, { parameterShapes: shapesOf(initial), configuration: settings })
    : undefined;
  return fit<FeatureBatch>({
    parameters: trainable.variables,
    ...fitSettings(recipe, batches.batchesPerEpoch, (name) =>
      name.startsWith('encoder/') ? { learningRateMultiplier: recipe.encoderLearningRate } : {},
    ),
    ...(options.stopAfter === undefined ? {} : { stopAfter: options.stopAfter }),
    seed: options.seed,
    batches: ({ epoch, skip }) => featureBatches(prepared, epoch, skip),
    loss: batchLoss(model, trainable, prepared.shape, recipe),
    countTokens: ({ words }) => words,
    async validate(epoch) {
      const scores = await validate(prepared);
      note(`epoch ${epoch}: CIDEr-D ${scores.ciderD.toFixed(4)}, BLEU-4 ${scores.bleu4.toFixed(4)}`);
      return { score: scores.ciderD, metrics: metricsOf(scores) };
    },
    async saveBest(record) {
      const modelCard = describeTraining({ model, data: prepared.data, recipe, seed: options.seed, record });
      await saveCaptionModel(output, await currentModel(prepared), { modelCard, precision: 'F16' });
      await writeFileAtomically(join(output, SETTINGS_FILE), `${JSON.stringify(settings, null, 2)}\n`);
    },
    saveState: (state) => saveTrainingState(output, state, settings),
    logFile: join(output, LOG_FILE),
    ...(resume === undefined ? {} : { resume }),
    ...(signal === undefined ? {} : { signal }),
  });
}
