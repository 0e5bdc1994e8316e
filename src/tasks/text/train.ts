/** Trains a language model on a text and leaves the best of it, by what is held out, in a checkpoint folder. */
import * as tf from '@tensorflow/tfjs-core';
import { countLanguageModelParameters, languageModelLoss } from '../../models/language-model/index.js';
import { counted } from '../../shared/counted.js';
import { note } from '../../shared/log.js';
import { type BatchRequest, fit, type FitOptions, type StepContext, type TrainingEnding } from '../../training/fit.js';
import { createVariables, disposeVariables, readTensors, type TrainableParameters } from '../../training/parameters.js';
import { fitSettings } from '../../training/recipe.js';
import { countSequenceBatches, countWindowBatches, sequenceBatches, type TextBatch, windowBatches } from './batches.js';
import { CarriedState } from './carried-state.js';
import { describeHeldOut } from '../held-out.js';
import { folderSettings, requireFreshFolder, saveSettings } from '../training-folder.js';
import { saveTextModel } from './model.js';
import { describeTextModel } from './model-card.js';
import { completeTraining, prepareRun, type TextRun, type TrainTextOptions } from './run.js';
import { scoreSequences } from './score.js';

export type { TextBeginningOptions } from './beginning.js';
export { DEFAULT_TEXT_UNIT, type TrainTextOptions } from './run.js';

/** How a training of a language model ended. */
export interface TrainTextResult {
  readonly ending: TrainingEnding;
  readonly checkpoint: string;
  /** Weights of the model. */
  readonly parameters: number;
  /** The epoch whose weights are saved, and its scores. */
  readonly epoch: number;
  readonly scores: Readonly<Record<string, number>>;
  /** Units that were trained on in a second of training. */
  readonly unitsPerSecond: number;
}

/**
 * Trains a language model. Throws UserError for what the user can mend.
 *
 * @example
 * await trainText({ source: { path: 'shakespeare.txt' }, recipe: { epochs: 5 }, output: 'checkpoints/shakespeare' });
 */
export async function trainText(options: TrainTextOptions): Promise<TrainTextResult> {
  requireFreshFolder(options);
  const run = await prepareRun(completeTraining(options));
  const parameters = countLanguageModelParameters(run.config.model);
  const units = run.train.reduce((sum, { length }) => sum + length - 2, 0);
  note(
    `training ${counted(parameters, 'weight')} on ${counted(units, 'unit')} of ` +
      `${counted(run.train.length, 'document')}; held out: ${describeHeldOut(run.config.split)}`,
  );
  const variables = createVariables(run.initial);
  const carried = new CarriedState();
  try {
    const { ending, best, history } = await fit(await fitOptions(run, variables, carried));
    const [seconds, tokens] = [sum(history.map((e) => e.trainingSeconds)), sum(history.map((e) => e.tokens))];
    return {
      ending,
      checkpoint: options.output,
      parameters,
      epoch: best?.epoch ?? 0,
      scores: best?.metrics ?? {},
      unitsPerSecond: seconds === 0 ? 0 : tokens / seconds,
    };
  } finally {
    carried.reset();
    disposeVariables(variables);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function fitOptions(
  run: TextRun,
  variables: TrainableParameters,
  carried: CarriedState,
): Promise<FitOptions<TextBatch>> {
  const { options, settings, config } = run;
  const { output, recipe, seed, signal } = options;
  return {
    parameters: variables,
    ...fitSettings(recipe, stepsPerEpoch(run)),
    seed,
    batches: (request) => batchesOf(run, request, carried),
    loss: (batch, parameters, context) => lossOf(run, batch, parameters, context, carried),
    countTokens: ({ counted }) => counted,
    async validate(epoch) {
      const metrics = await validationOf(run, variables, signal);
      note(
        `epoch ${epoch} of ${recipe.epochs}: ${metrics.nats.toFixed(4)} nats ` +
          `(${(metrics.nats / Math.LN2).toFixed(4)} bits) per ${config.unit}`,
      );
      return { score: -metrics.nats, metrics };
    },
    async saveBest(record) {
      const model = { config, vocabulary: run.vocabulary, weights: await readTensors(variables) };
      const modelCard = describeTextModel(run, record);
      await saveTextModel(output, model, { modelCard, precision: options.precision ?? 'F16' });
      await saveSettings(output, settings);
    },
    carried,
    ...(await folderSettings(options, settings, variables)),
  };
}

function stepsPerEpoch({ options: { recipe }, train, stretches }: TextRun): number {
  const { bptt, batchSize } = recipe;
  if (bptt === 'sequence') return countSequenceBatches(stretches, batchSize);
  return countWindowBatches(train, batchSize, bptt);
}

function* batchesOf(run: TextRun, { skip, random }: BatchRequest, carried: CarriedState): Generator<TextBatch> {
  const { bptt, batchSize } = run.options.recipe;
  const all =
    bptt === 'sequence'
      ? sequenceBatches(run.stretches, { batchSize, random })
      : windowBatches(run.train, { batchSize, window: bptt, random });
  let passed = 0;
  for (const batch of all) {
    if (passed++ < skip) continue;
    if (batch.fresh) carried.reset();
    yield batch;
    carried.advance();
  }
}

function lossOf(
  { options: { recipe }, config: { model } }: TextRun,
  { tokens, targets, time, rows }: TextBatch,
  parameters: TrainableParameters,
  { dropoutSeed }: StepContext,
  carried: CarriedState,
): tf.Tensor {
  const state = carried.current;
  const result = languageModelLoss(model, parameters, {
    tokens: tf.tensor2d(tokens, [time, rows], 'int32'),
    targets: tf.tensor2d(targets, [time, rows], 'int32'),
    dropoutSeed,
    sampleSeed: dropoutSeed,
    feedback: recipe.feedback,
    ...(state === undefined ? {} : { state }),
  });
  if (recipe.bptt !== 'sequence') carried.keep(result.state);
  return result.loss;
}

async function validationOf(
  { config, scored }: TextRun,
  variables: TrainableParameters,
  signal: AbortSignal | undefined,
): Promise<{ readonly nats: number; readonly perplexity: number }> {
  const { nats, units } = await scoreSequences(config.model, variables, scored, {
    ...(signal === undefined ? {} : { signal }),
  });
  const perUnit = nats / Math.max(1, units);
  return { nats: perUnit, perplexity: Math.exp(perUnit) };
}
