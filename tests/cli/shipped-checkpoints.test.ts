/** Options that take a checkpoint know the shipped ones by the names that README gives them, wherever the command runs. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findShipped } from '../../src/cli/shipped-checkpoints.js';
import { shippedCheckpoints } from '../../src/tasks/shipped-checkpoints.js';
import { run } from './run.js';

const home = process.cwd();
let elsewhere: string;

beforeAll(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'looksay-elsewhere-'));
  process.chdir(elsewhere);
});

afterAll(() => {
  process.chdir(home);
  rmSync(elsewhere, { recursive: true });
});

test('a name stands for the shipped checkpoint where nothing here has it', () => {
  const { captioner, tweets } = shippedCheckpoints;
  const values = {
    checkpoint: 'checkpoints/tweets',
    'start-from': 'checkpoints/captioner',
    startFrom: 'checkpoints/captioner',
    encoder: 'checkpoints/mine',
    ensemble: ['checkpoints/captioner', 'other'],
    output: 'checkpoints/tweets',
  };
  findShipped(values);
  expect(values).toEqual({
    checkpoint: tweets,
    'start-from': captioner,
    startFrom: captioner,
    encoder: 'checkpoints/mine',
    ensemble: [captioner, 'other'],
    output: 'checkpoints/tweets',
  });
  mkdirSync('checkpoints/tweets', { recursive: true });
  const own = { checkpoint: 'checkpoints/tweets' };
  findShipped(own);
  expect(own).toEqual({ checkpoint: 'checkpoints/tweets' });
  rmSync('checkpoints', { recursive: true });
});

test('a command finds it', async () => {
  const { code, out } = await run(['generate', '--checkpoint', 'checkpoints/tweets', '--length', '5', '--quiet']);
  expect({ code, lines: out.split('\n').length }).toEqual({ code: 0, lines: 2 });
  const missing = await run(['generate', '--checkpoint', 'checkpoints/other', '--quiet']);
  expect(missing).toMatchObject({ code: 1, out: '' });
});
