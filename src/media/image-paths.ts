/** The images that a user means. */
import { ImageError } from './image.js';
import type { MediaBytes } from './media-input.js';
import { expandMediaPaths, hasExtension, type ExpandOptions, type MediaKind, type MediaPath } from './media-paths.js';

export type { MediaBytes } from './media-input.js';
export { type ExpandOptions, readPathList } from './media-paths.js';

/** A file to be decoded, or with `error` an input that leads to none. */
export type ImagePath = MediaPath<ImageError>;

/** What an image is read from: a file, or the bytes of one (JPEG, PNG, …). */
export type ImageInput = string | ImagePath | Uint8Array | MediaBytes;

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
