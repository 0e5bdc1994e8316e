/**
 * How a picture becomes the square that an encoder sees. A checkpoint records it, so that captions are made from
 * pictures prepared exactly as those it was trained on.
 */
import { fieldReader, requireFields, requireNames } from '../shared/fields.js';

/**
 * How pictures are prepared and the frames of clips are chosen, as a number: a part of the key under which the features made
 * from them are kept. Raise it by one with each change by which a file that could be read before gives an encoder other
 * pixels, or a clip other frames; what was kept is then computed anew. A change of speed, or of what is refused, is none.
 */
export const PREPARATION_VERSION = 3;

const FITS = ['squash', 'crop', 'pad'] as const;
const KERNELS = ['cubic', 'lanczos3', 'linear'] as const;

/** What stands in a frame's three channels when it is not its colours. */
export const FRAME_STACKS = ['times', 'changes'] as const;

/** A frame of a clip together with those shortly before and after it (see `video/frame-stacks.ts`). */
export interface FrameStack {
  readonly kind: (typeof FRAME_STACKS)[number];
  /** Seconds between the frames of a stack, above 0. */
  readonly gap: number;
}

/** The largest side of a prepared picture, in pixels; encoders of ours take 32 to 512. */
const MAXIMUM_SIZE = 4096;

/** How pictures become what an encoder takes: the same in training and afterwards. */
export interface ImagePreprocessing {
  /** Side of the square, in pixels (1 to 4096). */
  readonly size: number;
  /**
   * What is done about pictures that are not square: `squash` gives up their proportions, `crop` keeps the middle,
   * `pad` keeps all of it between two bars of middle grey (128).
   */
  readonly fit: (typeof FITS)[number];
  /** Resampling kernel; when shrinking, it is widened so that every source pixel counts. */
  readonly kernel: (typeof KERNELS)[number];
  /** How frames of clips are seen; default: in their colours, each for itself. */
  readonly stack?: FrameStack;
}

/** `value` as preprocessing, or a UserError that says what about it is wrong; `where` names it ("config.json: …"). */
export function validateImagePreprocessing(value: unknown, where: string): ImagePreprocessing {
  const fields = requireFields(value, where);
  requireNames(fields, ['size', 'fit', 'kernel', 'stack'], where);
  const reader = fieldReader(fields, where);
  return {
    size: reader.integer('size', 1, MAXIMUM_SIZE),
    fit: reader.choice('fit', FITS),
    kernel: reader.choice('kernel', KERNELS),
    ...('stack' in fields ? { stack: validateFrameStack(fields['stack'], `${where}.stack`) } : {}),
  };
}

function validateFrameStack(value: unknown, where: string): FrameStack {
  const fields = requireFields(value, where);
  requireNames(fields, ['kind', 'gap'], where);
  const reader = fieldReader(fields, where);
  return { kind: reader.choice('kind', FRAME_STACKS), gap: reader.positive('gap') };
}
