/** The architecture of a captioner: its type, its defaults, and the check of a config that was read from a file. */
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';
import { CELL_KINDS, type CellKind, MOST_LAYERS } from '../../layers/cells.js';

/**
 * How the image enters the decoder:
 * - `first-input`: as the first input word (Vinyals et al. 2015)
 * - `first-step`: as more input to the gates of the first step (Karpathy and Fei-Fei 2015)
 * - `every-step`: the same at every step (Mao et al. 2015; "inject" in Tanti et al. 2018)
 * - `soft`: additive attention on the grid (Xu et al. 2015)
 * - `topdown`: an attention cell and a language cell (Anderson et al. 2018)
 */
export type CaptionerEntry = 'first-input' | 'first-step' | 'every-step' | 'soft' | 'topdown';

/** All ways in which the image enters: see `CaptionerEntry`. */
export const CAPTIONER_ENTRIES: readonly CaptionerEntry[] = [
  'first-input',
  'first-step',
  'every-step',
  'soft',
  'topdown',
];

/**
 * What the next word is read from: the topmost cell's `state`, or that with what was attended and the word before (`deep`;
 * Xu et al. 2015, eq. 7).
 */
export type CaptionerReadout = 'state' | 'deep';

/** See `CaptionerReadout`. */
export const CAPTIONER_READOUTS: readonly CaptionerReadout[] = ['state', 'deep'];

/** Shares of values that are dropped during training, each in [0, 1). */
export interface CaptionerDropout {
  /** Of the embedded words. */
  readonly embedding: number;
  /** Of the projected image features. */
  readonly features: number;
  /** Of what one layer passes to the next. */
  readonly layers: number;
  /** Of what enters the output layer. */
  readonly output: number;
}

/** The architecture of a captioner. */
export interface CaptionerConfig {
  readonly entry: CaptionerEntry;
  readonly cell: CellKind;
  /** Whether the reset gate of `gru` acts after the matrix product. */
  readonly gruResetAfter: boolean;
  /** Whether `rnn` has a bias. */
  readonly rnnBias: boolean;
  /** Cells on top of each other; the attention cell of `topdown` comes on top of that count. */
  readonly layers: number;
  readonly hiddenSize: number;
  readonly embeddingSize: number;
  readonly vocabularySize: number;
  /** Channels of the image features. */
  readonly featureSize: number;
  /** Positions of the grid of image features. */
  readonly gridLength: number;
  /** What the features are projected to (dense, then relu) before anything else, once an image; 0 leaves them. */
  readonly featureProjection: number;
  /** Length of the vector in which `soft` and `topdown` compare state and position. */
  readonly attentionSize: number;
  readonly readout: CaptionerReadout;
  readonly dropout: CaptionerDropout;
  /** Whether the output layer uses the embedding's table (Press and Wolf 2017). */
  readonly tiedOutput: boolean;
  /** Whether the embedding stays as it was initialised. */
  readonly frozenEmbedding: boolean;
}

/** Everything but the size of the vocabulary, which the training data decides. */
export const captionerDefaults: Omit<CaptionerConfig, 'vocabularySize'> = {
  entry: 'soft',
  cell: 'gru', // ahead of an LSTM at every number of epochs: benchmarks/captions.md
  gruResetAfter: true,
  rnnBias: true,
  layers: 1,
  hiddenSize: 512,
  embeddingSize: 256,
  featureSize: 1280,
  gridLength: 49,
  featureProjection: 512,
  attentionSize: 256,
  readout: 'deep', // ahead of the state alone at every number of epochs: benchmarks/captions.md
  dropout: { embedding: 0.3, features: 0.3, layers: 0.3, output: 0.5 },
  tiedOutput: false,
  frozenEmbedding: false,
};

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateCaptionerConfig(value: unknown, where: string): CaptionerConfig {
  const fields = requireFields(value, where);
  const known = Object.keys({ ...captionerDefaults, vocabularySize: 0 });
  requireNames(fields, known, where);
  const reader = fieldReader(fields, where);
  return {
    entry: reader.choice('entry', CAPTIONER_ENTRIES),
    cell: reader.choice('cell', CELL_KINDS),
    gruResetAfter: reader.boolean('gruResetAfter'),
    rnnBias: reader.boolean('rnnBias'),
    layers: reader.integer('layers', 1, MOST_LAYERS),
    hiddenSize: reader.integer('hiddenSize', 1),
    embeddingSize: reader.integer('embeddingSize', 1),
    vocabularySize: reader.integer('vocabularySize', 2),
    featureSize: reader.integer('featureSize', 1),
    gridLength: reader.integer('gridLength', 1),
    featureProjection: reader.integer('featureProjection', 0),
    attentionSize: reader.integer('attentionSize', 1),
    // Checkpoints from before there was a choice have none.
    readout: fields.readout === undefined ? 'state' : reader.choice('readout', CAPTIONER_READOUTS),
    dropout: validateDropout(fields.dropout, `${where}.dropout`),
    tiedOutput: reader.boolean('tiedOutput'),
    frozenEmbedding: reader.boolean('frozenEmbedding'),
  };
}

function validateDropout(value: unknown, where: string): CaptionerDropout {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys(captionerDefaults.dropout), where);
  const { rate } = fieldReader(fields, where);
  return { embedding: rate('embedding'), features: rate('features'), layers: rate('layers'), output: rate('output') };
}
