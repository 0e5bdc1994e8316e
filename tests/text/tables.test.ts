/** Rows of comma- and tab-separated tables, stray quotes among them, and rows of other lengths. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { readTable } from '../../src/text/tables.js';

let folder: string;
let stderr: MockInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-tables-'));
});
beforeEach(() => {
  stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => stderr.mockRestore());

async function rowsOf(name: string, contents: string | Uint8Array, columns = ['text', 'label']): Promise<string[][]> {
  const path = join(folder, name);
  await writeFile(path, contents);
  const wanted = columns.map((column) => ({ name: column, holds: 'texts', option: '--column' }));
  const rows: string[][] = [];
  for await (const { line, cells } of readTable(path, wanted, name.endsWith('.tsv') ? '\t' : ',')) {
    rows.push([String(line), ...cells]);
  }
  return rows;
}

const warnings = (): string[] => stderr.mock.calls.map(([text]) => String(text).replace(`${folder}/`, ''));

describe('tab-separated rows', () => {
  test.each([
    [
      'a quote that opens a text and is not closed',
      '"stray\t1\nb\t0\nc "d\t1\n',
      [
        ['2', '"stray', '1'],
        ['3', 'b', '0'],
        ['4', 'c "d', '1'],
      ],
    ],
    [
      'quotes that a later text ends in',
      '"stray\t1\nstop"\t0\n',
      [
        ['2', '"stray', '1'],
        ['3', 'stop"', '0'],
      ],
    ],
    ['a quoted beginning', '"good" film\t1\n', [['2', '"good" film', '1']]],
    ['a quoted cell', '"a ""b"" c"\t1\n', [['2', 'a "b" c', '1']]],
    ['a quoted tab', '"a\tb"\t1\n', [['2', 'a\tb', '1']]],
    [
      'a quoted line break',
      '"a\r\nb\n\nc"\t1\r\nd\t0\n',
      [
        ['5', 'a\nb\n\nc', '1'],
        ['6', 'd', '0'],
      ],
    ],
    [
      'an open quote at the end',
      'a\t1\n"b\t0',
      [
        ['2', 'a', '1'],
        ['3', '"b', '0'],
      ],
    ],
  ])('%s', async (name, rows, expected) => {
    expect(await rowsOf(`${name}.tsv`, `text\tlabel\n${rows}`)).toEqual(expected);
    expect(warnings()).toEqual([]);
  });

  test('no quote in the last column swallows rows', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i % 2}\t${i % 7 === 0 ? '"' : ''}text ${i}\n`);
    const found = await rowsOf('last.tsv', `label\ttext\n${rows.join('')}`);
    expect(found.map(([, text]) => text)).toEqual(rows.map((row) => row.trimEnd().split('\t')[1]));
  });
});

test.each(['a.csv', 'a.tsv'])('rows of %s with other numbers of cells are warned of once', async (name) => {
  const rows = 'text,label\na,1\nb\n\nc,0,x\n'.replaceAll(',', name === 'a.tsv' ? '\t' : ',');
  expect(await rowsOf(name, rows)).toEqual([
    ['2', 'a', '1'],
    ['3', 'b', ''],
    ['4', '', ''],
    ['5', 'c', '0'],
  ]);
  expect(warnings()).toEqual([
    `warning: ${name}:3: expected 2 cells, found 1 (rows that differ from the header: 2; are cells quoted as they should be?)\n`,
  ]);
});

test.each(['returns.csv', 'returns.tsv'])('rows of %s that end in a carriage return alone', async (name) => {
  const rows = 'text,label\ra,1\rb,0\r'.replaceAll(',', name === 'returns.tsv' ? '\t' : ',');
  expect(await rowsOf(name, rows)).toEqual([
    ['2', 'a', '1'],
    ['3', 'b', '0'],
  ]);
});

test.each(['wide.csv', 'wide.tsv'])('%s in UTF-16 without a byte order mark is refused as such', async (name) => {
  const contents = Buffer.from('text,label\na,1\n', 'utf16le');
  await expect(rowsOf(name, contents)).rejects.toThrow(`${name}: has NUL bytes, as UTF-16 and spreadsheets do`);
});

test('a column without a name is shown among those that are there', async () => {
  await expect(rowsOf('index.csv', ',tweet\n0,a\n', ['text'])).rejects.toThrow('found the columns "", tweet (choose');
});
