/** Bag-of-words logistic regression, trained on labelled texts and scored beside a classifier of texts. */
import * as tf from '@tensorflow/tfjs-core';
import { countLengthBatches, lengthBatches } from '../../datasets/length-batches.js';
import type { LabelledText } from '../../datasets/texts/index.js';
import {
  type Bags,
  bagOfWordsLogits,
  bagOfWordsLoss,
  createBagOfWordsParameters,
} from '../../models/bag-of-words/index.js';
import { fit } from '../../training/fit.js';
import { createVariables, disposeVariables, type TrainableParameters } from '../../training/parameters.js';
import { fitSettings, optimizationDefaults } from '../../training/recipe.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import { UNKNOWN_ID } from '../../text/vocabulary.js';
import { encodeText, type SentimentReading, readVocabulary } from './tokens.js';

/** Texts are read whole: a bag is no longer than the vocabulary. */
const READING: SentimentReading = { unit: 'word', maximumLength: Infinity };
const WORDS = { minimumCount: 2, maximumSize: 50_000 };
const RECIPE = {
  ...optimizationDefaults,
  epochs: 6,
  patience: 6,
  learningRate: 0.02,
  warmUpSteps: 0,
  weightDecay: 0.01,
};
const BATCH = 64;
const SEED = 1;
/** Numbers of words are rounded up to a multiple of this: each number is a graph of its own. */
const WORDS_STEP = 128;

interface Bag {
  readonly ids: Int32Array;
  readonly label: number;
}

/**
 * Trains on `train` and gives the probabilities of the classes (those of `labels`, by number) for each of `texts`.
 * Throws the signal's reason when it is aborted.
 */
export async function bagOfWordsProbabilities(
  train: readonly LabelledText[],
  texts: readonly LabelledText[],
  labels: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const vocabulary = readVocabulary(train, READING, WORDS);
  const bagOf = ({ text, label }: LabelledText): Bag => ({
    ids: differentWords(text, vocabulary),
    label: labels.indexOf(label),
  });
  const variables = createVariables(
    createBagOfWordsParameters({ vocabularySize: vocabulary.size, classes: labels.length }),
  );
  try {
    await trainOn(variables, train.map(bagOf), signal);
    return await predict(variables, texts.map(bagOf), labels.length, signal);
  } finally {
    disposeVariables(variables);
  }
}

function differentWords(text: string, vocabulary: Vocabulary): Int32Array {
  const ids = new Set(encodeText(text, READING, vocabulary));
  ids.delete(UNKNOWN_ID);
  return Int32Array.from(ids);
}

const lengthOf = ({ ids }: Bag): number => ids.length;

async function trainOn(variables: TrainableParameters, bags: readonly Bag[], signal?: AbortSignal): Promise<void> {
  await fit<readonly Bag[]>({
    parameters: variables,
    ...fitSettings(RECIPE, countLengthBatches(bags, BATCH)),
    seed: SEED,
    batches: ({ random }) => lengthBatches(bags, { batchSize: BATCH, lengthOf, random, fill: true }),
    loss: (batch, parameters) =>
      bagOfWordsLoss(
        parameters,
        inputOf(batch),
        tf.tensor1d(
          batch.map(({ label }) => label),
          'int32',
        ),
      ),
    validate: (epochs) => Promise.resolve({ score: epochs }),
    ...(signal === undefined ? {} : { signal }),
  });
  signal?.throwIfAborted();
}

function inputOf(bags: readonly Bag[]): Bags {
  const words = Math.ceil(Math.max(1, ...bags.map(lengthOf)) / WORDS_STEP) * WORDS_STEP;
  const ids = new Int32Array(bags.length * words);
  bags.forEach((bag, row) => ids.set(bag.ids, row * words));
  const counts = Float32Array.from(bags, (bag) => Math.max(1, bag.ids.length));
  return { ids: tf.tensor2d(ids, [bags.length, words], 'int32'), counts: tf.tensor1d(counts) };
}

async function predict(
  variables: TrainableParameters,
  bags: readonly Bag[],
  classes: number,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let from = 0; from < bags.length; from += BATCH) {
    signal?.throwIfAborted();
    const part = bags.slice(from, from + BATCH);
    const probabilities = tf.tidy(() => tf.softmax(bagOfWordsLogits(variables, inputOf(part))));
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    part.forEach((_, row) => rows.push(values.slice(row * classes, (row + 1) * classes)));
  }
  return rows;
}
