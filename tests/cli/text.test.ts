/** `looksay generate`, and `train` and `evaluate text`, by characters and by words. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, type Run } from './run.js';

let folder: string;
let tweets: string;
let checkpoint: string;

const SMALL = ['--layers', '1', '--hidden-size', '16', '--learning-rate', '0.03', '--warm-up-steps', '0', '--quiet'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-cli-text-'));
  tweets = join(folder, 'tweets.csv');
  const texts = ['hello world', 'hello moon', '"good, ""night"" moon"', 'good\\day'];
  await writeFile(tweets, `id,tweet\n${Array.from({ length: 80 }, (_, i) => `${i},${texts[i % 4] ?? ''}\n`).join('')}`);
  checkpoint = join(folder, 'tweets');
  const trained = await train(tweets, checkpoint, '--column', 'tweet', '--bptt', 'sequence', '--epochs', '25');
  expect(trained).toMatchObject({ code: 0 });
  expect(JSON.parse(trained.out)).toMatchObject({ ending: 'completed', checkpoint });
}, 60_000);

const train = (text: string, output: string, ...rest: string[]): Promise<Run> =>
  run(['train', 'text', '--text', text, '--output', output, '--batch-size', '8', ...SMALL, ...rest]);
const generate = (...rest: string[]): Promise<Run> => run(['generate', '--checkpoint', checkpoint, '--quiet', ...rest]);

async function file(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

describe('looksay generate', () => {
  test('writes a text that ends by itself', async () => {
    const { code, out } = await generate('--prompt', 'hello w', '--temperature', '0');
    expect({ code, out }).toEqual({ code: 0, out: 'hello world\n' });
  });

  test('writes different texts, one a line, the same for the same seed', async () => {
    const options = ['--count', '4', '--temperature', '1.2', '--seed', '3'];
    const { code, out } = await generate(...options);
    const lines = out.trimEnd().split('\n');
    expect({ code, different: new Set(lines).size }).toEqual({ code: 0, different: 4 });
    expect((await generate(...options)).out).toBe(out);
    expect(await generate(...options, '--seed', '4').then(({ code: other }) => other)).toBe(2);
    expect((await generate('--count', '4', '--temperature', '1.2', '--seed', '4')).out).not.toBe(out);
  });

  test('escapes backslashes and line breaks of the lines of --count', async () => {
    const { out } = await generate('--prompt', 'good\\\nd', '--count', '2', '--temperature', '2', '--length', '3');
    expect(out.split('\n')[0]).toMatch(/^good\\\\\\nd/);
  });

  test('continues what is typed, and takes an alternative by its number', async () => {
    const options = ['--interactive', '--temperature', '0'];
    const { code, out } = await run(['generate', '--checkpoint', checkpoint, '--quiet', ...options], {
      stdin: ['hello w\n', '1\n'],
    });
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 2)).toEqual(['1\torld', '\thello world']);
  });

  test('explains what it expects, and where a cell is active', async () => {
    const { out } = await generate('--prompt', 'hell', '--explain', '--top', '2');
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(['<start>', 'h', 'e', 'l', 'l']);
    expect(lines.at(-1)).toMatch(/^l\to 0\.9\d\d\t/);
    const cell = await generate('--prompt', 'hell', '--explain', '--neuron', '3');
    expect(cell.out).toMatch(/^(\S+\t-?[01]\.\d{4}\n){5}$/);
    expect(await generate('--prompt', 'hell', '--explain', '--neuron', '16')).toMatchObject({ code: 2 });
    expect(await generate('--neuron', '3')).toMatchObject({ code: 2 });
  });

  test('passes over what it has never seen, with a warning', async () => {
    const { code, out, err } = await generate('--prompt', 'hello שw', '--temperature', '0');
    expect({ code, out }).toEqual({ code: 0, out: 'hello שworld\n' });
    expect(err).toContain('warning: the model has never seen "ש"');
  });

  test.each([
    [['--temperature', '-1'], '--temperature: expected a number from 0 on, got -1'],
    [['--top-p', '0'], '--top-p: expected a number above 0 and at most 1, got 0'],
    [['--top-k', '0'], '--top-k: expected a whole number from 1 on'],
    [['--length', '0'], '--length: expected a whole number from 1 on'],
    [['--temperature', '0', '--count', '2'], 'always writes the same text'],
  ])('%j is refused', async (options, message) => {
    const { code, err, out } = await generate(...options);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  test('says so when there are not so many different texts', async () => {
    const { code, err } = await generate('--top-k', '1', '--count', '3');
    expect(code).toBe(1);
    expect(err).toContain('found only 1 different texts of 3');
  });
});

test('looksay evaluate text scores what was held out', async () => {
  const options = ['evaluate', 'text', '--checkpoint', checkpoint, '--text', tweets, '--column', 'tweet', '--quiet'];
  const { code, out } = await run([...options, '--format', 'json']);
  expect(code).toBe(0);
  const scores = JSON.parse(out) as Record<string, number | string>;
  expect(scores).toMatchObject({
    documents: 8,
    unknownUnits: 0,
    part: 'held out: documents whose index (from 0) is divisible by 10',
  });
  expect(scores['natsPerCharacter']).toBeLessThan(0.3);
  expect((await run(options)).out).toContain('nats per character\t0.');

  const other = join(folder, 'other.csv');
  await writeFile(other, (await readFile(tweets, 'utf8')).split('\n').slice(0, 4).join('\n'));
  const ofOther = ['evaluate', 'text', '--checkpoint', checkpoint, '--text', other, '--column', 'tweet'];
  expect((await run(ofOther)).out).toContain('part\tall\n');
  expect((await run([...ofOther, '--part', 'train'])).err).toContain('is not the text that the model was trained on');
});

test('by words, with a tied embedding, stopped and continued', async () => {
  const output = join(folder, 'by-words');
  const options = ['--column', 'tweet', '--unit', 'word', '--cell', 'gru', '--tied', '--embedding-size', '8'];
  const both = [...options, '--bptt', '6', '--epochs', '2'];
  expect((await train(tweets, output, ...both, '--stop-after', '1')).out).toContain('interrupted');
  const done = await train(tweets, output, ...both, '--continue');
  expect(done).toMatchObject({ code: 0 });
  expect(done.out).toContain('completed');
  const { code } = await run([
    'generate',
    '--checkpoint',
    output,
    '--prompt',
    'hello moon',
    '--length',
    '2',
    '--quiet',
  ]);
  expect(code).toBe(0);
});

test('from a model that was trained before, which decides what it is made of', async () => {
  const output = join(folder, 'begun');
  const options = ['--text', tweets, '--column', 'tweet', '--start-from', checkpoint, '--epochs', '1'];
  const { code, err } = await run(['train', 'text', '--output', output, ...options]);
  expect(code).toBe(0);
  expect(err).not.toContain('new to it');
  expect(await readFile(join(output, 'README.md'), 'utf8')).toContain(`begun from ${checkpoint}`);
  const refused = await run(['train', 'text', '--output', join(folder, 'begun-twice'), ...options, '--tied']);
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('--tied: is decided by --start-from');
});

test('by chunks padded with spaces, from nothing each, with sampled feedback', async () => {
  const options = [
    '--column',
    'tweet',
    '--bptt',
    'sequence',
    '--chunk',
    '7',
    '--padding',
    ' ',
    '--epochs',
    '1',
    '--decay',
    'constant',
  ];
  expect(await train(tweets, join(folder, 'chunks'), ...options, '--feedback', 'sampled')).toMatchObject({ code: 0 });
});

describe('text that is odd', () => {
  test.each<[string, string | Uint8Array]>([
    ['one endless line', 'abcd '.repeat(400)],
    ['no UTF-8', Buffer.concat([Buffer.from('abc abd '.repeat(20)), Buffer.from([0xff, 0xfe, 0x80])])],
    ['a NUL byte', 'a\0b'.repeat(60)],
    ['right to left, and emoji', 'שלום 👍🏽 👨‍👩‍👧 '.repeat(20)],
  ])('%s is learned all the same', async (name, contents) => {
    const output = join(folder, `odd ${name}`);
    const path = await file(`${name}.txt`, contents);
    expect(await train(path, output, '--epochs', '1')).toMatchObject({ code: 0 });
    expect(await run(['generate', '--checkpoint', output, '--length', '5', '--quiet'])).toMatchObject({ code: 0 });
  });

  test.each([
    ['empty text', '', [], 1, 'expected text, found nothing but white space'],
    ['white space only', ' \n\n\t', [], 1, 'expected text, found nothing but white space'],
    ['one character', 'a', [], 1, 'leaves no text to train on'],
    ['an endless sequence', 'abcd '.repeat(600), ['--bptt', 'sequence'], 1, 'cut documents with --chunk'],
    ['bad steps', 'abcd', ['--bptt', 'all'], 2, '--bptt: expected sequence, or a number'],
    ['both splits', 'abcd', ['--hold-out-last', '0.2', '--hold-out-every', '3'], 2, 'choose one of them'],
    ['one-hot feed-forward', 'abcd '.repeat(9), ['--cell', 'feed-forward', '--input', 'one-hot'], 2, 'needs an embed'],
    ['padding alone', 'abcd', ['--padding', ' '], 2, '--padding: has a meaning with --chunk only'],
    ['nothing frequent', 'abcdefghijkl', ['--min-count', '5'], 1, 'no char occurs often enough'],
  ] as const)('%s is refused', async (name, contents, options, code, message) => {
    const result = await train(await file(`${name}.txt`, contents), join(folder, `refused ${name}`), ...options);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(message);
  });

  test('a table without the named column is refused', async () => {
    const result = await train(tweets, join(folder, 'no-column'), '--column', 'text');
    expect(result).toMatchObject({ code: 1 });
    expect(result.err).toContain('expected a column "text", found the columns id, tweet');
  });

  test('a checkpoint of something else is refused', async () => {
    const { code, err } = await run(['generate', '--checkpoint', folder, '--quiet']);
    expect(code).toBe(1);
    expect(err).toContain('expected a checkpoint folder');
  });
});
