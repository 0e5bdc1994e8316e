/** Clips that programs give as bytes: ffmpeg reads a clip here and there, so that it needs a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MediaBytes } from '../media-input.js';
import type { VideoPath } from './video-error.js';

/** What a clip is read from: a file, or the bytes of one (MP4, WebM, …), which lie in a temporary file while it is decoded. */
export type ClipInput = string | VideoPath | Uint8Array | MediaBytes;

/** What clips without a name are called. */
export const UNNAMED_CLIP = 'video data';

/** What `use` makes of the file `source`, or of one that has these bytes and that only this user may read until then. */
export async function withClipFile<T>(source: string | Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  if (typeof source === 'string') return use(source);
  const folder = await mkdtemp(join(tmpdir(), 'looksay-clip-'));
  try {
    const path = join(folder, 'clip');
    await writeFile(path, source);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
