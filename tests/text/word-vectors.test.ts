/** Word vectors read from every format and written again, and the errors of files that are none. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readWordVectors, writeWordVectors } from '../../src/text/word-vectors.js';

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
  ['word2vec text with a byte order mark', (): string | Buffer => `\ufeff3 3\r\n${lines()}`],
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
  ['a word for a number', 'dog 1 2 3\ncat 1 x 3\n', ':2: expected a word and 3 numbers, found "x"'],
  ['a number that overflows', 'dog 1 2 3\ncat 1e39 2 3\n', ':2: expected a word and 3 numbers, found "1e39"'],
  ['nothing', '', 'empty file'],
  ['an absurd header', '3 999999\n', 'at most'],
  ['a header with more words than the file', '3 2\ndog 1.25 2.25\ncat 1.25 2.25\n', 'expected 3 words'],
  ['a header with fewer words than the file', '1 2\ndog 1 2\ncat 1 2\n', 'expected 1 words'],
  ['a header that no file of that size can keep', '40000000 300\ndog 1 2\n', 'do not fit'],
  ['a header with a smaller dimension', '2 1\ndog 1 2\ncat 1 2\n', ':2: expected a word and 1 numbers'],
  ['a header with a larger dimension', '1 3\nthing 1.5 2.5\n', ':2: expected a word and 3 numbers'],
])('%s is said with its line', async (name, contents, message) => {
  const path = join(folder, name.replaceAll(' ', '-'));
  await writeFile(path, contents);
  await expect(readWordVectors(path)).rejects.toThrow(message);
});

test('a binary file that is cut short, and no file', async () => {
  const path = join(folder, 'cut');
  await writeFile(path, binary('\n').subarray(0, 40));
  await expect(readWordVectors(path)).rejects.toThrow('cut short');
  const [header, longer, wrong] = ['2 3\n', binary('\n').subarray(4), Buffer.from(Float32Array.of(1, NaN, 2).buffer)];
  await writeFile(path, Buffer.concat([Buffer.from(header), longer]));
  await expect(readWordVectors(path)).rejects.toThrow('expected 2 words');
  await writeFile(path, Buffer.concat([Buffer.from('1 3\ndog '), wrong]));
  await expect(readWordVectors(path)).rejects.toThrow('"dog": expected finite numbers');
  await expect(readWordVectors(join(folder, 'missing'))).rejects.toThrow('missing: no such file');
});

test.each(['text', 'binary'] as const)('what is written as %s is read again, number for number', async (format) => {
  const path = join(folder, `written-${format}`);
  const vectors = new Map([
    ['dog', Float32Array.of(0.1, -1e-30, 16777217)],
    ['ngựa', Float32Array.of(1 / 3, 3e38, 0)],
    ['🐕', Float32Array.of(-0.7, 1, 2)],
  ]);
  await writeWordVectors(path, { dimension: 3, vectors }, format);
  expect(await readWordVectors(path)).toEqual({ dimension: 3, vectors });
});

test('a word with a space is refused, and nothing is written', async () => {
  const path = join(folder, 'spaces');
  const vectors = new Map([['new york', Float32Array.of(1)]]);
  await expect(writeWordVectors(path, { dimension: 1, vectors }, 'binary')).rejects.toThrow('"new york"');
  await expect(readWordVectors(path)).rejects.toThrow('no such file');
});
