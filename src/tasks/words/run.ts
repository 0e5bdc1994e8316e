/** What one training of word vectors consists of, whatever its objective. */
import { createHash } from 'node:crypto';
import { type Word2VecArchitecture, validateWord2VecConfig, type Word2VecConfig } from '../../models/word2vec/index.js';
import type { CorpusSource } from '../../text/corpus.js';
import type { TrainingEnding } from '../../training/fit.js';
import type { EpochRecord } from '../../training/training-state.js';
import type { JsonObject } from '../../training/json-files.js';
import type { TrainingFolderOptions } from '../training-folder.js';
import type { CorpusOptions, WordCorpus } from './corpus.js';
import type { WordsRecipe } from './recipe.js';

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
  readonly corpus: CorpusOptions;
  readonly architecture: Word2VecArchitecture;
  /** Length of a word vector. */
  readonly embeddingSize: number;
  readonly recipe: WordsRecipe;
  /** Threads of negative sampling; with one, the same seed gives the same numbers in every run. */
  readonly threads: number;
  readonly seed: number;
  /** Files to write the vectors to in word2vec's formats: binary for names in `.bin`, else text. */
  readonly exports?: readonly string[];
}

export interface WordsRun<Recipe extends WordsRecipe = WordsRecipe> {
  readonly options: TrainWordsOptions & { readonly recipe: Recipe };
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
export function createRun(options: TrainWordsOptions, corpus: WordCorpus): WordsRun {
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
