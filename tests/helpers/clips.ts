/** Clips made on the spot by ffmpeg's own sources (lavfi). */
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findTool, type VideoFrame } from '../../src/media/video/index.js';
import { temporaryFolder } from './tiny-captioner.js';

export interface ClipOptions {
  /** A lavfi source with its options. */
  readonly source?: string;
  /** ffmpeg's options for the output. */
  readonly output?: readonly string[];
  /** Options before the input, and further inputs. */
  readonly input?: readonly string[];
}

/** H.264, which players and ffmpeg builds all know, at its fastest. */
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** The option that keeps the times of frames as they are: `-vsync` is gone from ffmpeg 9, `-fps_mode` came with 5.1. */
export function variableRate(): readonly string[] {
  const help = execFileSync(findTool('ffmpeg'), ['-hide_banner', '-h', 'full'], {
    maxBuffer: 2 ** 26,
    encoding: 'utf8',
  });
  return [help.includes('-fps_mode') ? '-fps_mode' : '-vsync', 'vfr'];
}

/** Writes a clip; by default two seconds of a test pattern. */
export function makeClip(
  path: string,
  { source = 'testsrc=s=64x48:r=10:d=2', output = H264, input = [] }: ClipOptions = {},
): string {
  const argv = ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', source, ...input, ...output, `file:${path}`];
  execFileSync(findTool('ffmpeg'), argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  return path;
}

/** A plain colour whose red rises by 20 a frame, 10 frames a second: a frame's time can be read off its pixels. */
export const RISING = (seconds: number, rate = 10): string =>
  `color=black:s=32x32:r=${rate}:d=${seconds},format=gbrp,geq=r='mod(N*20,240)':g=0:b=0`;

/** Frames that say their number (up to 65,535) by 4 x 4 squares, black or white: no codec makes another of it. */
export const NUMBERED = (seconds: number, rate = 25): string =>
  `color=black:s=64x64:r=${rate}:d=${seconds},format=gray,` +
  "geq=lum='255*mod(floor(N/pow(2,floor(X/16)+4*floor(Y/16))),2)'";

/** The number of a frame of `NUMBERED`, squashed to 16 x 16 pixels. */
export function numberOf({ pixels }: Pick<VideoFrame, 'pixels'>): number {
  const isWhite = (row: number, column: number): boolean =>
    (pixels[((4 * row + 2) * 16 + 4 * column + 2) * 3] ?? 0) > 128;
  return Array.from({ length: 16 }, (_, bit) => (isWhite(Math.floor(bit / 4), bit % 4) ? 2 ** bit : 0)).reduce(
    (sum, value) => sum + value,
  );
}

/** A lossless clip of `RISING` that lasts one second, for all tests of a file, and the folder that it lies in. */
export function risingClip(): { readonly folder: string; readonly clip: string } {
  const made = { folder: '', clip: '' };
  beforeAll(async () => {
    made.folder = await temporaryFolder();
    made.clip = makeClip(join(made.folder, 'rising.mkv'), { source: RISING(1), output: ['-c:v', 'ffv1'] });
  });
  afterAll(() => rm(made.folder, { recursive: true, force: true }));
  return made;
}
