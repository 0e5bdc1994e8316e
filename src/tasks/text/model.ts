/** A language model as it is saved: its weights, its vocabulary, what it reads, and what was held out of its training. */
import {
  type LanguageModelConfig,
  languageModelParameterShapes,
  validateLanguageModelConfig,
} from '../../models/language-model/index.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';
import { TEXT_UNITS, type TextUnit } from '../../text/tokenizer.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import { loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import { readVocabulary, VOCABULARY_FILE } from '../checkpoint-extras.js';
import { type HeldOut, parseHeldOut } from '../held-out.js';

const TEXT_TASK = 'language-model';

/** What a language model reads, and its architecture. */
export interface TextModelConfig {
  readonly unit: TextUnit;
  /** What was held out of training. */
  readonly split: HeldOut;
  readonly model: LanguageModelConfig;
}

/** A language model with its weights on the host. */
export interface TextModel {
  readonly config: TextModelConfig;
  readonly vocabulary: Vocabulary;
  readonly weights: HostTensors;
}

function parseConfig(value: JsonObject, where: string): TextModelConfig {
  const fields = requireFields(value, where);
  requireNames(fields, ['unit', 'split', 'model'], where);
  return {
    unit: fieldReader(fields, where).choice('unit', TEXT_UNITS),
    split: parseHeldOut(fields['split'], `${where}: split`),
    model: validateLanguageModelConfig(fields['model'], `${where}: model`),
  };
}

/** Reads the language model in `folder`. Throws UserError where it is missing, damaged or of another task. */
export async function loadTextModel(folder: string): Promise<TextModel> {
  const checkpoint = await loadCheckpoint(folder, {
    task: TEXT_TASK,
    expectedShapes: (config) => languageModelParameterShapes(parseConfig(config, folder).model),
  });
  const config = parseConfig(checkpoint.config, folder);
  const vocabulary = readVocabulary(checkpoint.extras, config.model.vocabularySize, folder);
  return { config, vocabulary, weights: checkpoint.weights };
}

/** Writes `model` into `folder`, whole or not at all. */
export async function saveTextModel(
  folder: string,
  { config, vocabulary, weights }: TextModel,
  options: { readonly modelCard: string; readonly precision: 'F32' | 'F16' },
): Promise<void> {
  await saveCheckpoint(folder, {
    task: TEXT_TASK,
    config: { ...config },
    weights,
    extras: { [VOCABULARY_FILE]: vocabulary.toJSON() },
    ...options,
  });
}
