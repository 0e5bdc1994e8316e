/** What is warned of when labelled texts are split. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { readSentimentData } from '../../../src/tasks/sentiment/data.js';

let path: string;
let stderr: MockInstance;

beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'looksay-sentiment-data-')), 'sorted.csv');
  const rows = ['neg', 'pos', 'mixed'].flatMap((label) => Array.from({ length: 10 }, () => `fine,${label}\n`));
  await writeFile(path, `text,label\n${rows.join('')}`);
});
beforeEach(() => {
  stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => stderr.mockRestore());

test('classes that what is held out lacks are warned of', async () => {
  await readSentimentData({ path }, { kind: 'last', share: 0.1 });
  expect(stderr.mock.calls.map(([text]) => String(text))).toEqual([
    `warning: ${path}: what is held out has no text of 2 of 3 classes (neg, pos): epochs are scored without them ` +
      '(shuffle the texts, or hold out others)\n',
  ]);
});

test.each([{ kind: 'every', count: 10 }, { kind: 'none' }] as const)('%j is not warned of', async (split) => {
  await readSentimentData({ path }, split);
  expect(stderr).not.toHaveBeenCalled();
});
