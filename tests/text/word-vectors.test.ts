import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readWordVectors } from '../../src/text/word-vectors.js';

let folder: string;
const words = { dog: [1, -2.5, 0.25], ngựa: [0, 4, -1], cat: [3, 2, 1] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-vectors-'));
});

const lines = (): string =>
  Object.entries(words)
    .map(([word, numbers]) => `${word} ${numbers.join(' ')}\n`)
    .join('');

function binary(separator: string): Buffer {
  const parts = Object.entries(words).map(([word, numbers]) =>
    Buffer.concat([Buffer.from(`${word} `), Buffer.from(Float32Array.from(numbers).buffer), Buffer.from(separator)]),
  );
  return Buffer.concat([Buffer.from('3 3\n'), ...parts]);
}

test.each([
  ['word2vec text', (): string | Buffer => `3 3\n${lines()}`],
  ['GloVe text', (): string | Buffer => lines()],
  ['word2vec binary', (): string | Buffer => binary('\n')],
  ['word2vec binary without line breaks', (): string | Buffer => binary('')],
])('%s', async (name, contents) => {
  const path = join(folder, name.replaceAll(' ', '-'));
  await writeFile(path, contents());
  const { dimension, vectors } = await readWordVectors(path);
  expect(dimension).toBe(3);
  expect(Object.fromEntries([...vectors].map(([word, vector]) => [word, [...vector]]))).toEqual(words);
  const some = await readWordVectors(path, { vocabulary: ['cat', 'horse'] });
  expect([...some.vectors.keys()]).toEqual(['cat']);
});

test.each([
  ['a short line', 'dog 1 2 3\ncat 1 2\n', ':2: expected a word and 3 numbers'],
  ['a word for a number', 'dog 1 2 3\ncat 1 x 3\n', ':2:'],
  ['nothing', '', 'empty file'],
  ['an absurd header', '3 999999\n', 'at most'],
])('%s is said with its line', async (name, contents, message) => {
  const path = join(folder, name.replaceAll(' ', '-'));
  await writeFile(path, contents);
  await expect(readWordVectors(path)).rejects.toThrow(message);
});

test('a binary file that is cut short, and no file', async () => {
  const path = join(folder, 'cut');
  await writeFile(path, binary('\n').subarray(0, 40));
  await expect(readWordVectors(path)).rejects.toThrow('cut short');
  await expect(readWordVectors(join(folder, 'missing'))).rejects.toThrow('cannot be read');
});
