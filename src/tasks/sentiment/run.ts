/** What one training of a classifier of texts consists of. */
import { initializeEmbedding } from '../../layers/embedding.js';
import type { HostTensor } from '../../layers/parameters.js';
import {
  createSentimentParameters,
  type SentimentConfig,
  SENTIMENT_EMBEDDING,
  validateSentimentConfig,
} from '../../models/sentiment/index.js';
import type { LabelledText } from '../../datasets/texts/index.js';
import { note } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { requireFrequent } from '../../text/text-vocabulary.js';
import type { TextUnit } from '../../text/tokenizer.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import type { TrainingFolderOptions } from '../training-folder.js';
import { loadWordVectors } from '../words/vectors.js';
import type { EncodedText } from './batches.js';
import { type LabelledTextSource, readSentimentData, type SentimentData, type SentimentValidation } from './data.js';
import type { SentimentModelConfig } from './model.js';
import type { SentimentRecipe } from './recipe.js';
import { encodeText, type SentimentReading, readVocabulary } from './tokens.js';

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
  /** The architecture; what is not given has its default. */
  readonly model: Omit<SentimentConfig, 'vocabularySize' | 'classes'>;
}

/** What is read of texts, and which words are known, where nothing else is said. */
export const sentimentReadingDefaults = {
  unit: 'word',
  maximumLength: 400,
  minimumCount: 3,
  maximumWords: 30_000,
} as const;

/** What one training of a classifier of texts is told. */
export interface TrainSentimentOptions extends TrainingFolderOptions {
  readonly source: LabelledTextSource;
  /** What is held out, to score each epoch by. Default: every tenth text. */
  readonly validation?: SentimentValidation;
  readonly model: SentimentModelOptions;
  readonly recipe: SentimentRecipe;
  readonly seed: number;
  /** How weights are saved. Default: half precision. */
  readonly precision?: 'F32' | 'F16';
}

export interface SentimentRun {
  readonly options: TrainSentimentOptions;
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
export async function prepareRun(options: TrainSentimentOptions): Promise<SentimentRun> {
  const { source, validation, recipe, seed } = options;
  const { unit, maximumLength, minimumCount, maximumWords, wordVectors } = options.model;
  const data = await readSentimentData(source, validation);
  const reading: SentimentReading = { unit, maximumLength };
  const sizes = { minimumCount, ...(maximumWords === undefined ? {} : { maximumSize: maximumWords }) };
  const vocabulary = readVocabulary(data.train, reading, sizes);
  requireFrequent(vocabulary, source.path, unit);
  const model = validateSentimentConfig(
    { ...options.model.model, vocabularySize: vocabulary.size, classes: data.labels.length },
    'model',
  );
  const config: SentimentModelConfig = { ...reading, split: data.split, data: data.sha256, model };
  const train = encodeAll(data.train, data, reading, vocabulary);
  const heldOut = encodeAll(data.heldOut, data, reading, vocabulary);
  const drawn = createSentimentParameters(model, new Random(seed));
  const initial = wordVectors === undefined ? drawn : await withWordVectors(drawn, vocabulary, wordVectors);
  const settings = { source, validation, config, vocabulary: sizes, wordVectors, recipe, seed };
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
