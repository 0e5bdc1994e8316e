/** What one training of a classifier of texts consists of. */
import type { LabelledText } from '../../datasets/texts/index.js';
import { sentimentDefaults } from '../../models/sentiment/index.js';
import { given } from '../../shared/given.js';
import { requireStringsOf } from '../../shared/rules.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import { DEFAULT_SEED, type TrainingFolderOptions } from '../training-folder.js';
import type { EncodedText } from './batches.js';
import {
  beginSentiment,
  type SentimentModelOptions,
  sentimentReadingDefaults,
  vocabularySizesOf,
} from './beginning.js';
import { type LabelledTextSource, readSentimentData, type SentimentData, type SentimentValidation } from './data.js';
import type { SentimentModelConfig } from './model.js';
import { type SentimentRecipe, sentimentRecipeDefaults } from './recipe.js';
import { encodeText, type SentimentReading } from './tokens.js';

/** What one training of a classifier of texts is told. */
export interface TrainSentimentOptions extends TrainingFolderOptions {
  readonly source: LabelledTextSource;
  /** What is held out, to score each epoch by. Default: every tenth text. */
  readonly validation?: SentimentValidation;
  /** What is left out is as in `sentimentReadingDefaults` and `sentimentDefaults`; the window of `last` pooling is 0. */
  readonly model?: Partial<Omit<SentimentModelOptions, 'model'>> & {
    readonly model?: Partial<SentimentModelOptions['model']>;
  };
  /** What is left out is as in `sentimentRecipeDefaults`. */
  readonly recipe?: Partial<SentimentRecipe>;
  /** Of everything random; default 1. */
  readonly seed?: number;
  /** How weights are saved. Default: half precision. */
  readonly precision?: 'F32' | 'F16';
}

/** A training of which nothing is left open. */
export interface SentimentTraining extends TrainSentimentOptions {
  readonly model: SentimentModelOptions;
  readonly recipe: SentimentRecipe;
  readonly seed: number;
}

/** `options` with the defaults for what they leave out. */
export function completeTraining(options: TrainSentimentOptions): SentimentTraining {
  requireStringsOf('source', ['path'], options.source);
  const { model: { model: architecture = {}, ...reading } = {}, recipe = {}, seed = DEFAULT_SEED } = options;
  const window = architecture.pooling === 'last' ? 0 : sentimentDefaults.window;
  return {
    ...options,
    model: {
      ...sentimentReadingDefaults,
      ...given(reading),
      model: { ...sentimentDefaults, window, ...given(architecture) },
    },
    recipe: { ...sentimentRecipeDefaults, ...given(recipe) },
    seed,
  };
}

export interface SentimentRun {
  readonly options: SentimentTraining;
  readonly config: SentimentModelConfig;
  readonly vocabulary: Vocabulary;
  readonly labels: readonly string[];
  readonly train: readonly EncodedText[];
  /** What each epoch is scored on: what is held out, or else what is trained on. */
  readonly scored: readonly EncodedText[];
  readonly initial: HostTensors;
  /** The settings that decide the weights: what `resume` must find as it was. */
  readonly settings: JsonObject;
}

/** Reads the texts and decides what is trained. Throws UserError for what the user can mend. */
export async function prepareRun(options: SentimentTraining): Promise<SentimentRun> {
  const { source, validation, recipe, seed } = options;
  const { wordVectors } = options.model;
  const data = await readSentimentData(source, validation);
  const { reading, vocabulary, model, initial, startFrom } = await beginSentiment(options, data);
  const config: SentimentModelConfig = { ...reading, split: data.split, data: data.sha256, model };
  const train = encodeAll(data.train, data, reading, vocabulary);
  const heldOut = encodeAll(data.heldOut, data, reading, vocabulary);
  const sizes = vocabularySizesOf(options.model);
  const settings = { source, validation, config, vocabulary: sizes, wordVectors, startFrom, recipe, seed };
  return {
    options,
    config,
    vocabulary,
    labels: data.labels,
    train,
    scored: heldOut.length > 0 ? heldOut : train,
    initial,
    settings: JSON.parse(JSON.stringify(settings)) as JsonObject,
  };
}

/** The texts in numbers; those without a word are left out. */
function encodeAll(
  texts: readonly LabelledText[],
  { labels }: SentimentData,
  reading: SentimentReading,
  vocabulary: Vocabulary,
): readonly EncodedText[] {
  const numbers = new Map(labels.map((label, number) => [label, number]));
  return texts
    .map(({ text, label }) => ({ ids: encodeText(text, reading, vocabulary), label: numbers.get(label) as number }))
    .filter(({ ids }) => ids.length > 0);
}
