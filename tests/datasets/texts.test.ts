/** Labelled texts as users have them: CSV, TSV, JSONL and folders; what is left out of them, and what is refused. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LabelledTextSource, readLabelledTexts } from '../../src/datasets/texts/index.js';
import { NOT_UTF8 } from '../../src/text/encoding.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-texts-'));
});

async function read(name: string, contents: string | Uint8Array, rest: Partial<LabelledTextSource> = {}) {
  const path = join(folder, name);
  await writeFile(path, contents);
  return readLabelledTexts({ path, ...rest });
}

describe('labelled texts are read', () => {
  test('from CSV, columns in any order, line breaks and commas quoted', async () => {
    const set = await read('a.csv', '\uFEFFid,label,text\r\n1,pos,"good,\n""really"""\r\n2, neg ,bad\r\n');
    expect(set.texts).toEqual([
      { text: 'good,\n"really"', label: 'pos' },
      { text: 'bad', label: 'neg' },
    ]);
    expect(set.labels).toEqual(['neg', 'pos']);
  });

  test('from TSV and JSONL, by the names of their columns', async () => {
    const names = { textColumn: 'sentence', labelColumn: 'class' };
    const expected = { texts: [{ text: 'it\'s "fine"', label: '10' }, { text: 'no', label: '2' }], labels: ['2', '10'], problems: [] };
    expect(await read('a.tsv', 'sentence\tclass\nit\'s "fine"\t10\nno\t2\n', names)).toEqual(expected);
    const lines = '{"sentence":"it\'s \\"fine\\"","class":10}\n\n{"class":"2","sentence":"no"}\n';
    expect(await read('a.jsonl', lines, names)).toEqual(expected);
  });

  test('from a folder a class', async () => {
    for (const label of ['neg', 'pos', 'empty']) await mkdir(join(folder, 'classes', label), { recursive: true });
    await writeFile(join(folder, 'classes/pos/10_9.txt'), 'good\nfilm');
    await writeFile(join(folder, 'classes/pos/9_9.txt'), 'nice');
    await writeFile(join(folder, 'classes/neg/0_1.txt'), 'bad');
    await writeFile(join(folder, 'classes/neg/notes.md'), 'no text');
    const { texts, labels, problems } = await readLabelledTexts({ path: join(folder, 'classes') });
    expect(texts.map(({ text, label }) => [label, text])).toEqual([
      ['neg', 'bad'],
      ['pos', 'nice'],
      ['pos', 'good\nfilm'],
    ]);
    expect(labels).toEqual(['neg', 'pos']);
    expect(problems).toEqual([expect.stringContaining('a class folder without text files')]);
  });
});

test('texts in another encoding are told once', async () => {
  const bytes = Buffer.from('text,label\nfine,pos\ncaf\u00e9,pos\nd\u00e9j\u00e0,neg\n', 'latin1');
  const { texts, problems } = await read('latin1.csv', bytes);
  expect(texts).toHaveLength(3);
  expect(problems).toEqual([`${join(folder, 'latin1.csv')}:3: ${NOT_UTF8} (such texts: 2)`]);
});

test('what has no text or no label is left out, and told by its line', async () => {
  const { texts, problems } = await read('bad.csv', 'text,label\n,pos\ngood,\nfine,pos\n  ,neg\nshort\n');
  expect(texts).toEqual([{ text: 'fine', label: 'pos' }]);
  expect(problems.map((problem) => problem.replace(folder, ''))).toEqual([
    '/bad.csv:2: has no text; left out',
    '/bad.csv:3: has no label; left out',
    '/bad.csv:5: has no text; left out',
    '/bad.csv:6: has no label; left out',
  ]);
  const json = await read('bad.jsonl', '{"text":1,"label":"a"}\n[1]\n{"text":\n{"text":"x","label":null}\n{"text":"x","label":true}\n');
  expect(json.texts).toEqual([{ text: 'x', label: 'true' }]);
  expect(json.problems.map((problem) => problem.replace(/^.*jsonl:/, ''))).toEqual([
    '1: "text": expected a string, found 1; left out',
    '2: expected an object, found [1]; left out',
    expect.stringMatching(/^3: is not valid JSON/),
    '4: "label": expected a string, found null; left out',
  ]);
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const nested = await read('deep.jsonl', `{"text":${deep},"label":"a"}\n{"text":"x","label":"b"}\n`);
  expect(nested.texts).toEqual([{ text: 'x', label: 'b' }]);
  expect(nested.problems.join()).toMatch(/:1: is not valid JSON \(found objects or lists more than 100 deep at position \d+\); left out$/);
});

test.each<[string, string | Uint8Array, string]>([
  ['columns.csv', 'sentence,label\na,b\n', 'columns.csv:1: expected a column "text", found the columns sentence, label (choose one with --text-column)'],
  ['labels.csv', 'text,class\na,b\n', 'expected a column "label", found the columns text, class (choose one with --label-column)'],
  ['nothing.csv', 'text,label\n', 'expected texts with labels, found none (it is empty)'],
  ['keys.jsonl', '{"body":"a"}\n', 'found none'],
  ['sixteen.csv', Buffer.from('\uFEFFtext,label\na,b\n', 'utf16le'), 'is UTF-16'],
  ['other.txt', 'a\n', 'expected a file named .csv, .tsv or .jsonl'],
])('%s is refused', async (name, contents, message) => {
  await expect(read(name, contents)).rejects.toThrow(message);
});

test('a path that leads nowhere is refused', async () => {
  await expect(readLabelledTexts({ path: join(folder, 'none.csv') })).rejects.toThrow('no such file');
  await mkdir(join(folder, 'flat'), { recursive: true });
  await expect(readLabelledTexts({ path: join(folder, 'flat') })).rejects.toThrow('found none');
});
