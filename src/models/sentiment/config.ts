/** The architecture of a classifier of texts: its type, its defaults, and the check of a config that was read from a file. */
import { CELL_KINDS, type CellKind, MOST_LAYERS } from '../../layers/cells.js';
import { type Pooling, POOLINGS } from '../../layers/pooling.js';
import { UserError } from '../../shared/errors.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';

/** Shares of values that are dropped during training, each in [0, 1). */
export interface SentimentDropout {
  /** Of the embedded tokens. */
  readonly embedding: number;
  /** Of what one layer passes to the next. */
  readonly layers: number;
  /** Of what enters the output layer. */
  readonly output: number;
}

/** The architecture of a classifier of texts. */
export interface SentimentConfig {
  readonly cell: CellKind;
  /** Cells on top of each other. */
  readonly layers: number;
  readonly hiddenSize: number;
  /** Whether each layer also runs from the end to the beginning (Schuster and Paliwal 1997). */
  readonly bidirectional: boolean;
  /** How the cells' outputs become one vector. */
  readonly pooling: Pooling;
  readonly embeddingSize: number;
  readonly vocabularySize: number;
  /** The cells start from nothing every so many tokens, and all their outputs are pooled; 0: they read through. */
  readonly window: number;
  readonly classes: number;
  readonly dropout: SentimentDropout;
}

/** Everything but what the training data decides. */
export const sentimentDefaults: Omit<SentimentConfig, 'vocabularySize' | 'classes'> = {
  cell: 'lstm',
  layers: 1,
  hiddenSize: 64,
  bidirectional: true,
  pooling: 'mean',
  embeddingSize: 100,
  window: 50,
  dropout: { embedding: 0.3, layers: 0.3, output: 0.5 },
};

const LONGEST_WINDOW = 2_000;

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateSentimentConfig(value: unknown, where: string): SentimentConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys({ ...sentimentDefaults, vocabularySize: 0, classes: 0 }), where);
  const reader = fieldReader(fields, where);
  const config: SentimentConfig = {
    cell: reader.choice('cell', CELL_KINDS),
    layers: reader.integer('layers', 1, MOST_LAYERS),
    hiddenSize: reader.integer('hiddenSize', 1),
    bidirectional: reader.boolean('bidirectional'),
    pooling: reader.choice('pooling', POOLINGS),
    embeddingSize: reader.integer('embeddingSize', 1),
    vocabularySize: reader.integer('vocabularySize', 2, 50_000_000),
    window: reader.integer('window', 0, LONGEST_WINDOW),
    classes: reader.integer('classes', 2),
    dropout: validateDropout(fields['dropout'], `${where}.dropout`),
  };
  if (config.pooling === 'last' && config.window > 0) {
    throw new UserError(
      `${where}: the last output of cells that start anew every ${config.window} tokens knows the last window only ` +
        '(choose the window 0, or another pooling)',
      { exitCode: 2 },
    );
  }
  return config;
}

function validateDropout(value: unknown, where: string): SentimentDropout {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys(sentimentDefaults.dropout), where);
  const { rate } = fieldReader(fields, where);
  return { embedding: rate('embedding'), layers: rate('layers'), output: rate('output') };
}
