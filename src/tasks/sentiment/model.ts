/** A classifier of texts as it is saved: its weights, vocabulary and labels, what it reads, and what was held out. */
import {
  type SentimentConfig,
  sentimentParameterShapes,
  validateSentimentConfig,
} from '../../models/sentiment/index.js';
import { UserError } from '../../shared/errors.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';
import { TEXT_UNITS } from '../../text/tokenizer.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import { loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import { LABELS_FILE, readLabels, readVocabulary, VOCABULARY_FILE } from '../checkpoint-extras.js';
import { type HeldOut, parseHeldOut } from '../held-out.js';
import type { SentimentReading } from './tokens.js';

const SENTIMENT_TASK = 'sentiment';

/** What a classifier reads of texts, what was held out of its training, and its architecture. */
export interface SentimentModelConfig extends SentimentReading {
  /** What was held out of training, of the data of this fingerprint. */
  readonly split: HeldOut;
  readonly data: string;
  readonly model: SentimentConfig;
}

/** A classifier of texts with its weights on the host. */
export interface SentimentModel {
  readonly config: SentimentModelConfig;
  readonly vocabulary: Vocabulary;
  /** The classes by number. */
  readonly labels: readonly string[];
  readonly weights: HostTensors;
}

function parseConfig(value: JsonObject, where: string): SentimentModelConfig {
  const fields = requireFields(value, where);
  requireNames(fields, ['unit', 'maximumLength', 'split', 'data', 'model'], where);
  const reader = fieldReader(fields, where);
  const { data } = fields;
  if (typeof data !== 'string')
    throw new UserError(`${where}.data: expected a fingerprint, got ${JSON.stringify(data)}`);
  return {
    unit: reader.choice('unit', TEXT_UNITS),
    maximumLength: reader.integer('maximumLength', 1),
    split: parseHeldOut(fields['split'], `${where}: split`),
    data,
    model: validateSentimentConfig(fields['model'], `${where}: model`),
  };
}

/** Reads the classifier in `folder`. Throws UserError where it is missing, damaged, of another task or a newer format. */
export async function loadSentimentModel(folder: string): Promise<SentimentModel> {
  const {
    config: saved,
    extras,
    weights,
  } = await loadCheckpoint(folder, {
    task: SENTIMENT_TASK,
    expectedShapes: (config) => sentimentParameterShapes(parseConfig(config, folder).model),
  });
  const config = parseConfig(saved, folder);
  return {
    config,
    vocabulary: readVocabulary(extras, config.model.vocabularySize, folder),
    labels: readLabels(extras, config.model.classes, folder),
    weights,
  };
}

/** Writes `model` into `folder`, whole or not at all. */
export async function saveSentimentModel(
  folder: string,
  { config, vocabulary, labels, weights }: SentimentModel,
  options: { readonly modelCard: string; readonly precision: 'F32' | 'F16' },
): Promise<void> {
  await saveCheckpoint(folder, {
    task: SENTIMENT_TASK,
    config: { ...config },
    weights,
    extras: { [VOCABULARY_FILE]: vocabulary.toJSON(), [LABELS_FILE]: labels },
    ...options,
  });
}
