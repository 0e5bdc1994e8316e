/** Small copies of pictures for reports. */
import sharp from 'sharp';

const QUALITY = 80;

/** A JPEG of the picture at `path`, upright, at most `side` pixels wide and high. Throws what sharp throws. */
export function thumbnail(path: string, side: number): Promise<Uint8Array> {
  return sharp(path, { autoOrient: true })
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#fff' })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
