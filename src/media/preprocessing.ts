/**
 * How a picture becomes the square that an encoder sees. A checkpoint records it, so that captions are made from
 * pictures prepared exactly as those it was trained on.
 */
import { UserError } from '../shared/errors.js';
import { fieldReader, requireFields, requireNames } from '../shared/fields.js';

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
export const MAXIMUM_SIZE = 4096;

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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError(`${where}: expected an object with size, fit and kernel, found ${JSON.stringify(value)}`);
  }
  const entries: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  for (const key of entries.keys()) {
    if (!['size', 'fit', 'kernel', 'stack'].includes(key)) {
      throw new UserError(`${where}: unknown key ${JSON.stringify(key)} (size, fit, kernel and stack are known)`);
    }
  }
  const size = entries.get('size');
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > MAXIMUM_SIZE) {
    throw new UserError(
      `${where}.size: expected a whole number from 1 to ${MAXIMUM_SIZE}, found ${JSON.stringify(size)}`,
    );
  }
  return {
    size,
    fit: oneOf(FITS, entries.get('fit'), `${where}.fit`),
    kernel: oneOf(KERNELS, entries.get('kernel'), `${where}.kernel`),
    ...(entries.has('stack') ? { stack: validateFrameStack(entries.get('stack'), `${where}.stack`) } : {}),
  };
}

function validateFrameStack(value: unknown, where: string): FrameStack {
  const fields = requireFields(value, where);
  requireNames(fields, ['kind', 'gap'], where);
  const reader = fieldReader(fields, where);
  return { kind: reader.choice('kind', FRAME_STACKS), gap: reader.positive('gap') };
}

function oneOf<T extends string>(legal: readonly T[], value: unknown, where: string): T {
  const found = legal.find((choice) => choice === value);
  if (found === undefined) {
    throw new UserError(`${where}: expected one of ${legal.join(', ')}, found ${JSON.stringify(value)}`);
  }
  return found;
}
