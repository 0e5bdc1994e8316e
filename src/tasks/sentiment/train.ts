/** Trains a classifier of texts and leaves the best of it, by what is held out, in a checkpoint folder. */
import * as tf from '@tensorflow/tfjs-core';
import { countLengthBatches } from '../../datasets/length-batches.js';
import { macroF1, scoreClassification } from '../../metrics/classification.js';
import { classifyTexts, countSentimentParameters, sentimentLoss } from '../../models/sentiment/index.js';
import { note } from '../../shared/log.js';
import { fit, type FitOptions, type TrainingEnding } from '../../training/fit.js';
import { createVariables, disposeVariables, readTensors, type TrainableParameters } from '../../training/parameters.js';
import { fitSettings } from '../../training/recipe.js';
import { folderSettings, requireFreshFolder, saveSettings } from '../training-folder.js';
import { inputOf, type TrainingBatch, trainingBatches } from './batches.js';
import { classifyAll } from './classify.js';
import { describeValidation } from './data.js';
import { saveSentimentModel } from './model.js';
import { describeSentimentModel } from './model-card.js';
import { completeTraining, prepareRun, type SentimentRun, type TrainSentimentOptions } from './run.js';

export { type SentimentModelOptions, sentimentReadingDefaults } from './beginning.js';
export type { TrainSentimentOptions } from './run.js';

/** How a training of a classifier of texts ended. */
export interface TrainSentimentResult {
  readonly ending: TrainingEnding;
  readonly checkpoint: string;
  /** Weights of the model. */
  readonly parameters: number;
  /** The epoch whose weights are saved, and its scores. */
  readonly epoch: number;
  readonly scores: Readonly<Record<string, number>>;
}

/** The mean probability of the right class decides between epochs of equal accuracy. */
const TIE_BREAK = 1e-3;

/**
 * Trains a classifier of texts. Throws UserError for what the user can mend.
 *
 * @example
 * await trainSentiment({ source: { path: 'reviews.csv' }, recipe: { epochs: 4 }, output: 'checkpoints/reviews' });
 */
export async function trainSentiment(options: TrainSentimentOptions): Promise<TrainSentimentResult> {
  requireFreshFolder(options);
  const run = await prepareRun(completeTraining(options));
  const parameters = countSentimentParameters(run.config.model);
  note(
    `training ${parameters.toLocaleString('en')} weights on ${run.train.length.toLocaleString('en')} texts of ` +
      `${run.labels.length} classes; held out: ${describeValidation(options.validation)}`,
  );
  const variables = createVariables(run.initial);
  try {
    const { ending, best } = await fit(await fitOptions(run, variables));
    return { ending, checkpoint: options.output, parameters, epoch: best?.epoch ?? 0, scores: best?.metrics ?? {} };
  } finally {
    disposeVariables(variables);
  }
}

async function fitOptions(run: SentimentRun, variables: TrainableParameters): Promise<FitOptions<TrainingBatch>> {
  const { options, settings, config, train, vocabulary, labels } = run;
  const { output, recipe, seed } = options;
  const { batchSize, wordDropout, labelSmoothing } = recipe;
  return {
    parameters: variables,
    ...fitSettings(recipe, countLengthBatches(train, batchSize)),
    seed,
    batches: ({ skip, random }) =>
      trainingBatches(train, { config: config.model, batchSize, wordDropout, random, skip }),
    loss: (batch, parameters, { dropoutSeed }) =>
      sentimentLoss(
        config.model,
        parameters,
        { ...inputOf(batch), labels: tf.tensor1d(batch.labels, 'int32'), dropoutSeed },
        { labelSmoothing },
      ),
    countTokens: ({ lengths }) => lengths.reduce((sum, length) => sum + length, 0),
    async validate(epoch, signal) {
      const metrics = await validationOf(run, variables, signal);
      const [accuracy, f1] = [metrics.accuracy, metrics.macroF1].map((value) => (100 * value).toFixed(2));
      note(`epoch ${epoch} of ${recipe.epochs}: accuracy ${accuracy} %, macro F1 ${f1} %`);
      return { score: metrics.accuracy + TIE_BREAK * metrics.likelihood, metrics };
    },
    async saveBest(record) {
      const model = { config, vocabulary, labels, weights: await readTensors(variables) };
      const modelCard = describeSentimentModel(run, record);
      await saveSentimentModel(output, model, { modelCard, precision: options.precision ?? 'F16' });
      await saveSettings(output, settings);
    },
    ...(await folderSettings(options, settings, variables)),
  };
}

interface SentimentMetrics extends Readonly<Record<string, number>> {
  readonly accuracy: number;
  readonly macroF1: number;
  /** The mean probability of the right class. */
  readonly likelihood: number;
}

async function validationOf(
  { config: { model }, scored }: SentimentRun,
  variables: TrainableParameters,
  signal: AbortSignal | undefined,
): Promise<SentimentMetrics> {
  const rows = await classifyAll(
    model,
    (tokens, lengths) => classifyTexts(model, variables, { tokens, lengths }),
    scored.map(({ ids }) => ids),
    signal === undefined ? {} : { signal },
  );
  const labels = scored.map(({ label }) => label);
  const scores = scoreClassification(rows, labels, model.classes);
  const likelihood = rows.reduce((sum, row, index) => sum + (row[labels[index] as number] as number), 0) / rows.length;
  return { accuracy: scores.top1, macroF1: macroF1(scores.confusion), likelihood };
}
