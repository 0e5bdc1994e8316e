/** The command line as a process: its streams, its exit codes, closed pipes, Ctrl-C and closed terminals. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';
import { ended, jsonLines, start } from './run.js';

let checkpoint: string;
let folder: string;

beforeAll(async () => {
  checkpoint = await saveTinyCaptioner();
});

beforeEach(async () => {
  folder = await temporaryFolder();
  for (const name of ['a', 'b', 'c']) await writePicture(join(folder, `${name}.png`), 'red');
});

const caption = (...rest: string[]): string[] => [
  'caption',
  folder,
  '--checkpoint',
  checkpoint,
  '--batch-size',
  '1',
  '--format',
  'jsonl',
  ...rest,
];

test('results go to stdout and nothing to stderr', async () => {
  const { code, out, err } = await ended(start(caption()));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(jsonLines(out)).toHaveLength(3);
});

test('wrong usage exits with 2 and says so on stderr', async () => {
  const { code, out, err } = await ended(start(['caption']));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('looksay: name the paths');
});

test('a reader that closes the pipe ends the run without a word', async () => {
  const child = start(caption());
  child.stdout?.once('data', () => child.stdout?.destroy());
  const { code, err } = await ended(child);
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

test.skipIf(!existsSync('/dev/full'))('a stdout that takes nothing is said', async () => {
  const full = openSync('/dev/full', 'w');
  const { code, err } = await ended(start(caption(), full));
  // Here the last write is the only one.
  const short = await ended(start(['--help'], full));
  closeSync(full);
  expect([code, short.code]).toEqual([1, 1]);
  expect(err).toContain('stdout');
  expect(short.err).toContain('stdout');
});

describe.skipIf(process.platform === 'win32')('a run that is stopped keeps what is done', () => {
  /** What a run said that was stopped by `stop`; `--skip-done` goes on with what it kept. */
  async function stopped(stop: (child: ChildProcess) => void): Promise<string> {
    const output = join(folder, 'out.jsonl');
    for (let index = 0; index < 300; index++) await writePicture(join(folder, `${index}.png`), 'blue', 8);
    const child = start(caption('--output', output));
    const watch = setInterval(() => {
      if (!existsSync(`${output}.partial`)) return;
      clearInterval(watch);
      stop(child);
    }, 5);
    const { code, err } = await ended(child);
    clearInterval(watch);
    expect(code).toBe(130);
    expect(existsSync(output)).toBe(false);
    const again = await ended(start(caption('--output', output, '--skip-done')));
    expect(again.code).toBe(0);
    expect(jsonLines(await readFile(output, 'utf8'))).toHaveLength(303);
    return err;
  }

  test('by Ctrl-C', async () => {
    expect(await stopped((child) => child.kill('SIGINT'))).toContain('stopped');
  });

  test('by the end of its terminal, which takes no more of what it says', async () => {
    await stopped((child) => {
      child.stderr?.destroy();
      child.kill('SIGHUP');
    });
  });
});
