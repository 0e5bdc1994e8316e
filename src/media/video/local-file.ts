/**
 * What is given to ffmpeg: one plain local file and nothing that it points at. Playlists and other text that names
 * further files or addresses are refused by their content; ffmpeg itself may open local files only.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemReason } from '../../shared/errors.js';
import { printable } from '../media-error.js';
import { VideoError } from './video-error.js';

const HEAD_BYTES = 4096;

/** Beginnings of files that ffmpeg would follow elsewhere. */
const PLAYLISTS =
  /^\s*(?:#EXTM3U|ffconcat\b|\[playlist\]|<asx\b|<smil\b|<\?wpl|RTSPtext|v=0\s|<\?xml[^]*?<(?:MPD|CompositionPlaylist|playlist|SmoothStreamingMedia)\b|<MPD\b|file\s+\S)/i;

/** Demuxers that open further files. */
const FOLLOWING_FORMATS: ReadonlySet<string> = new Set(
  'hls applehttp concat dash imf sdp rtsp webm_dash_manifest image2 avisynth vapoursynth lavfi'.split(' '),
);

const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;
/** An uncompressed video whose header is text. */
const YUV4MPEG = 'YUV4MPEG2 ';

export const PLAYLIST_REASON = 'is a playlist: only files that hold the video themselves are read';

/** Options that keep ffmpeg and ffprobe from opening anything but local files; they stand before the input. */
export const LOCAL_ONLY: readonly string[] = ['-protocol_whitelist', 'file'];

/**
 * The input as ffmpeg takes it: never an option, an address or a pattern. Throws VideoError when `path` is no regular
 * file, is empty, or holds text.
 */
export function localInput(path: string): string {
  const where = printable(path);
  let head: string;
  try {
    const status = statSync(path);
    if (status.isDirectory()) throw new VideoError(where, 'is a folder');
    if (!status.isFile()) throw new VideoError(where, 'is no regular file (copy what it gives into one)');
    if (status.size === 0) throw new VideoError(where, 'is empty (0 bytes)');
    head = readHead(path);
  } catch (error) {
    if (error instanceof VideoError) throw error;
    throw new VideoError(where, systemReason(error), error);
  }
  if (PLAYLISTS.test(head)) throw new VideoError(where, PLAYLIST_REASON);
  if (!BINARY.test(head) && !head.startsWith(YUV4MPEG)) throw new VideoError(where, 'is text, no video');
  return `file:${resolve(path)}`;
}

/** Whether a demuxer reads still pictures (`image2`, `png_pipe`). */
export function readsPictures(formatName: string): boolean {
  return /^image2$|_pipe$/.test(formatName);
}

/** Whether a demuxer (as ffprobe names it: `mov,mp4,m4a`) opens further files. */
export function followsFiles(formatName: string): boolean {
  return formatName.split(',').some((name) => FOLLOWING_FORMATS.has(name));
}

function readHead(path: string): string {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, 'r');
  try {
    return head.toString('latin1', 0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
