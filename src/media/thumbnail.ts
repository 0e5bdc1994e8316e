/** Small copies of pictures for reports. */
import { readImage } from './image.js';

const QUALITY = 80;

/** A JPEG of the picture at `path`, upright, at most `side` pixels wide and high. Throws ImageError as `decodeImage` does. */
export function thumbnail(path: string, side: number): Promise<Uint8Array> {
  return readImage(path, {}, (open) =>
    open()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .jpeg({ quality: QUALITY })
      .toBuffer(),
  );
}
