/** What a training of a classifier of texts begins with: new weights, or those of a classifier that was trained before. */
import { initializeEmbedding } from '../../layers/embedding.js';
import type { HostTensor } from '../../layers/parameters.js';
import {
  carriedSentimentParameters,
  createSentimentParameters,
  type SentimentConfig,
  SENTIMENT_EMBEDDING,
  validateSentimentConfig,
} from '../../models/sentiment/index.js';
import { note } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { requireFrequent } from '../../text/text-vocabulary.js';
import type { TextUnit } from '../../text/tokenizer.js';
import { UNKNOWN_ID, type Vocabulary, type VocabularySizes } from '../../text/vocabulary.js';
import type { HostTensors } from '../../training/parameters.js';
import { fingerprintWeights } from '../../training/weights.js';
import { loadWordVectors } from '../words/vectors.js';
import type { LabelledTextSource, SentimentData } from './data.js';
import { loadSentimentModel } from './model.js';
import { readVocabulary, type SentimentReading } from './tokens.js';

/** What a classifier of texts is made of. */
export interface SentimentModelOptions {
  readonly unit: TextUnit;
  /** Tokens that are read of a text at most: of a longer one its first and last halves. */
  readonly maximumLength: number;
  /** Words that occur less often are unknown. */
  readonly minimumCount: number;
  /** Only so many of the most frequent words are known. */
  readonly maximumWords?: number;
  /** Word vectors that the embedding starts from: a checkpoint of word vectors, or a file of word2vec or GloVe. */
  readonly wordVectors?: string;
  /**
   * A classifier to begin from: its weights, words, unit, length and architecture, of which `dropout` alone is that of `model`.
   * Words and classes that it does not have are added.
   */
  readonly startFrom?: string;
  /** The architecture. */
  readonly model: Omit<SentimentConfig, 'vocabularySize' | 'classes'>;
}

/** What is read of texts, and which words are known, where nothing else is said. */
export const sentimentReadingDefaults = {
  unit: 'word',
  maximumLength: 400,
  minimumCount: 3,
  maximumWords: 30_000,
} as const;

export interface SentimentBeginning {
  readonly reading: SentimentReading;
  readonly vocabulary: Vocabulary;
  readonly model: SentimentConfig;
  readonly initial: HostTensors;
  /** The classifier that it begins from, and what that one's weights are told apart by. */
  readonly startFrom?: { readonly checkpoint: string; readonly weights: string };
}

export interface BeginningOptions {
  readonly source: LabelledTextSource;
  readonly model: SentimentModelOptions;
  readonly seed: number;
}

/** Throws UserError when nothing is frequent enough, or what is to be begun from cannot be read. */
export function beginSentiment(options: BeginningOptions, data: SentimentData): Promise<SentimentBeginning> {
  const { startFrom } = options.model;
  return startFrom === undefined ? beginAnew(options, data) : beginFrom(startFrom, options, data);
}

/** Which words the texts make known. */
export function vocabularySizesOf({ minimumCount, maximumWords }: SentimentModelOptions): VocabularySizes {
  return { minimumCount, ...(maximumWords === undefined ? {} : { maximumSize: maximumWords }) };
}

async function beginAnew({ source, model: options, seed }: BeginningOptions, data: SentimentData) {
  const { unit, maximumLength, wordVectors } = options;
  const reading: SentimentReading = { unit, maximumLength };
  const vocabulary = readVocabulary(data.train, reading, vocabularySizesOf(options));
  requireFrequent(vocabulary, source.path, unit);
  const model = validateSentimentConfig(
    { ...options.model, vocabularySize: vocabulary.size, classes: data.labels.length },
    'model',
  );
  const drawn = createSentimentParameters(model, new Random(seed));
  const initial = wordVectors === undefined ? drawn : await withWordVectors(drawn, vocabulary, wordVectors);
  return { reading, vocabulary, model, initial };
}

/** `weights` with the vectors of the words that have one; the others start at random. */
async function withWordVectors(
  weights: Readonly<Record<string, HostTensor>>,
  { tokens }: Vocabulary,
  path: string,
): Promise<HostTensors> {
  const { vectors } = await loadWordVectors(path, tokens);
  const table = weights[SENTIMENT_EMBEDDING] as HostTensor;
  const { table: filled, found } = initializeEmbedding(table, tokens, vectors, path);
  note(`${path}: vectors for ${found} of ${tokens.length} words`);
  return { ...weights, [SENTIMENT_EMBEDDING]: filled };
}

/**
 * The architecture, words and weights of the classifier in `checkpoint`. Words that are new start as what it makes of unknown
 * ones, so that it says of texts what it said before; classes that are new start at random.
 */
async function beginFrom(
  checkpoint: string,
  { model: options, seed }: BeginningOptions,
  { train, labels }: SentimentData,
): Promise<SentimentBeginning> {
  const before = await loadSentimentModel(checkpoint);
  const { unit, maximumLength } = before.config;
  const reading: SentimentReading = { unit, maximumLength };
  const vocabulary = before.vocabulary.with(readVocabulary(train, reading, vocabularySizesOf(options)).tokens);
  const model: SentimentConfig = {
    ...before.config.model,
    dropout: options.model.dropout,
    vocabularySize: vocabulary.size,
    classes: labels.length,
  };
  const numbers = new Map(before.labels.map((label, number) => [label, number]));
  const initial = carriedSentimentParameters(model, before.weights, {
    words: { vocabularySize: vocabulary.size, unknownId: UNKNOWN_ID },
    classOf: (label) => numbers.get(labels[label] as string),
    random: new Random(seed),
  });
  const newWords = vocabulary.size - before.vocabulary.size;
  const newClasses = labels.filter((label) => !numbers.has(label));
  const added = [
    ...(newWords === 0 ? [] : [`${newWords.toLocaleString('en')} words`]),
    ...(newClasses.length === 0 ? [] : [`the classes ${newClasses.join(', ')}`]),
  ];
  if (added.length > 0) note(`${checkpoint}: ${added.join(' and ')} are new to it`);
  return {
    reading,
    vocabulary,
    model,
    initial,
    startFrom: { checkpoint, weights: fingerprintWeights(before.weights) },
  };
}
