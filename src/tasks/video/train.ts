/**
 * Trains a video classifier: reads the labelled clips, caches what the frozen part of the encoder says about their
 * frames, fits the rest, and keeps the checkpoint of the epoch that scores best on the validation clips.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type ClassificationScores, scoreClassification } from '../../metrics/classification.js';
import { note } from '../../shared/log.js';
import { fit, type FitResult, type TrainingEnding } from '../../training/fit.js';
import type { JsonObject } from '../../training/json-files.js';
import { readTensors } from '../../training/parameters.js';
import { fitSettings } from '../../training/recipe.js';
import { fingerprintOfFiles } from '../fingerprint.js';
import { folderSettings, requireFreshFolder, saveSettings } from '../training-folder.js';
import type { LabelledClip } from '../../datasets/clips/index.js';
import { batchesPerEpoch, type ClipBatch, clipBatches, readMiddleFrames } from './batches.js';
import { type ClipSource, rootOf } from './data.js';
import { saveVideoModel } from './model.js';
import { describeVideoTraining } from './model-card.js';
import {
  completeTraining,
  prepareVideoTraining,
  type PreparedVideo,
  type TrainVideoOptions,
} from './prepare-training.js';

export type { TrainVideoOptions } from './prepare-training.js';

/** How a training of a video classifier ended. */
export interface TrainVideoResult {
  readonly ending: TrainingEnding;
  /** Scores of the best epoch on the validation clips. */
  readonly scores: Readonly<Record<string, number>>;
  readonly epoch: number;
  readonly checkpoint: string;
}

/** Clips that validation classifies at once. */
const VALIDATION_BATCH = 16;
/** The mean probability of the right class decides between epochs of equal accuracy. */
const TIE_BREAK = 1e-3;

/**
 * Trains a classifier and leaves the best of it in `output`. Throws UserError for what the user can mend.
 *
 * @example
 * await trainVideoClassifier({
 *   data: 'clips', // clips/CLASS/*.mp4
 *   groupPattern: 'g(\\d+)',
 *   recipe: { epochs: 20 },
 *   output: 'checkpoints/mine',
 * });
 */
export async function trainVideoClassifier(options: TrainVideoOptions): Promise<TrainVideoResult> {
  requireFreshFolder(options);
  const prepared = await prepareVideoTraining(completeTraining(options));
  try {
    const { ending, best } = await runTraining(prepared);
    return { ending, scores: best?.metrics ?? {}, epoch: best?.epoch ?? 0, checkpoint: options.output };
  } finally {
    prepared.trainable.dispose();
  }
}

/** The settings that decide the weights: what `--continue` must find as it was. */
function settingsOf({ options, model, data }: PreparedVideo): JsonObject {
  const { recipe, seed, data: source, validation, groupPattern = null } = options;
  return {
    data: source,
    validation,
    groupPattern,
    seed,
    recipe,
    model: model.config,
    labels: data.labels,
    clips: { train: data.train.length, validation: data.validation.length },
    clipHashes: { train: hashOf(data.train, options), validation: hashOf(data.validation, options) },
  } as unknown as JsonObject;
}

/** Which clips have which labels: as many others would train other weights. */
function hashOf(clips: readonly LabelledClip[], source: ClipSource): string {
  const root = rootOf(source);
  return fingerprintOfFiles(clips.map(({ path, label }) => ({ root, path, note: label })));
}

async function runTraining(prepared: PreparedVideo): Promise<FitResult> {
  const { options, trainable, batches } = prepared;
  const { recipe, output } = options;
  const settings = settingsOf(prepared);
  return fit<ClipBatch>({
    parameters: trainable.variables,
    ...fitSettings(recipe, batchesPerEpoch(batches), (name) =>
      name.startsWith('encoder/') ? { learningRateMultiplier: recipe.encoderLearningRate } : {},
    ),
    seed: options.seed,
    batches: ({ epoch, skip }) => clipBatches(batches, epoch, skip),
    loss: trainable.loss,
    countTokens: ({ labels }) => labels.length,
    async validate(epoch) {
      const { scores, likelihood } = await validate(prepared);
      const { top1, meanPerClass } = scores;
      note(
        `epoch ${epoch} of ${recipe.epochs}: top-1 ${(100 * top1).toFixed(1)} %, mean over classes ${(100 * meanPerClass).toFixed(1)} %`,
      );
      return { score: top1 + TIE_BREAK * likelihood, metrics: { top1, meanPerClass, likelihood } };
    },
    async saveBest(record) {
      const model = trainable.withWeights(await readTensors(trainable.variables));
      await saveVideoModel(output, model, { modelCard: describeVideoTraining(prepared, record), precision: 'F16' });
      await saveSettings(output, settings);
    },
    ...(await folderSettings(options, settings, trainable.variables)),
  });
}

interface Validated {
  readonly scores: ClassificationScores;
  /** The mean probability of the right class. */
  readonly likelihood: number;
}

async function validate({ validation, batches, trainable, shape, model, options }: PreparedVideo): Promise<Validated> {
  const { frames } = model.config;
  const cache = batches.caches[0];
  const classes = model.labels.length;
  const rows: Float32Array[] = [];
  for (let first = 0; first < validation.length; first += VALIDATION_BATCH) {
    options.signal?.throwIfAborted();
    const part = validation.slice(first, first + VALIDATION_BATCH);
    const length = cache.featureLength / batches.jitter;
    const features = new Float32Array(VALIDATION_BATCH * length); // filled up, so that one session serves all
    part.forEach(({ path }, index) =>
      features.set(readMiddleFrames(cache, path, frames, batches.jitter), index * length),
    );
    const probabilities = tf.tidy(
      () => trainable.classify(tf.tensor(features, [VALIDATION_BATCH, frames, ...shape]), trainable.variables).clip,
    );
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    part.forEach((_, index) => rows.push(values.slice(index * classes, (index + 1) * classes)));
  }
  const labels = validation.map(({ label }) => label);
  const likelihood = rows.reduce((sum, row, index) => sum + (row[labels[index] as number] as number), 0) / rows.length;
  return { scores: scoreClassification(rows, labels, classes), likelihood };
}
