/** Clips made on the spot by ffmpeg's own sources (lavfi). */
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findTool } from '../../src/media/video/index.js';
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
