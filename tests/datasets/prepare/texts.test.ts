/** Text sets from archives in their publishers' layouts: killed half-way, resumed, then trained on. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../cli/run.js';
import { type ArchiveFiles, writeTar, writeZip } from '../../helpers/archives.js';
import { filesBelow, prepare, prepareKilled, runCommand } from '../../helpers/preparation.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

let folder: string;

const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const tableAt = async (path: string): Promise<Record<string, string>[]> =>
  parse(await readFile(path, 'utf8'), { columns: true });

/** Trains a tiny language model for one epoch. */
async function trainText(output: string, ...options: string[]): Promise<void> {
  const { code, err, out } = await run([
    ...['train', 'text', '--output', output, '--epochs', '1', '--quiet', '--threads', '1', ...options],
    ...['--hidden-size', '8', '--batch-size', '2', '--bptt', '8', '--cell', 'gru'],
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({ ending: 'completed' });
}

describe('imdb', () => {
  const review = (part: string, label: string, n: number): string =>
    `A ${label} film <br /><br />of number ${n} in ${part}, "quoted", with a comma.\n`;
  const reviews = (part: string, labels: readonly string[], count: number): ArchiveFiles =>
    Object.fromEntries(
      labels.flatMap((label) =>
        Array.from({ length: count }, (_, n) => [
          `aclImdb/${part}/${label}/${n}_${label === 'unsup' ? 0 : label === 'pos' ? 9 : 2}.txt`,
          review(part, label, n),
        ]),
      ),
    );
  let archive: string;

  beforeAll(async () => {
    archive = await writeTar(at('aclImdb_v1.tar.gz'), {
      'aclImdb/README': 'Large Movie Review Dataset v1.0',
      'aclImdb/imdb.vocab': 'the\nand\n',
      ...reviews('test', ['neg', 'pos'], 3),
      'aclImdb/test/labeledBow.feat': '9 0:1',
      ...reviews('train', ['neg', 'pos', 'unsup'], 12),
      'aclImdb/train/urls_pos.txt': 'http://www.imdb.com/title/tt0453418/usercomments',
      'aclImdb/train/pos/99_9.txt': Buffer.from([0x41, 0xff, 0xfe]),
      'aclImdb/train/neg/99_1.txt': review('train', 'neg', 3),
    });
  });

  test('is killed half-way, resumed, and trained on', async () => {
    const summary = await prepare('imdb', archive, '--output', at('imdb'));
    expect(summary.parts).toEqual({
      train: { texts: 25, pos: 12, neg: 13 },
      test: { texts: 6, pos: 3, neg: 3 },
      unlabelled: { texts: 12 },
    });
    expect(summary.counts).toEqual({ trainTextsRepeated: 1, testTextsAlsoInTrain: 0 });
    expect(summary.problems).toMatchObject({ count: 1, first: [{ message: 'is not valid UTF-8; left out' }] });
    expect(summary.remarks).toContain('pos: the publisher has 12,500 reviews in train, here are 12');

    // The first file is there, the second is not.
    expect(await prepareKilled(2, 'imdb', archive, '--output', at('imdb-killed'))).toBe('SIGKILL');
    const left = Object.keys(await filesBelow(at('imdb-killed')));
    expect(left).toContain('train.csv');
    expect(left).not.toContain('test.csv');
    expect(left.filter((name) => name.endsWith('.partial'))).toHaveLength(1);
    const resumed = await prepare('imdb', archive, '--output', at('imdb-killed'));
    expect({ ...resumed, output: '', files: {}, next: '' }).toEqual({ ...summary, output: '', files: {}, next: '' });
    expect(await filesBelow(at('imdb-killed'))).toEqual(await filesBelow(at('imdb')));

    await trainText(at('imdb-model'), '--text', at('imdb-killed', 'train.csv'), '--column', 'text');
    const words = await run([
      ...['train', 'words', '--text', at('imdb-killed', 'unlabelled.txt'), '--output', at('imdb-words'), '--quiet'],
      ...['--epochs', '1', '--threads', '1', '--min-count', '1', '--embedding-size', '4'],
    ]);
    expect({ code: words.code, err: words.err }).toEqual({ code: 0, err: '' });
  });

  test('reviews come without HTML, those of both kinds in turn, each on its line or row', async () => {
    const rows = await tableAt(at('imdb', 'train.csv'));
    expect(rows.slice(0, 3)).toEqual([
      { text: 'A neg film of number 0 in train, "quoted", with a comma.', label: 'neg' },
      { text: 'A pos film of number 0 in train, "quoted", with a comma.', label: 'pos' },
      { text: 'A neg film of number 1 in train, "quoted", with a comma.', label: 'neg' },
    ]);
    const lines = (await readFile(at('imdb', 'unlabelled.txt'), 'utf8')).split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[10]).toContain('number 10 in train');
  });

  test('an archive without one of the kinds is refused', async () => {
    const source = await writeTar(at('half.tar'), reviews('train', ['pos'], 2));
    await expect(prepare('imdb', source, '--output', at('half'))).rejects.toThrow(/no review train\/neg/);
  });
});

describe('sst2', () => {
  const files: ArchiveFiles = {
    'SST-2/train.tsv': 'sentence\tlabel\nhide new secretions "from" the parental units \t0\ncontains no wit\t0\nlovely \t1\nodd\t2\n\t1\nlovely\t1\n',
    'SST-2/dev.tsv': "sentence\tlabel\nit 's a charming journey . \t1\nlovely\t1\n",
    'SST-2/test.tsv': 'index\tsentence\n0\tuneasy mishmash\n1\tthis film\n',
    'SST-2/original/README.txt': 'x',
    'SST-2/original/dictionary.txt': 'x|1',
  };

  test('is killed half-way, resumed, and trained on', async () => {
    const archive = await writeZip(at('SST-2.zip'), files);
    expect(await prepareKilled(2, 'sst2', archive, '--output', at('sst2'))).toBe('SIGKILL');
    const summary = await prepare('sst2', archive, '--output', at('sst2'));
    expect(summary.parts).toEqual({
      train: { texts: 4, neg: 2, pos: 2 },
      dev: { texts: 2, pos: 2 },
      test: { texts: 2, '': 2 },
    });
    expect(summary.counts).toEqual({ trainTextsRepeated: 1, devTextsAlsoInTrain: 1 });
    expect(summary.problems.first.map(({ where }) => where)).toEqual(['SST-2/train.tsv:5', 'SST-2/train.tsv:6']);
    expect(Object.keys(await filesBelow(at('sst2')))).toEqual(['dev.csv', 'test.csv', 'train.csv']);
    expect((await tableAt(at('sst2', 'train.csv')))[0]).toEqual({
      text: 'hide new secretions "from" the parental units',
      label: 'neg',
    });
    expect((await tableAt(at('sst2', 'test.csv')))[0]).toEqual({ text: 'uneasy mishmash' });
    await trainText(at('sst2-model'), '--text', at('sst2', 'train.csv'), '--column', 'text');
  });

  test('other columns are named', async () => {
    const archive = await writeZip(at('other.zip'), { 'SST-2/train.tsv': 'text\tclass\na\t1\n' });
    await expect(prepare('sst2', archive, '--output', at('other'))).rejects.toThrow(
      /train.tsv:1: expected the columns sentence and label, found text, class/,
    );
  });
});

describe('tweets', () => {
  const TABLE = `,tweet\n${Array.from({ length: 30 }, (_, n) => `${n},"Tweet ${n} 😀, with ""quotes""\nin two lines"\n`).join('')}30,\n31,Tweet 1\n32,Tweet 1\n`;

  test('is killed half-way, resumed, and trained on', async () => {
    const archive = await writeZip(at('tweets.zip'), { 'data/tweets.csv': TABLE });
    const whole = await prepare('tweets', archive, '--output', at('tweets-whole'));
    expect(whole.parts['all']).toMatchObject({ texts: 32 });
    expect(whole.counts).toMatchObject({ rowsInTable: 33, textsRepeated: 1 });
    expect(await prepareKilled(2, 'tweets', archive, '--output', at('tweets'))).toBe('SIGKILL');
    await prepare('tweets', archive, '--output', at('tweets'));
    expect(await filesBelow(at('tweets'))).toEqual(await filesBelow(at('tweets-whole')));
    const rows = await tableAt(at('tweets', 'texts.csv'));
    expect(rows[2]).toEqual({ text: 'Tweet 2 😀, with "quotes"\nin two lines' });
    await trainText(at('tweets-model'), '--text', at('tweets', 'texts.csv'), '--column', 'text');
  });

  test('the column is asked for where its name says nothing', async () => {
    await writeFile(at('odd.tsv'), 'id\tsaid\twhere\n1\thello there\tx\n');
    const argv = ['tweets', at('odd.tsv'), '--output', at('odd')];
    expect(await runCommand(argv)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--column, one of id, said, where') as string,
    });
    expect((await prepare(...argv, '--column', 'said')).parts).toMatchObject({ all: { texts: 1, characters: 11 } });
    await expect(prepare(...argv, '--column', 'what')).rejects.toThrow(/expected a column "what"/);
  });
});

describe('corpus', () => {
  const files: ArchiveFiles = {
    'books/a.txt': 'Call me Ishmael. \r\n'.repeat(5),
    'books/deep/b.txt': 'Ça commence ici.\n'.repeat(5),
    text8: ' anarchism originated as a term of abuse'.repeat(5),
    'wiki.train.tokens': '= Title =\n'.repeat(5),
    'program.txt': Buffer.from([1, 0, 2]),
    'latin.txt': Buffer.from('Ça', 'latin1'),
    'empty.txt': ' \n',
    'cover.jpg': 'x',
  };

  test('is killed half-way, resumed, and trained on', async () => {
    const archive = await writeTar(at('corpus.tgz'), files);
    const whole = await prepare('corpus', archive, '--output', at('corpus-whole'));
    expect(whole.parts).toEqual({ all: { files: 4, characters: 95 + 85 + 200 + 50, lines: 15 } });
    expect(whole.problems.first.map(({ message }) => message).sort()).toEqual([
      'is empty; left out',
      'is not text (it has NUL bytes, as UTF-16 and programs do; UTF-8 is read); left out',
      'is not valid UTF-8; left out',
    ]);
    expect(await prepareKilled(3, 'corpus', archive, '--output', at('corpus'))).toBe('SIGKILL');
    const there = Object.keys(await filesBelow(at('corpus'))).filter((name) => name.endsWith('.txt')).length;
    const resumed = await prepare('corpus', archive, '--output', at('corpus'));
    expect(resumed.counts).toEqual({ filesUnusable: 3, filesThereBefore: there });
    expect(await filesBelow(at('corpus'))).toEqual(await filesBelow(at('corpus-whole')));
    await trainText(at('corpus-model'), '--text', at('corpus', 'text'));
  });

  test('a file alone, and nothing that is text', async () => {
    await writeFile(at('input.txt'), 'First Citizen:\n');
    expect((await prepare('corpus', at('input.txt'), '--output', at('single'))).parts).toEqual({
      all: { files: 1, characters: 15, lines: 1 },
    });
    await writeFile(at('junk.txt'), Buffer.from([0]));
    await expect(prepare('corpus', at('junk.txt'), '--output', at('none'))).rejects.toThrow(/no text file/);
  });
});
