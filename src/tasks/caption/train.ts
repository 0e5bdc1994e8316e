/**
 * Trains a captioner: reads the captioned photos, caches what the frozen part of the encoder says about them, fits the
 * rest, and keeps the checkpoint of the epoch whose captions score best on the validation photos.
 */
import { type CaptionScores, scoreCaptions } from '../../metrics/captions.js';
import { given } from '../../shared/given.js';
import { note } from '../../shared/log.js';
import { fit, type FitResult, type TrainingEnding } from '../../training/fit.js';
import type { JsonObject } from '../../training/json-files.js';
import { readTensors } from '../../training/parameters.js';
import { fitSettings } from '../../training/recipe.js';
import { folderSettings, requireFreshFolder, saveSettings } from '../training-folder.js';
import { addExpectedWords } from './expected-words.js';
import { generateFromCache } from './generate-cached.js';
import { type CaptionModel, captionsClips, saveCaptionModel } from './model.js';
import { describeTraining } from './model-card.js';
import { pooledFromGrids } from './nearest.js';
import {
  completeTraining,
  prepareTraining,
  type Prepared,
  type TrainCaptionerOptions,
  trainingBatches,
} from './prepare-training.js';
import type { CaptionerRecipe } from './recipe.js';
import { POLICY_LOSS } from './self-critical.js';
import {
  captionHashesOf,
  recordedTraining,
  requireSameStart,
  requireStartFrom,
  type TrainingRecord,
  trainingStart,
} from './start.js';
import { batchLoss, type FeatureBatch, type LossOptions } from './train-model.js';

export type { TrainCaptionerOptions } from './prepare-training.js';

/** How a training of a captioner ended. */
export interface TrainCaptionerResult {
  readonly ending: TrainingEnding;
  /** Scores of the best epoch on the validation photos. */
  readonly scores: Readonly<Record<string, number>>;
  readonly epoch: number;
  readonly checkpoint: string;
}

/** What a recipe says about the loss of known captions. */
function crossEntropyLoss(recipe: CaptionerRecipe): LossOptions {
  const { labelSmoothing, attentionRegularization, scheduledSampling, epochs } = recipe;
  const plain = { labelSmoothing, attentionRegularization, dropout: true };
  if (scheduledSampling === 0) return plain;
  return { ...plain, replacedWords: (epoch) => (scheduledSampling * epoch) / Math.max(1, epochs - 1) };
}

/** The model with the weights as they are now. */
async function currentModel({ trainable }: Prepared): Promise<CaptionModel> {
  return trainable.withWeights(await readTensors(trainable.variables));
}

async function validate(prepared: Prepared): Promise<CaptionScores> {
  const { data, trainable, caches, shape, model, options } = prepared;
  const candidates = await generateFromCache({
    model,
    parameters: trainable.captionerOf(trainable.variables),
    gridOf: (features) => trainable.gridOf(features, trainable.variables),
    cache: caches[0],
    shape,
    images: data.validation.map(({ image }) => image),
    // Words may come twice, so that scores compare with those of older logs, and of clips with those of photos.
    decoding: { beamWidth: options.recipe.validationBeamWidth, noRepeatNgram: 0, noveltyPenalty: 0 },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return scoreCaptions({ candidates, references: data.validation.map(({ captions }) => captions) });
}

/** The scores that the log keeps. */
function metricsOf({ bleu1, bleu4, rougeL, ciderD, exact, distinctCaptions }: CaptionScores): Record<string, number> {
  return { bleu1, bleu4, rougeL, ciderD, exact, distinctCaptions };
}

/** What the settings record of the training that `prepared` would begin. */
function recordOf({ options, model, data, trainable }: Prepared) {
  const { sources, validation = [] } = options;
  return {
    start: trainingStart(options.model, model, trainable),
    captionHashes: captionHashesOf(data, [...sources, ...validation]),
  } satisfies TrainingRecord;
}

/** The settings that decide the weights: what `--continue` must find as it was, but for the paths in `start`. */
function settingsOf({ options, model, data }: Prepared, { start, captionHashes }: TrainingRecord): JsonObject {
  const { recipe, seed, sources, validation = [] } = options;
  return {
    sources,
    validation,
    seed,
    recipe,
    photos: { train: data.train.length, validation: data.validation.length },
    captionHashes,
    model: model.config,
    start,
  } as unknown as JsonObject;
}

/**
 * Trains a captioner and leaves the best of it in `output`. Throws UserError for what the user can mend.
 *
 * @example
 * await trainCaptioner({
 *   sources: [{ images: 'photos', captions: 'captions.csv' }],
 *   recipe: { epochs: 10 },
 *   output: 'checkpoints/mine',
 * });
 */
export async function trainCaptioner(asked: TrainCaptionerOptions): Promise<TrainCaptionerResult> {
  requireFreshFolder(asked);
  const options = completeTraining(asked);
  if (options.resume === true) await requireStartFrom(options.output, options.model);
  const prepared = await prepareTraining(options);
  try {
    const result = await runTraining(prepared);
    const { best } = result;
    return {
      ending: await finish(prepared, result.ending),
      scores: best?.metrics ?? {},
      epoch: best?.epoch ?? 0,
      checkpoint: options.output,
    };
  } finally {
    prepared.trainable.dispose();
  }
}

/**
 * What is learnt from fewer photos is worth little beside what a captioner learnt from thousands (CIDEr-D of 500 photos of
 * Flickr8k: without 0.619, learnt from 20 to 300 of its photos 0.624 to 0.635, from 1,000 0.645, as shipped 0.659).
 */
const ENOUGH_TO_EXPECT_BY = 1000;

/** Of a training that has ended: what is learnt when all else is trained. */
async function finish(
  { options, model, data, caches, shape }: Prepared,
  ending: TrainingEnding,
): Promise<TrainingEnding> {
  const { output, signal, cacheDirectory, recipe, expectedWords = true } = options;
  if (ending === 'interrupted' || !expectedWords || captionsClips(model)) return ending;
  const images = data.train.map(({ image }) => image);
  if (model.expectedWords !== undefined && images.length < ENOUGH_TO_EXPECT_BY) {
    note(
      `the words that are expected of photos stay those of --start-from: ${images.length} photos are too few to learn by`,
    );
    return ending;
  }
  const channels = shape.at(-1) as number;
  const pooled = recipe.fineTuneFrom === '' ? pooledFromGrids(caches[0], images, channels) : undefined;
  try {
    await addExpectedWords(output, data.train, given({ pooled, cacheDirectory, signal }));
    return ending;
  } catch (error) {
    if (signal?.aborted === true) return 'interrupted';
    throw error;
  }
}

/** BLEU-1 decides between epochs of equal CIDEr-D, which is 0 for long where few photos are held out. */
const TIE_BREAK = 1e-3;

async function runTraining(prepared: Prepared): Promise<FitResult> {
  const { options, model, trainable, batches, selfCritical } = prepared;
  const { recipe, output } = options;
  const now = recordOf(prepared);
  const begun = options.resume === true ? await recordedTraining(output) : now;
  const settings = settingsOf(prepared, {
    start: begun.start,
    captionHashes: begun.captionHashes === undefined ? undefined : now.captionHashes,
  });
  const folder = await folderSettings(options, settings, trainable.variables);
  requireSameStart(output, begun.start, now.start);
  return fit<FeatureBatch>({
    parameters: trainable.variables,
    ...fitSettings(recipe, batches.batchesPerEpoch, (name) =>
      name.startsWith('encoder/') ? { learningRateMultiplier: recipe.encoderLearningRate } : {},
    ),
    ...folder,
    seed: options.seed,
    batches: ({ epoch, skip }) => trainingBatches(prepared, epoch, skip),
    loss: batchLoss(
      model,
      trainable,
      prepared.shape,
      selfCritical === undefined ? crossEntropyLoss(recipe) : POLICY_LOSS,
    ),
    countTokens: ({ words }) => words,
    async validate(epoch) {
      const scores = await validate(prepared);
      note(
        `epoch ${epoch} of ${recipe.epochs}: CIDEr-D ${scores.ciderD.toFixed(4)}, BLEU-4 ${scores.bleu4.toFixed(4)}, ${(100 * scores.exact).toFixed(1)} % exact`,
      );
      const metrics = metricsOf(scores);
      const score = scores.ciderD + TIE_BREAK * scores.bleu1;
      if (selfCritical === undefined) return { score, metrics };
      return { score, metrics: { ...metrics, sampledCiderD: selfCritical.takeMeanReward() } };
    },
    async saveBest(record) {
      const modelCard = describeTraining({ model, data: prepared.data, recipe, seed: options.seed, record });
      await saveCaptionModel(output, await currentModel(prepared), { modelCard, precision: 'F16' });
      await saveSettings(output, settings);
    },
  });
}
