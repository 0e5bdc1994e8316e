/** What a training of a language model begins with: new weights, or those of a model that was trained before. */
import {
  createLanguageModelParameters,
  grownLanguageModelParameters,
  type LanguageModelConfig,
  validateLanguageModelConfig,
  withParameterCount,
} from '../../models/language-model/index.js';
import { note } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { requireFrequent, textVocabulary } from '../../text/text-vocabulary.js';
import { splitText, type TextUnit } from '../../text/tokenizer.js';
import { UNKNOWN_ID, type Vocabulary, type VocabularySizes } from '../../text/vocabulary.js';
import type { HostTensors } from '../../training/parameters.js';
import { fingerprintWeights } from '../../training/weights.js';
import type { TextSource } from './corpus.js';
import { loadTextModel } from './model.js';

/** What decides the units, the architecture and the first weights. */
export interface TextBeginningOptions {
  readonly source: TextSource;
  readonly unit: TextUnit;
  /**
   * A model to begin from: its weights, units and architecture, of which `dropout` alone is that of `model`. Units that it does
   * not have are added; `unit` and `parameters` have no meaning then.
   */
  readonly startFrom?: string;
  /** Which units of the text are known. */
  readonly vocabulary?: VocabularySizes;
  readonly model: Omit<LanguageModelConfig, 'vocabularySize'>;
  /** Chooses the hidden size so that the model has about so many weights. */
  readonly parameters?: number;
  readonly seed: number;
}

export interface TextBeginning {
  readonly unit: TextUnit;
  readonly vocabulary: Vocabulary;
  readonly model: LanguageModelConfig;
  readonly initial: HostTensors;
  /** The model that it begins from, and what that one's weights are told apart by. */
  readonly startFrom?: { readonly checkpoint: string; readonly weights: string };
}

/** Throws UserError when nothing in `texts` is frequent enough, or what is to be begun from cannot be read. */
export function beginText(options: TextBeginningOptions, texts: readonly string[]): Promise<TextBeginning> {
  const { startFrom } = options;
  return startFrom === undefined ? Promise.resolve(beginAnew(options, texts)) : beginFrom(startFrom, options, texts);
}

const unitsOf = (unit: TextUnit, texts: readonly string[], { vocabulary }: TextBeginningOptions): Vocabulary =>
  textVocabulary(texts, (text) => splitText(text, unit), vocabulary);

function beginAnew(options: TextBeginningOptions, texts: readonly string[]): TextBeginning {
  const { unit, source, parameters, seed } = options;
  const vocabulary = unitsOf(unit, texts, options);
  requireFrequent(vocabulary, source.path, unit);
  const valid = validateLanguageModelConfig({ ...options.model, vocabularySize: vocabulary.size }, 'model');
  const model = parameters === undefined ? valid : withParameterCount(valid, parameters);
  return { unit, vocabulary, model, initial: createLanguageModelParameters(model, new Random(seed)) };
}

/** The architecture, units and weights of the model in `checkpoint`; units that are new to it start as unknown ones are there. */
async function beginFrom(
  checkpoint: string,
  options: TextBeginningOptions,
  texts: readonly string[],
): Promise<TextBeginning> {
  const before = await loadTextModel(checkpoint);
  const { unit } = before.config;
  const vocabulary = before.vocabulary.with(unitsOf(unit, texts, options).tokens);
  const model = { ...before.config.model, dropout: options.model.dropout, vocabularySize: vocabulary.size };
  const grown = { vocabularySize: vocabulary.size, unknownId: UNKNOWN_ID };
  const initial = grownLanguageModelParameters(model, before.weights, grown);
  const added = vocabulary.size - before.vocabulary.size;
  if (added > 0) note(`${checkpoint}: ${added.toLocaleString('en')} of the text's ${unit}s are new to it`);
  const startFrom = { checkpoint, weights: fingerprintWeights(before.weights) };
  return { unit, vocabulary, model, initial, startFrom };
}
