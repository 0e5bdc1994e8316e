/** Trains word vectors by the full softmax, with the fit loop that every other model has. */
import * as tf from '@tensorflow/tfjs-core';
import {
  createWord2VecParameters,
  INPUT_TABLE,
  keepThresholds,
  OUTPUT_TABLE,
  softmaxLoss,
} from '../../models/word2vec/index.js';
import { note } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { fit } from '../../training/fit.js';
import { createVariables, disposeVariables, readTensors, type TrainableParameters } from '../../training/parameters.js';
import { fitSettings } from '../../training/recipe.js';
import type { HostTensor } from '../../training/safetensors.js';
import { saveWordModel } from './model.js';
import { describeWords } from './model-card.js';
import type { SoftmaxWordsRecipe } from './recipe.js';
import { folderSettings, saveSettings } from '../training-folder.js';
import type { WordsOutcome, WordsRun } from './run.js';
import { type WindowBatch, windowBatches } from './window-batches.js';

/** Batches of the text whose loss is the score of an epoch. */
const SCORED_BATCHES = 20;

type Run = WordsRun<SoftmaxWordsRecipe>;

export async function trainSoftmax(run: Run): Promise<WordsOutcome> {
  const variables = createVariables(createWord2VecParameters(run.config, new Random(run.options.seed)));
  try {
    return await fitVariables(run, variables);
  } finally {
    disposeVariables(variables);
  }
}

async function fitVariables(run: Run, variables: TrainableParameters): Promise<WordsOutcome> {
  const { options, corpus, settings } = run;
  const { output, recipe, seed } = options;
  const thresholds = keepThresholds(corpus.counts, recipe.subsample);
  const batchesFor = (random: Random): Generator<WindowBatch> =>
    windowBatches(corpus, { ...recipe, keepThresholds: thresholds, random });
  const { ending, history } = await fit<WindowBatch>({
    parameters: variables,
    ...fitSettings(recipe, stepsPerEpoch(run, thresholds)),
    ...(await folderSettings(options, settings, variables)),
    seed,
    batches: ({ skip, random }) => afterFirst(batchesFor(random), skip),
    loss: (batch, parameters) => lossOf(run, batch, parameters),
    countTokens: ({ words }) => words,
    async validate(epoch) {
      const loss = await meanLoss(run, variables, batchesFor(new Random(seed)));
      note(`epoch ${epoch} of ${recipe.epochs}: loss ${loss.toFixed(4)} on the first ${SCORED_BATCHES} batches`);
      return { score: -loss, metrics: { loss } };
    },
    async saveBest({ epoch }) {
      const weights = await readTensors(variables);
      const { [INPUT_TABLE]: input, [OUTPUT_TABLE]: predicting } = weights as Record<string, HostTensor>;
      const { words, counts } = corpus;
      const model = { config: run.config, words, counts, input: input as HostTensor, output: predicting as HostTensor };
      await saveWordModel(output, model, { modelCard: describeWords(run, epoch) });
      await saveSettings(output, settings);
    },
  });
  const seconds = history.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0);
  const words = history.length * corpus.tokens.length;
  return { ending, epochs: history.length, wordsPerSecond: seconds === 0 ? 0 : words / seconds };
}

/** About: which words are kept is drawn anew in every epoch. */
function stepsPerEpoch({ options, corpus }: Run, thresholds: Float64Array): number {
  const kept = corpus.counts.reduce((sum, count, word) => sum + (count * (thresholds[word] as number)) / 2 ** 32, 0);
  return Math.max(1, Math.ceil(kept / options.recipe.batchSize));
}

function* afterFirst<T>(items: Iterable<T>, count: number): Generator<T> {
  let passed = 0;
  for (const item of items) if (++passed > count) yield item;
}

function lossOf({ config }: Run, batch: WindowBatch, parameters: TrainableParameters): tf.Scalar {
  const { places, around } = batch;
  return softmaxLoss(config.architecture, parameters, {
    centers: tf.tensor1d(batch.centers, 'int32'),
    contexts: tf.tensor2d(batch.contexts, [places, around], 'int32'),
    mask: tf.tensor2d(batch.mask, [places, around]),
  });
}

/** The mean loss of the first batches, weighted by their words. */
async function meanLoss(run: Run, parameters: TrainableParameters, batches: Iterable<WindowBatch>): Promise<number> {
  let [sum, words, count] = [0, 0, 0];
  for (const batch of batches) {
    const loss = tf.tidy(() => lossOf(run, batch, parameters));
    sum += ((await loss.data())[0] as number) * batch.words;
    words += batch.words;
    loss.dispose();
    if (++count === SCORED_BATCHES) break;
  }
  return sum / words;
}
