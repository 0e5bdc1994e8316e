/** The images that a user means: files, or bytes in memory. */
import { ImageError, UNNAMED_IMAGE } from './image.js';
import { expandMediaPaths, hasExtension, type ExpandOptions, type MediaKind, type MediaPath } from './media-paths.js';

export { type ExpandOptions, readPathList } from './media-paths.js';

/** A file to be decoded, or with `error` an input that leads to none. */
export type ImagePath = MediaPath<ImageError>;

/** An image in memory: the bytes of its file (JPEG, PNG, …), which must stay as they are until it has its result. */
export interface ImageBytes {
  readonly bytes: Uint8Array;
  /** What its result calls it; default `image data`. */
  readonly name?: string;
}

/** What an image is read from: a file, or the bytes of one (a `Buffer` is a `Uint8Array`). */
export type ImageInput = string | ImagePath | Uint8Array | ImageBytes;

/** What is read, and what it is called; `error` where it leads to nothing. */
interface ImageSource {
  readonly path: string;
  readonly source: string | Uint8Array;
  readonly error?: ImageError | undefined;
}

/** What `input` is read from. */
export function imageSource(input: ImageInput): ImageSource {
  if (typeof input === 'string') return { path: input, source: input };
  if (input instanceof Uint8Array) return { path: UNNAMED_IMAGE, source: input };
  if ('bytes' in input) return { path: input.name ?? UNNAMED_IMAGE, source: input.bytes };
  return { path: input.path, source: input.path, error: input.error };
}

/** Some cannot be decoded (HEIC, BMP): they are listed all the same, so that the user is told instead of missing them. */
const IMAGES: MediaKind<ImageError> = {
  noun: 'image',
  extensions: new Set(
    ['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff', 'svg', 'heic', 'heif', 'bmp'].map(
      (name) => `.${name}`,
    ),
  ),
  errorOf: (where, reason, cause) => new ImageError(where, reason, cause),
};

/** Whether a file of this name is meant to be an image. */
export function isImageName(name: string): boolean {
  return hasExtension(IMAGES, name);
}

/** The images that `inputs` mean: see `expandMediaPaths`. */
export function expandImagePaths(
  inputs: readonly string[],
  options: ExpandOptions = {},
): Promise<readonly ImagePath[]> {
  return expandMediaPaths(IMAGES, inputs, options);
}
