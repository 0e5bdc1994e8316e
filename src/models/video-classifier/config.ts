/** The architecture of a video classifier: its type, its defaults, and the check of a config that was read from a file. */
import { CELL_KINDS, type CellKind } from '../../layers/cells.js';
import { type Pooling, POOLINGS } from '../../layers/pooling.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';

/**
 * What is made of the frames' order: `recurrent` cells (Donahue et al. 2015, LRCN; Ng et al. 2015), or `none`, the average
 * of the frames' own predictions, which shuffling does not change.
 */
export type FrameOrder = 'recurrent' | 'none';
export const FRAME_ORDERS: readonly FrameOrder[] = ['recurrent', 'none'];

/** Shares of values that are dropped during training, each in [0, 1). */
export interface ClassifierDropout {
  /** Of a frame's vector. */
  readonly features: number;
  /** Of what one layer passes to the next. */
  readonly layers: number;
  /** Of what enters the output layer. */
  readonly output: number;
}

export interface VideoClassifierConfig {
  readonly order: FrameOrder;
  readonly cell: CellKind;
  /** Cells on top of each other. */
  readonly layers: number;
  readonly hiddenSize: number;
  /** Whether each layer also runs from the end to the beginning (Schuster and Paliwal 1997). */
  readonly bidirectional: boolean;
  /** How the cells' outputs become one vector. */
  readonly pooling: Pooling;
  /** Whether the difference from the frame before is part of a frame's vector. */
  readonly motion: boolean;
  /** Channels of the encoder's features. */
  readonly featureSize: number;
  /** Positions of the encoder's grid; 1 where its mean is taken before. */
  readonly gridLength: number;
  /** What each position is projected to (dense, then relu), so that where things are is kept; 0 takes their mean. */
  readonly positionSize: number;
  /** What a frame's vector is projected to (dense, then relu); 0 leaves it. */
  readonly projectionSize: number;
  readonly classes: number;
  readonly dropout: ClassifierDropout;
}

/** Everything but the number of classes, which the training data decides. */
export const videoClassifierDefaults: Omit<VideoClassifierConfig, 'classes'> = {
  order: 'recurrent',
  cell: 'gru',
  layers: 1,
  hiddenSize: 256,
  bidirectional: false,
  pooling: 'mean',
  motion: false,
  featureSize: 1280,
  gridLength: 49,
  positionSize: 0,
  projectionSize: 256,
  dropout: { features: 0.3, layers: 0.3, output: 0.5 },
};

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateVideoClassifierConfig(value: unknown, where: string): VideoClassifierConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys({ ...videoClassifierDefaults, classes: 0 }), where);
  const reader = fieldReader(fields, where);
  return {
    order: reader.choice('order', FRAME_ORDERS),
    cell: reader.choice('cell', CELL_KINDS),
    layers: reader.integer('layers', 1),
    hiddenSize: reader.integer('hiddenSize', 1),
    bidirectional: reader.boolean('bidirectional'),
    pooling: reader.choice('pooling', POOLINGS),
    motion: reader.boolean('motion'),
    featureSize: reader.integer('featureSize', 1),
    gridLength: reader.integer('gridLength', 1),
    positionSize: reader.integer('positionSize', 0),
    projectionSize: reader.integer('projectionSize', 0),
    classes: reader.integer('classes', 2),
    dropout: validateDropout(fields['dropout'], `${where}.dropout`),
  };
}

function validateDropout(value: unknown, where: string): ClassifierDropout {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys(videoClassifierDefaults.dropout), where);
  const { rate } = fieldReader(fields, where);
  return { features: rate('features'), layers: rate('layers'), output: rate('output') };
}
