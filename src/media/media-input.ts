/** What programs give to be looked at: files, or the bytes of files. */
import type { MediaError } from './media-error.js';
import type { MediaPath } from './media-paths.js';

/** A photo or clip in memory: the bytes of its file, which must stay as they are until it has its result. */
export interface MediaBytes {
  readonly bytes: Uint8Array;
  /** What its result calls it; default `image data` or `video data`. */
  readonly name?: string;
}

/** What a photo or clip is read from: a file, or the bytes of one (a `Buffer` is a `Uint8Array`). */
type MediaInput<E extends MediaError> = string | MediaPath<E> | Uint8Array | MediaBytes;

/** What is read, and what it is called; `error` where it leads to nothing. */
interface MediaSource<E extends MediaError> {
  readonly path: string;
  readonly source: string | Uint8Array;
  readonly error?: E | undefined;
}

/** What `input` is read from; bytes without a name are called `unnamed`. */
export function mediaSource<E extends MediaError>(input: MediaInput<E>, unnamed: string): MediaSource<E> {
  if (typeof input === 'string') return { path: input, source: input };
  if (input instanceof Uint8Array) return { path: unnamed, source: input };
  if ('bytes' in input) return { path: input.name ?? unnamed, source: input.bytes };
  return { path: input.path, source: input.path, error: input.error };
}
