/**
 * Decoding ahead of the consumer: while a model runs, which blocks the JavaScript thread, libuv's threads decode the
 * next pictures (`decodeImage` hands over before its first `await`, so no turn of the event loop is needed for that).
 */
import { workAhead } from '../shared/work-ahead.js';
import { type DecodeOptions, decodeImage, ImageError, UNNAMED_IMAGE } from './image.js';
import type { ImageInput } from './image-paths.js';
import { mediaSource } from './media-input.js';
import type { ImagePreprocessing } from './preprocessing.js';

export interface DecodeAheadOptions extends DecodeOptions {
  /**
   * How many pictures may be in work or wait to be taken; default 16. Twice the batch of the consumer keeps the
   * decoder busy; at most as many decode at once as libuv has threads (4 unless UV_THREADPOOL_SIZE says otherwise).
   */
  readonly concurrency?: number;
  /** Other ways in which each picture is prepared too. */
  readonly further?: readonly ImagePreprocessing[];
}

/** A picture, `size * size * 3` RGB bytes, and the same for each `further` way; or why there is none. */
export type DecodedImage =
  | {
      readonly path: string;
      readonly pixels: Uint8Array;
      readonly further: readonly Uint8Array[];
      readonly error?: undefined;
    }
  | { readonly path: string; readonly pixels?: undefined; readonly error: ImageError };

const DEFAULT_CONCURRENCY = 16;

/**
 * Decodes `inputs` and yields the results in their order; entries that carry an error already keep it and their place.
 * No more than `concurrency` pictures are held, however many there are.
 */
export async function* decodeAhead(
  inputs: Iterable<ImageInput>,
  preprocessing: ImagePreprocessing,
  options: DecodeAheadOptions = {},
): AsyncGenerator<DecodedImage, void, void> {
  yield* workAhead(inputs, options.concurrency ?? DEFAULT_CONCURRENCY, (input) =>
    decodeOne(input, preprocessing, options),
  );
}

async function decodeOne(
  input: ImageInput,
  preprocessing: ImagePreprocessing,
  { further: others = [], ...options }: DecodeAheadOptions,
): Promise<DecodedImage> {
  const { path, source, error } = mediaSource(input, UNNAMED_IMAGE);
  if (error !== undefined) return { path, error };
  try {
    const pixels = decodeImage(source, preprocessing, options);
    const further = others.map((other) => decodeImage(source, other, options));
    const [first, ...rest] = await Promise.all([pixels, ...further]);
    return { path, pixels: first, further: rest };
  } catch (failure) {
    if (failure instanceof ImageError) return { path, error: failure };
    throw failure;
  }
}
