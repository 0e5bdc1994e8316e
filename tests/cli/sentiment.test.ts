/** `looksay sentiment`, and `train` and `evaluate sentiment`, on reviews made on the spot. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { NOT_UTF8 } from '../../src/text/encoding.js';
import { asCsv, makeReviews } from '../tasks/sentiment/reviews.js';
import { run, type Run } from './run.js';

let folder: string;
let reviews: string;
let checkpoint: string;

const SMALL = ['--hidden-size', '8', '--embedding-size', '8', '--window', '6', '--min-count', '1', '--dropout', '0.1'];
const FAST = ['--learning-rate', '0.02', '--warm-up-steps', '5', '--average-decay', '0.9', '--batch-size', '16'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-cli-sentiment-'));
  reviews = await file('reviews.csv', asCsv(makeReviews(400)));
  checkpoint = join(folder, 'checkpoint');
  const { code, out } = await train(reviews, checkpoint, '--epochs', '6');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ending: 'completed', checkpoint });
}, 60_000);

const train = (data: string, output: string, ...rest: string[]): Promise<Run> =>
  run(['train', 'sentiment', '--data', data, '--output', output, '--quiet', ...SMALL, ...FAST, ...rest]);
const judge = (...rest: string[]): Promise<Run> => run(['sentiment', '--checkpoint', checkpoint, '--quiet', ...rest]);

async function file(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

interface Judged {
  readonly line: number;
  readonly text?: string;
  readonly label?: string;
  readonly probability?: number;
  readonly top?: readonly { readonly label: string; readonly probability: number }[];
  readonly error?: string;
}
const judged = (out: string): Judged[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Judged);

describe('looksay sentiment', () => {
  test('judges texts that are named', async () => {
    const { code, out } = await judge('the film was great', 'the film was awful');
    expect(code).toBe(0);
    expect(out).toMatch(/^1\tpos 9\d\.\d %\tthe film was great\n2\tneg 9\d\.\d %\tthe film was awful\n$/);
  });

  test('takes what stands after -- as texts, hyphens and all', async () => {
    const { code, out } = await judge('--', '-5/10, awful', '-');
    expect(code).toBe(0);
    expect(out).toMatch(/^1\t\w+ [\d.]+ %\t-5\/10, awful\n2\t.*\t-\n$/);
  });

  test('gives a line for each line of a file, in order, empty ones too', async () => {
    const path = await file('lines.txt', 'a great film\r\n\n \nso awful\n\u0000\u0007\nlast: lovely');
    const { code, out } = await judge('--file', path, '--format', 'jsonl');
    expect(code).toBe(1);
    const lines = judged(out);
    expect(lines.map(({ line, text, label, error }) => [line, text ?? error, label])).toEqual([
      [1, 'a great film', 'pos'],
      [2, 'has no words to judge', undefined],
      [3, 'has no words to judge', undefined],
      [4, 'so awful', 'neg'],
      [5, 'has no words to judge', undefined],
      [6, 'last: lovely', 'pos'],
    ]);
    const [first] = lines;
    expect(first?.top?.map(({ label }) => label)).toEqual(['pos', 'neg']);
    expect(first?.top?.[0]).toEqual({ label: first?.label, probability: first?.probability });
    expect(Object.keys(lines[1] ?? {})).toEqual(['line', 'error']);
  });

  test('reads stdin, alone or named -', async () => {
    const stdin = ['great f', 'ilm\naw', 'ful film\n'];
    for (const rest of [[], ['-']]) {
      const result = await run(['sentiment', '--checkpoint', checkpoint, '--quiet', '--format', 'csv', ...rest], {
        stdin,
      });
      expect(result.code).toBe(0);
      expect(result.out).toMatch(
        /^line,text,label,probability,error\n1,great film,pos,0\.\d+,\n2,awful film,neg,0\.\d+,\n$/,
      );
    }
  });

  test('explains: the probability after each word, and what each word says', async () => {
    const { code, out } = await judge('--explain', 'the film was not great');
    expect(code).toBe(0);
    const [header, ...rows] = out.trimEnd().split('\n');
    expect(header).toMatch(/^neg \d+\.\d %\tprobability\tcontribution$/);
    expect(rows.map((row) => row.split('\t')[0])).toEqual(['the', 'film', 'was', 'not', 'great']);
    for (const row of rows) expect(row).toMatch(/^\w+\t[01]\.\d{4}\t-?\d+\.\d{4}$/);
    const contributions = rows.map((row) => Number(row.split('\t')[2]));
    expect(Math.max(...contributions)).toBe(contributions[3]);
    const json = judged((await judge('--explain', 'so great', '--format', 'jsonl')).out);
    expect(json[0]).toMatchObject({
      line: 1,
      text: 'so great',
      label: 'pos',
      words: [{ word: 'so' }, { word: 'great' }],
    });
  });

  test('explains in rows that are all as wide as their header', async () => {
    const path = await file('blank.txt', 'great film\n\nawful\n');
    const { code, out } = await judge('--explain', '--file', path, '--format', 'csv');
    const [header = '', ...rows] = out.trimEnd().split('\n');
    expect({ code, header }).toEqual({ code: 1, header: 'line,word,probability,contribution,error' });
    expect(rows.map((row) => row.split(',').length)).toEqual([5, 5, 5, 5]);
    expect(rows[2]).toBe('2,,,,has no words to judge');
  });

  test('colours a text on a terminal, whatever is in it', async () => {
    const text = 'שלום great\u001b[31m 👍🏽 film';
    const { code, out } = await run(['sentiment', '--checkpoint', checkpoint, '--quiet', '--explain', text], {
      isTTY: true,
    });
    expect(code).toBe(0);
    expect(out).toContain('\u001b[48;2;0;200;0m\u001b[38;2;255;255;255mgreat\u001b[0m');
    expect(out).not.toContain('\u001b[31m');
    expect(out).toContain('👍🏽');
  });

  test.each([[[]], [['-']]])('one Ctrl-C ends the waiting for more on stdin (%j)', async (rest) => {
    const controller = new AbortController();
    const stdin = (async function* () {
      yield 'a great film\n';
      setTimeout(() => controller.abort(), 50);
      await new Promise(() => undefined);
    })();
    const argv = ['sentiment', '--checkpoint', checkpoint, '--quiet', ...rest];
    const { code, err } = await run(argv, { stdin, signal: controller.signal });
    expect({ code, err }).toEqual({ code: 130, err: 'stopped\n' });
  });

  test.each([
    [['--file', 'x.txt', 'text'], 2, 'choose one of them'],
    [['-', 'text'], 2, 'choose one of them'],
    [['--top', '0', 'text'], 2, '--top: expected a whole number from 1 on'],
    [['--file', 'missing.txt'], 1, 'missing.txt: no such file'],
    [['--file', 'tests'], 1, 'tests: is a folder, expected a file'],
  ] as const)('%j is refused', async (options, code, message) => {
    const result = await judge(...options);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(message);
  });

  test('the class of another task is refused', async () => {
    const { code, err } = await run(['sentiment', '--checkpoint', folder, 'text', '--quiet']);
    expect(code).toBe(1);
    expect(err).toContain('expected a checkpoint folder');
  });
});

describe('text that is odd', () => {
  test.each<[string, string | Uint8Array]>([
    ['no UTF-8', Buffer.concat([Buffer.from('a great film '), Buffer.from([0xff, 0xfe, 0x80, 0x0a])])],
    ['a NUL byte', 'a great\0film\n'],
    ['right to left', 'סרט great שלום\n'],
    ['emoji', 'great 👍🏽 👨‍👩‍👧\n'],
    ['an endless line', `${'the film was great '.repeat(60_000)}\n`],
  ])('%s is judged', async (name, contents) => {
    const { code, out } = await judge('--file', await file(`${name}.txt`, contents), '--format', 'jsonl', '--top', '1');
    expect(code).toBe(0);
    expect(judged(out)).toEqual([expect.objectContaining({ line: 1, label: 'pos' })]);
  });

  test('is judged, and told once of a file in another encoding', async () => {
    const path = await file('latin1.txt', Buffer.from('a great film\ncaf\u00e9\ncaf\u00e9 great\n', 'latin1'));
    const { code, out, err } = await judge('--file', path, '--format', 'jsonl');
    expect(code).toBe(0);
    expect(judged(out)).toHaveLength(3);
    expect(err).toBe(`warning: ${path}:2: ${NOT_UTF8} (such texts: 2)\n`);
  });

  test('a line that is longer than memory should hold is told and passed over', async () => {
    const long = 'the film '.repeat(2_000_000);
    const { code, out } = await judge('--file', await file('long.txt', `${long}\na great film\n`), '--format', 'jsonl');
    expect(code).toBe(1);
    expect(judged(out)).toEqual([
      { line: 1, error: 'is longer than 16000000 characters' },
      expect.objectContaining({ line: 2, label: 'pos' }),
    ]);
  });
});

describe('looksay evaluate sentiment', () => {
  const evaluate = (data: string, ...rest: string[]): Promise<Run> =>
    run(['evaluate', 'sentiment', '--checkpoint', checkpoint, '--data', data, '--quiet', ...rest]);

  test('scores what was held out of the training data, and all of other data', async () => {
    const { code, out } = await evaluate(reviews, '--train-data', reviews);
    expect(code).toBe(0);
    expect(out).toMatch(/accuracy % +95 % +macro F1 % +on 40 texts \(held out: .*divisible by 10\)/);
    expect(out).toContain('a bag of words (logistic regression on 360 texts)');
    expect(out).toContain('the right class');
    const other = await evaluate(await file('other.csv', asCsv(makeReviews(50, 5))), '--format', 'json');
    const scores = JSON.parse(other.out) as { part: string; texts: number; scores: { macroF1: number } };
    expect(scores).toMatchObject({ part: 'all', texts: 50 });
    expect(scores.scores.macroF1).toBeGreaterThan(0.9);
  });

  test('labels that training did not see are left out, or are too few to score', async () => {
    const mixed = await file('mixed.csv', 'text,label\ngreat film,pos\nthe film,neutral\n');
    const { code, out, err } = await evaluate(mixed, '--format', 'json');
    expect({ code, texts: (JSON.parse(out) as { texts: number }).texts }).toEqual({ code: 0, texts: 1 });
    expect(err).toContain('left out 1 texts of classes that training did not see (neutral)');
    const strange = await evaluate(await file('strange.csv', 'text,label\nthe film,neutral\n'));
    expect(strange.code).toBe(1);
    expect(strange.err).toContain("the model's classes are neg, pos");
  });
});

describe('looksay train sentiment', () => {
  test('from a folder of three classes, by the last output of a gru, stopped and continued', async () => {
    const data = join(folder, 'classes');
    for (const [label, text] of [
      ['sport', 'a goal'],
      ['food', 'some rice'],
      ['art', 'a picture'],
    ] as const) {
      await mkdir(join(data, label), { recursive: true });
      for (let i = 0; i < 20; i++) await writeFile(join(data, label, `${i}.txt`), `${text} number ${i}\n`);
    }
    const output = join(folder, 'three');
    // What is given last counts once only: the window of --pooling last is 0 by itself.
    const common = ['train', 'sentiment', '--data', data, '--output', output, '--quiet', '--hidden-size', '8'];
    const options = [
      ...common,
      '--embedding-size',
      '8',
      ...FAST,
      '--epochs',
      '12',
      '--cell',
      'gru',
      '--pooling',
      'last',
    ];
    expect((await run([...options, '--stop-after', '2'])).out).toContain('interrupted');
    const { code, out } = await run([...options, '--continue']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ending: 'completed', scores: { accuracy: 1 } });
    const told = await run([
      'sentiment',
      '--checkpoint',
      output,
      'a picture',
      '--format',
      'jsonl',
      '--top',
      '2',
      '--quiet',
    ]);
    expect(judged(told.out)[0]?.top).toHaveLength(2);
    expect(judged(told.out)[0]?.label).toBe('art');
  });

  test.each([
    [
      'one class only',
      'text,label\na,pos\nb,pos\n',
      [],
      1,
      'expected texts of two classes or more, found one class (pos)',
    ],
    [
      'no such column',
      'review,label\na,pos\nb,neg\n',
      [],
      1,
      'expected a column "text", found the columns review, label',
    ],
    ['nothing at all', '', [], 1, 'expected texts with labels, found none'],
    ['white space only', 'text,label\n ,pos\n\t,neg\n', [], 1, 'found none'],
    ['a window with the last output', asCsv(makeReviews(30)), ['--pooling', 'last'], 2, 'knows the last window only'],
    [
      'both splits',
      'text,label\na,pos\n',
      ['--hold-out-last', '0.2', '--hold-out-every', '3'],
      2,
      'choose one of them',
    ],
    [
      'a split and texts',
      'text,label\na,pos\n',
      ['--hold-out-last', '0.2', '--val', 'x.csv'],
      2,
      '--val and --hold-out',
    ],
    [
      'bad word dropout',
      'text,label\na,pos\n',
      ['--word-dropout', '1'],
      2,
      '--word-dropout: expected a number in [0, 1)',
    ],
  ] as const)('%s is refused', async (name, contents, options, code, message) => {
    const result = await train(await file(`${name}.csv`, contents), join(folder, `refused ${name}`), ...options);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toContain(message);
  });

  test('from a classifier that was trained before, which decides what it is made of', async () => {
    const output = join(folder, 'begun');
    const options = ['--data', reviews, '--start-from', checkpoint, '--epochs', '1'];
    const { code, out, err } = await run(['train', 'sentiment', '--output', output, ...options]);
    expect(code).toBe(0);
    expect(err).not.toContain('new to it');
    expect((JSON.parse(out) as { scores: { accuracy: number } }).scores.accuracy).toBeGreaterThan(0.8);
    const refused = await run(['train', 'sentiment', '--output', `${output}-twice`, ...options, '--cell', 'lstm']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('--cell: is decided by --start-from');
  });

  test('texts without a frequent word are refused', async () => {
    const texts = await file('rare.csv', 'text,label\na b,pos\nc d,neg\ne f,pos\ng h,neg\n');
    const argv = ['train', 'sentiment', '--data', texts, '--output', join(folder, 'rare'), '--min-count', '9'];
    const { code, err } = await run([...argv, '--quiet']);
    expect(code).toBe(1);
    const lines = err.trimEnd().split('\n');
    expect(lines[0]).toContain('what is held out has no text of 1 of 2 classes (neg)');
    expect(lines.slice(1)).toEqual([`looksay: ${texts}: no word occurs often enough (lower --min-count)`]);
  });

  test('validation texts of classes without training are left out', async () => {
    const val = await file('val.csv', 'text,label\ngreat film,pos\nthe film,neutral\nawful,neg\n');
    const { code, err } = await train(reviews, join(folder, 'val'), '--val', val, '--epochs', '1');
    expect(code).toBe(0);
    expect(err).toContain('left out 1 texts of classes that training did not see (neutral)');
  });
});
