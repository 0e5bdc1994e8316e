/** The architecture of a video classifier: its type, its defaults, and the check of a config that was read from a file. */
import { type Pooling, POOLINGS } from '../../layers/pooling.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';
import {
  type ClipReaderConfig,
  clipReaderDefaults,
  type ClipReaderDropout,
  readClipReaderFields,
} from '../clip-reader/index.js';

/**
 * What is made of the frames' order: `recurrent` cells (Donahue et al. 2015, LRCN; Ng et al. 2015), or `none`, the average
 * of the frames' own predictions, which shuffling does not change.
 */
export type FrameOrder = 'recurrent' | 'none';
/** See `FrameOrder`. */
export const FRAME_ORDERS: readonly FrameOrder[] = ['recurrent', 'none'];

/** Shares of values that are dropped during training, each in [0, 1). */
export interface VideoClassifierDropout extends ClipReaderDropout {
  /** Of what enters the output layer. */
  readonly output: number;
}

/** The architecture of a video classifier. */
export interface VideoClassifierConfig extends ClipReaderConfig {
  readonly order: FrameOrder;
  /** How the cells' outputs become one vector. */
  readonly pooling: Pooling;
  readonly classes: number;
  readonly dropout: VideoClassifierDropout;
}

/** Everything but the number of classes, which the training data decides. */
export const videoClassifierDefaults: Omit<VideoClassifierConfig, 'classes'> = {
  ...clipReaderDefaults,
  order: 'recurrent',
  pooling: 'mean',
  dropout: { ...clipReaderDefaults.dropout, output: 0.5 },
};

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateVideoClassifierConfig(value: unknown, where: string): VideoClassifierConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys({ ...videoClassifierDefaults, classes: 0 }), where);
  const reader = fieldReader(fields, where);
  return {
    ...readClipReaderFields(reader),
    order: reader.choice('order', FRAME_ORDERS),
    pooling: reader.choice('pooling', POOLINGS),
    classes: reader.integer('classes', 2),
    dropout: validateDropout(fields['dropout'], `${where}.dropout`),
  };
}

function validateDropout(value: unknown, where: string): VideoClassifierDropout {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys(videoClassifierDefaults.dropout), where);
  const { rate } = fieldReader(fields, where);
  return { features: rate('features'), layers: rate('layers'), output: rate('output') };
}
