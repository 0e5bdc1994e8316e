/** What one training of word vectors consists of, whatever its objective. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  type Word2VecArchitecture,
  validateWord2VecConfig,
  type Word2VecConfig,
  word2vecDefaults,
} from '../../models/word2vec/index.js';
import { given } from '../../shared/given.js';
import { requireStringsOf } from '../../shared/rules.js';
import type { CorpusSource } from '../../text/corpus.js';
import type { TrainingEnding } from '../../training/fit.js';
import type { EpochRecord } from '../../training/training-state.js';
import type { JsonObject } from '../../training/json-files.js';
import { DEFAULT_SEED, type TrainingFolderOptions } from '../training-folder.js';
import { corpusDefaults, type CorpusOptions, type WordCorpus } from './corpus.js';
import {
  type NegativeSamplingWordsRecipe,
  type SoftmaxWordsRecipe,
  type WordsRecipe,
  wordsRecipeDefaults,
} from './recipe.js';

/** One epoch's line in the log of negative sampling, which has no loss and no validation. */
export interface WordsEpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** Words that were gone through, and how fast. */
  readonly words: number;
  readonly seconds: number;
  readonly wordsPerSecond: number;
  /** At the end of the epoch. */
  readonly learningRate: number;
}

/** What one training of word vectors is told. */
export interface TrainWordsOptions extends TrainingFolderOptions {
  /** As of other trainings; of negative sampling it is told the words and their speed. */
  readonly onEpoch?: (record: EpochRecord | WordsEpochRecord) => void;
  readonly source: CorpusSource;
  /** What is left out is as in `corpusDefaults`. */
  readonly corpus?: Partial<CorpusOptions>;
  /** Default: skip-gram. */
  readonly architecture?: Word2VecArchitecture;
  /** Length of a word vector; default 100. */
  readonly embeddingSize?: number;
  /** What is left out is as in `wordsRecipeDefaults`; the objective is negative sampling unless it says another. */
  readonly recipe?:
    Partial<NegativeSamplingWordsRecipe> | (Partial<SoftmaxWordsRecipe> & { readonly objective: 'softmax' });
  /** Threads of negative sampling; with one, the same seed gives the same numbers in every run. Default: one a core. */
  readonly threads?: number;
  /** Of everything random; default 1. */
  readonly seed?: number;
  /** Files to write the vectors to in word2vec's formats: binary for names in `.bin`, else text. */
  readonly exports?: readonly string[];
}

/** A training of which nothing is left open. */
export interface WordsTraining
  extends Omit<Required<TrainWordsOptions>, keyof TrainingFolderOptions>, TrainingFolderOptions {
  readonly onEpoch?: (record: EpochRecord | WordsEpochRecord) => void;
  readonly corpus: CorpusOptions;
  readonly recipe: WordsRecipe;
}

/** `options` with the defaults for what they leave out. */
export function completeTraining(options: TrainWordsOptions): WordsTraining {
  requireStringsOf('source', ['path'], options.source);
  const { architecture, embeddingSize } = word2vecDefaults;
  const { corpus = {}, recipe = {}, seed = DEFAULT_SEED, ...rest } = options;
  return {
    ...{ architecture, embeddingSize, threads: availableParallelism(), exports: [] },
    ...given(rest),
    ...{ output: options.output, source: options.source, seed },
    corpus: { ...corpusDefaults, ...given(corpus) },
    recipe: completeRecipe(recipe),
  };
}

function completeRecipe(recipe: NonNullable<TrainWordsOptions['recipe']>): WordsRecipe {
  return recipe.objective === 'softmax'
    ? { ...wordsRecipeDefaults.softmax, ...given(recipe) }
    : { ...wordsRecipeDefaults['negative-sampling'], ...given(recipe) };
}

export interface WordsRun<Recipe extends WordsRecipe = WordsRecipe> {
  readonly options: WordsTraining & { readonly recipe: Recipe };
  readonly corpus: WordCorpus;
  readonly config: Word2VecConfig;
  /** The settings that decide the vectors: what `resume` must find as it was. */
  readonly settings: JsonObject;
}

/** How far a training of word vectors came. */
export interface WordsOutcome {
  readonly ending: TrainingEnding;
  /** Epochs done. */
  readonly epochs: number;
  /** Words of the vocabulary that were gone through in a second of training. */
  readonly wordsPerSecond: number;
}

/** Throws UserError for sizes out of range. */
export function createRun(options: WordsTraining, corpus: WordCorpus): WordsRun {
  const { source, architecture, embeddingSize, recipe, seed } = options;
  const { objective } = recipe;
  const sizes = { vocabularySize: corpus.words.length, embeddingSize };
  const config = validateWord2VecConfig({ architecture, objective, ...sizes }, 'word2vec');
  const vocabulary = createHash('sha256')
    .update(JSON.stringify([corpus.words, corpus.counts]))
    .digest('hex');
  const text = { words: corpus.textWords, vocabulary };
  const settings = { source, text, corpus: options.corpus, model: config, recipe, seed };
  return { options, corpus, config, settings: settings as unknown as JsonObject };
}
