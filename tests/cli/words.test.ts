/** `looksay words`, and `train words`, by both objectives. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readWordVectors } from '../../src/text/word-vectors.js';
import { run, type Run } from './run.js';

let folder: string;
let csv: string;
let vectors: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-cli-words-'));
  csv = join(folder, 'texts.csv');
  const texts = ['I pet my cat', 'I pet my dog', 'we drive the car home', '"he said, ""drive the bus home"""'];
  await writeFile(
    csv,
    `id,text\n${texts
      .map((text, i) => `${i},${text}\n`)
      .join('')
      .repeat(25)}`,
  );
  vectors = join(folder, 'vectors.txt');
  const lines = ['man 0 -1 0', 'woman 0 1 0', 'king 2 -2 0', 'queen 2 2 0', 'cat 0 0 1', 'dog 0 0.1 1', '1984 1 1 1'];
  await writeFile(vectors, `7 3\n${lines.join('\n')}\n`);
});

const train = (output: string, ...rest: string[]): Promise<Run> =>
  run([
    ...['train', 'words', '--text', csv, '--output', join(folder, output), '--quiet', '--threads', '1'],
    ...['--embedding-size', '8', ...rest],
  ]);
const words = (...rest: string[]): Promise<Run> => run(['words', ...rest, '--vectors', vectors, '--quiet']);

describe('looksay train words', () => {
  test('writes a checkpoint and files of vectors, which can be asked', async () => {
    const [binary, text] = [join(folder, 'out.bin'), join(folder, 'out.vec')];
    const options = ['--column', 'text', '--epochs', '20', '--subsample', '0', '--learning-rate', '0.1'];
    const { code, out } = await train('first', ...options, '--export', binary, '--export', text);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ending: 'completed', epochs: 20, vocabulary: 13, textWords: 475 });
    const { code: found, out: lines } = await run(['words', 'similar', 'cat', '--vectors', join(folder, 'first')]);
    expect({ found, first: lines.split('\n')[0] }).toEqual({
      found: 0,
      first: expect.stringMatching(/^cat\tdog\t0\./),
    });
    expect(await readWordVectors(binary)).toEqual(await readWordVectors(text));
    const refused = await train('second', ...options, '--export', binary);
    expect({ code: refused.code, err: refused.err }).toEqual({ code: 2, err: expect.stringContaining('--overwrite') });
    const again = await train('second', ...options, '--export', binary, '--overwrite');
    expect(JSON.parse(again.out)).toMatchObject({ ending: 'completed' });
    expect(await readWordVectors(binary)).toEqual(await readWordVectors(text));
  });

  test('a place that cannot be written is refused before the training; a missing folder is made', async () => {
    const place = join(csv, 'out.bin');
    const refused = await train('unwritten', '--column', 'text', '--export', place);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain(`${csv}: is a file, expected a folder`);
    expect(existsSync(join(folder, 'unwritten'))).toBe(false);
    const exported = join(folder, 'made', 'for', 'out.bin');
    expect(await train('written', '--column', 'text', '--epochs', '1', '--export', exported)).toMatchObject({
      code: 0,
    });
    expect((await readWordVectors(exported)).dimension).toBe(8);
  });

  test('by the softmax, for a while, and then on', async () => {
    const options = ['--column', 'text', '--objective', 'softmax', '--architecture', 'cbow', '--epochs', '2'];
    const stopped = await train('softmax', ...options, '--stop-after', '1');
    expect(JSON.parse(stopped.out)).toMatchObject({ ending: 'interrupted', epochs: 1 });
    const done = await train('softmax', ...options, '--continue');
    expect(JSON.parse(done.out)).toMatchObject({ ending: 'completed', epochs: 2 });
    const again = await train('softmax', ...options);
    expect(again.code).toBe(2);
    expect(again.err).toContain('--continue');
  });

  test.each([
    [['--column', 'tweet'], 1, 'expected a column "tweet", found the columns id, text'],
    [[], 2, '--column'],
    [['--column', 'text', '--min-count', '1000'], 1, 'lower --min-count'],
    [['--column', 'text', '--negatives', '0'], 2, '--negatives'],
    [['--column', 'text', '--epochs', '1.5'], 2, '--epochs'],
    [['--column', 'text', '--threads', '0'], 2, '--threads'],
    [['--column', 'text', '--batch-size', '8'], 2, '--batch-size: has no meaning with --objective negative-sampling'],
    [['--column', 'text', '--objective', 'softmax', '--negatives', '8'], 2, '--negatives: has no meaning'],
    [['--column', 'text', '--architecture', 'glove'], 2, 'glove'],
  ])('%j exits with %i', async (options, code, message) => {
    const result = await run(['train', 'words', '--text', csv, '--output', join(folder, 'bad'), ...options]);
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
    expect(result.out).toBe('');
  });
});

describe('looksay words', () => {
  test('similar answers word by word, and says which has no vector', async () => {
    const { code, out, err } = await words('similar', 'cat', 'unicorn', '1984', '--count', '2');
    expect(code).toBe(1);
    expect(out.split('\n').map((line) => line.split('\t').slice(0, 2).join(' '))).toEqual([
      'cat dog',
      'cat 1984',
      '1984 queen',
      '1984 dog',
      '',
    ]);
    expect(err).toContain('"unicorn": has no vector');
    const jsonl = await words('similar', 'cat', 'unicorn', '--count', '1', '--format', 'jsonl');
    const lines = jsonl.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { word: 'cat', neighbours: [{ word: 'dog', similarity: expect.closeTo(0.995, 3) as number }] },
      { word: 'unicorn', error: expect.stringContaining('has no vector') as string },
    ]);
  });

  test('analogy', async () => {
    const { code, out } = await words('analogy', 'man', 'king', 'woman', '--count', '1');
    expect({ code, word: out.split('\t')[0] }).toEqual({ code: 0, word: 'queen' });
    expect(await words('analogy', 'man', 'king', 'unicorn')).toMatchObject({ code: 1, out: '' });
    expect(await words('analogy', 'man', 'king')).toMatchObject({ code: 2 });
  });

  test('evaluate', async () => {
    const questions = join(folder, 'questions.txt');
    const pairs = join(folder, 'pairs.tsv');
    await writeFile(questions, ': family\nman king woman queen\nman king woman unicorn\n');
    await writeFile(pairs, 'cat\tdog\t9\nman\tcat\t1\nking\tqueen\t5\n');
    const table = await words('evaluate', '--analogies', questions, '--similarities', pairs);
    expect(table.code).toBe(0);
    expect(table.out).toMatch(/100\.00 % +1 +1 +2 {2}family/);
    expect(table.out).toMatch(/\d\.\d{4} +3 +3/);
    const json = await words('evaluate', '--analogies', questions, '--format', 'json');
    expect(JSON.parse(json.out)).toMatchObject({ words: 7, analogies: [{ total: { right: 1, answered: 1 } }] });
    expect(await words('evaluate')).toMatchObject({ code: 2 });
    await writeFile(questions, 'unicorn king woman queen\n');
    await writeFile(pairs, 'unicorn\tdog\t9\n');
    const nothing = await words('evaluate', '--analogies', questions, '--similarities', pairs);
    expect(nothing.code).toBe(1);
    expect(nothing.err).toContain(`${questions}: none of its 1 questions could be scored`);
    expect(nothing.err).toContain(`${pairs}: none of its 1 pairs could be scored`);
  });

  test('plot', async () => {
    const [output, list] = [join(folder, 'map.html'), join(folder, 'list.txt')];
    await writeFile(list, 'dog\nking\n');
    expect(await words('plot', 'cat', '--file', list, '--output', output)).toMatchObject({
      code: 0,
      out: `${output}\n`,
    });
    expect((await readFile(output, 'utf8')).match(/<text/g)).toHaveLength(3);
    const refused = await words('plot', '--top', '5', '--output', output);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain(`${output}: exists already (--overwrite replaces it`);
    expect((await readFile(output, 'utf8')).match(/<text/g)).toHaveLength(3);
    expect(await words('plot', '--top', '5', '--output', output, '--overwrite')).toMatchObject({ code: 0 });
    expect((await readFile(output, 'utf8')).match(/<text/g)).toHaveLength(5);
    const nested = join(folder, 'maps', 'map.html');
    expect(await words('plot', '--output', nested)).toMatchObject({ code: 0 });
    expect((await readFile(nested, 'utf8')).match(/<text/g)).toHaveLength(7);
    expect(await words('plot', '--output', join(list, 'map.html'))).toMatchObject({ code: 2 });
    expect(await words('plot', '--output', folder, '--overwrite')).toMatchObject({ code: 2 });
  });

  test.each([
    ['a header that lies', '900 3\ncat 1 2 3\n', 'do not fit'],
    ['no vectors', 'just some text\nin two lines of words\n', 'expected word vectors'],
    ['nothing', '', 'empty file'],
  ])('a file with %s is refused', async (_, contents, message) => {
    const path = join(folder, 'bad.txt');
    await writeFile(path, contents);
    const { code, err } = await run(['words', 'similar', 'cat', '--vectors', path]);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  test('a folder that holds something else is refused', async () => {
    const { code, err } = await run(['words', 'similar', 'cat', '--vectors', folder]);
    expect(code).toBe(1);
    expect(err).toContain('expected a checkpoint folder');
  });
});
