/** The generator of the moving-shapes set makes clips that looksay reads. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { decodeVideo, evenTimes } from '../../src/media/video/index.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const script = join(root, 'scripts/moving-shapes.mjs');
// The script runs on the build.
const isBuilt = existsSync(join(root, 'dist/media/video/index.js'));

test.skipIf(!isBuilt)('options that make no sense are told of in a sentence, and nothing is written', async () => {
  const folder = await temporaryFolder();
  const run = (...argv: string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(process.execPath, [script, ...argv], { encoding: 'utf8' });
  const output = join(folder, 'output');
  for (const [argv, words] of [
    [[], 'expected one folder to write to, found none'],
    [[output, '--bogus'], "Unknown option '--bogus'"],
    [[output, '--clips'], "'--clips <value>' argument missing"],
    [[output, '--set', 'toString'], '--set: expected direction, directions, rotation,'],
    [[output, '--size', '33'], '--size: expected an even whole number from 16 on, got "33"'],
    [[output, '--set', 'sentences', '--frames', '3'], '--frames: expected an even whole number'],
  ] as const) {
    const { status, stderr } = run(...argv);
    expect(status).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr.trim()).toMatch(/^moving-shapes: .+$/); // one line
    expect(stderr).not.toContain('positional');
  }
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(output, '');
  expect(run(output)).toMatchObject({ status: 1, stderr: expect.stringContaining('expected a folder') as string });
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(!isBuilt)('--help prints what the script says of itself', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--help'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^Generates the moving-shapes set: /);
  expect(stdout).toContain('\n    node scripts/moving-shapes.mjs OUTPUT [--set SET] ');
  expect(stdout).not.toMatch(/[*]|import/);
});

test.skipIf(!isBuilt)('moving shapes move as their class says', async () => {
  const folder = await temporaryFolder();
  execFileSync(process.execPath, [
    script,
    folder,
    '--set',
    'directions',
    '--clips',
    '2',
    '--size',
    '32',
    '--frames',
    '6',
  ]);
  expect(readdirSync(folder).sort()).toEqual(['down', 'left', 'right', 'up']);
  expect(readdirSync(join(folder, 'left'))).toEqual(['left_g000.mp4', 'left_g001.mp4']);
  const [left, right] = await Promise.all(
    ['left', 'right'].map((label) =>
      decodeVideo(join(folder, label, `${label}_g001.mp4`), { size: 32, fit: 'squash', kernel: 'cubic' }, (span) =>
        evenTimes(span, 6),
      ),
    ),
  );
  const difference = (a: Uint8Array, b: Uint8Array): number =>
    a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] as number)), 0) / a.length;
  const pixels = (clip: typeof left, frame: number): Uint8Array => clip?.frames[frame]?.pixels as Uint8Array;
  // The same frames in the opposite order.
  expect(difference(pixels(left, 0), pixels(right, 5))).toBeLessThan(4);
  expect(difference(pixels(left, 5), pixels(right, 0))).toBeLessThan(4);
  expect(difference(pixels(left, 0), pixels(right, 0))).toBeGreaterThan(8);
  await rm(folder, { recursive: true, force: true });
});
