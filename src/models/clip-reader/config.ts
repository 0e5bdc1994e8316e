/**
 * The part of video models that reads a clip: from an encoder's features of its frames to a vector a frame, then through
 * recurrent cells. Its config type and defaults; a model that builds on it adds what it makes of the cells' outputs.
 */
import { CELL_KINDS, type CellKind, MOST_LAYERS } from '../../layers/cells.js';
import { fieldReader, type FieldReader, type Fields, requireFields, requireNames } from '../../shared/fields.js';

/** Shares of values that are dropped during training, each in [0, 1). */
export interface ClipReaderDropout {
  /** Of a frame's vector. */
  readonly features: number;
  /** Of what one layer passes to the next. */
  readonly layers: number;
}

/** The architecture of what reads a clip. */
export interface ClipReaderConfig {
  readonly cell: CellKind;
  /** Cells on top of each other. */
  readonly layers: number;
  readonly hiddenSize: number;
  /** Whether each layer also runs from the end to the beginning (Schuster and Paliwal 1997). */
  readonly bidirectional: boolean;
  /**
   * Whether what changed since the frame before is part of a frame's vector: the difference at each place, or without
   * places the difference of the means and the mean of how much changed at places.
   */
  readonly motion: boolean;
  /** Channels of the encoder's features. */
  readonly featureSize: number;
  /** Positions of the encoder's grid; 1 where its mean is taken before. */
  readonly gridLength: number;
  /** What each position is projected to (dense, then relu), so that where things are is kept; 0 takes their mean. */
  readonly positionSize: number;
  /** What a frame's vector is projected to (dense, then relu); 0 leaves it. */
  readonly projectionSize: number;
  readonly dropout: ClipReaderDropout;
}

/** For the whole grid of MobileNet V2 1.0/224. */
export const clipReaderDefaults: ClipReaderConfig = {
  cell: 'gru',
  layers: 1,
  hiddenSize: 256,
  bidirectional: false,
  motion: false,
  featureSize: 1280,
  gridLength: 49,
  positionSize: 0,
  projectionSize: 256,
  dropout: { features: 0.3, layers: 0.3 },
};

/** The fields of a clip reader, checked, without its dropout. Throws `UserError`. */
export function readClipReaderFields(reader: FieldReader): Omit<ClipReaderConfig, 'dropout'> {
  return {
    cell: reader.choice('cell', CELL_KINDS),
    layers: reader.integer('layers', 1, MOST_LAYERS),
    hiddenSize: reader.integer('hiddenSize', 1),
    bidirectional: reader.boolean('bidirectional'),
    motion: reader.boolean('motion'),
    featureSize: reader.integer('featureSize', 1),
    gridLength: reader.integer('gridLength', 1),
    positionSize: reader.integer('positionSize', 0),
    projectionSize: reader.integer('projectionSize', 0),
  };
}

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateClipReaderConfig(value: unknown, where: string): ClipReaderConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys(clipReaderDefaults), where);
  const rates: Fields = requireFields(fields['dropout'], `${where}.dropout`);
  requireNames(rates, Object.keys(clipReaderDefaults.dropout), `${where}.dropout`);
  const { rate } = fieldReader(rates, `${where}.dropout`);
  return {
    ...readClipReaderFields(fieldReader(fields, where)),
    dropout: { features: rate('features'), layers: rate('layers') },
  };
}
