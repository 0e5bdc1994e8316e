/** Prepares data sets in tests: in this process, or in one that is killed half-way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { PreparationSummary } from '../../src/datasets/prepare/index.js';
import { Random } from '../../src/shared/random.js';
import { type Run, run } from '../cli/run.js';

/** Runs `looksay prepare`. */
export const runCommand = (argv: readonly string[], signal?: AbortSignal): Promise<Run> =>
  run(['prepare', ...argv], signal === undefined ? {} : { signal });

/** What the command says on stdout; an error when it fails. */
export async function prepare(...argv: string[]): Promise<PreparationSummary> {
  const { code, out, err } = await runCommand([...argv, '--quiet']);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as PreparationSummary;
}

const KILLER = new URL('die-at-rename.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs the command in a process that is killed in place of its `rename`-th renaming; the signal that ended it. */
export async function prepareKilled(rename: number, ...argv: string[]): Promise<string | null> {
  const script = ['--import', 'tsx', '--import', KILLER, MAIN];
  const child = spawn(process.execPath, [...script, 'prepare', ...argv, '--quiet'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DIE_AT_RENAME: String(rename) },
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  return signal;
}

/** All files below a folder with their bytes. */
export async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const);
  return Object.fromEntries((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A JPEG of noise, another for each seed. */
export function jpeg(seed: number, side = 40): Promise<Buffer> {
  const random = new Random(seed);
  const pixels = Buffer.from(Array.from({ length: side * side * 3 }, () => random.integer(256)));
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .jpeg()
    .toBuffer();
}
