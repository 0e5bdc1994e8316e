/** The architecture of a language model: its type, its defaults, and the check of a config that was read from a file. */
import { CELL_KINDS, type CellKind, MOST_LAYERS } from '../../layers/cells.js';
import { UserError } from '../../shared/errors.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';

/**
 * What remembers the tokens before: a recurrent cell, or `feed-forward`, which sees the last `context` tokens and no more
 * (Bengio et al. 2003): the baseline that shows what recurrence is for.
 */
export type LanguageModelKind = CellKind | 'feed-forward';
/** See `LanguageModelKind`. */
export const LANGUAGE_MODEL_KINDS: readonly LanguageModelKind[] = [...CELL_KINDS, 'feed-forward'];

/** How a token enters: as a vector with a single 1, or as its row of a learned table. */
export const TOKEN_INPUTS = ['one-hot', 'embedding'] as const;
/** See `TOKEN_INPUTS`. */
export type TokenInput = (typeof TOKEN_INPUTS)[number];

/** The architecture of a language model. */
export interface LanguageModelConfig {
  readonly kind: LanguageModelKind;
  readonly input: TokenInput;
  /** Layers on top of each other. */
  readonly layers: number;
  readonly hiddenSize: number;
  /** Length of an embedded token; without meaning for one-hot input. */
  readonly embeddingSize: number;
  readonly vocabularySize: number;
  /** Tokens that `feed-forward` sees; without meaning for the others. */
  readonly context: number;
  /** The share of values dropped during training of what enters a layer (not of one-hot input) and the output layer. */
  readonly dropout: number;
  /** Whether the output layer uses the embedding's table (Press and Wolf 2017). */
  readonly tiedOutput: boolean;
}

/** Everything but the size of the vocabulary, which the training data decides. */
export const languageModelDefaults: Omit<LanguageModelConfig, 'vocabularySize'> = {
  kind: 'lstm',
  input: 'one-hot',
  layers: 2,
  hiddenSize: 256,
  embeddingSize: 128,
  context: 10,
  dropout: 0,
  tiedOutput: false,
};

const LARGEST_VECTOR = 100_000;

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateLanguageModelConfig(value: unknown, where: string): LanguageModelConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys({ ...languageModelDefaults, vocabularySize: 0 }), where);
  const reader = fieldReader(fields, where);
  const config: LanguageModelConfig = {
    kind: reader.choice('kind', LANGUAGE_MODEL_KINDS),
    input: reader.choice('input', TOKEN_INPUTS),
    layers: reader.integer('layers', 1, MOST_LAYERS),
    hiddenSize: reader.integer('hiddenSize', 1, LARGEST_VECTOR),
    embeddingSize: reader.integer('embeddingSize', 1, LARGEST_VECTOR),
    vocabularySize: reader.integer('vocabularySize', 2, 50_000_000),
    context: reader.integer('context', 1, 10_000),
    dropout: reader.rate('dropout'),
    tiedOutput: reader.boolean('tiedOutput'),
  };
  if (config.input === 'one-hot' && (config.tiedOutput || config.kind === 'feed-forward')) {
    const what = config.tiedOutput ? 'a tied output layer' : 'a feed-forward model';
    throw new UserError(`${where}: ${what} needs an embedding (choose the input "embedding")`, { exitCode: 2 });
  }
  return config;
}
