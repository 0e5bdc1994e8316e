/** Texts from files, folders and columns of tables, and the files that are odd, damaged or endless. */
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type CorpusSource, type DocumentKind, readDocuments, readTexts } from '../../src/text/corpus.js';
import { NOT_UTF8 } from '../../src/text/encoding.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-corpus-'));
});

async function textsOf(source: CorpusSource): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of readTexts(source)) texts.push(text);
  return texts;
}

async function file(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

describe('a text file', () => {
  test('gives its lines', async () => {
    expect(await textsOf({ path: await file('lines.txt', '\ufeffone\r\ntwo\n\nthree') })).toEqual([
      'one',
      'two',
      '',
      'three',
    ]);
  });

  test('right to left, emoji, a NUL byte and bytes that are no UTF-8 do not stop it', async () => {
    const bytes = Buffer.concat([Buffer.from('שלום 👍🏽\na\0b\n'), Buffer.from([0x63, 0xff, 0x64, 0x0a])]);
    expect(await textsOf({ path: await file('odd.txt', bytes) })).toEqual(['שלום 👍🏽', 'a\0b', 'c\ufffdd']);
  });

  test('an endless line comes in pieces that break no word', async () => {
    const line = Array.from({ length: 600_000 }, (_, i) => `w${i % 1000}`).join(' ');
    const pieces = await textsOf({ path: await file('endless.txt', line) });
    expect(pieces.length).toBeGreaterThan(1);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(1_100_000);
    expect(pieces.join('')).toBe(line);
    expect(pieces.every((piece, i) => i === 0 || piece.startsWith(' '))).toBe(true);
  });

  test('an endless line without a space comes in pieces too', async () => {
    const pieces = await textsOf({ path: await file('solid.txt', 'x'.repeat(3_000_000)) });
    expect(pieces.join('')).toHaveLength(3_000_000);
  });

  test('an empty one has no texts', async () => {
    expect(await textsOf({ path: await file('empty.txt', '') })).toEqual([]);
  });

  test.each([
    ['UTF-16', Buffer.from('\ufefftext', 'utf16le'), 'UTF-16, expected UTF-8'],
    ['nothing', undefined, 'no such file'],
  ])('%s is said', async (name, contents, message) => {
    const path = contents === undefined ? join(folder, 'missing.txt') : await file(`${name}.txt`, contents);
    await expect(textsOf({ path })).rejects.toThrow(message);
  });
});

test('a folder gives the lines of its text files, by name', async () => {
  const path = join(folder, 'folder');
  await mkdir(join(path, 'b'), { recursive: true });
  await writeFile(join(path, 'b', 'one.txt'), 'second\n');
  await writeFile(join(path, 'a.TXT'), 'first\n');
  await writeFile(join(path, 'c.md'), 'no text\n');
  expect(await textsOf({ path })).toEqual(['first', 'second']);
  await mkdir(join(folder, 'none'));
  await expect(textsOf({ path: join(folder, 'none') })).rejects.toThrow('found none');
});

describe('a column', () => {
  test.each([
    ['tweets.csv', '\ufeffid,tweet\n1,"a, ""b""\nc"\n2,d "e" f\n3\n'],
    ['tweets.tsv', 'id\ttweet\n1\t"a, ""b""\nc"\n2\td "e" f\n3\n'],
  ])('of %s', async (name, contents) => {
    expect(await textsOf({ path: await file(name, contents), column: 'tweet' })).toEqual(['a, "b"\nc', 'd "e" f', '']);
  });

  test('that is not there is said with those that are', async () => {
    const path = await file('columns.csv', 'text,label\na,pos\n');
    await expect(textsOf({ path, column: 'tweet' })).rejects.toThrow('columns.csv:1: expected a column "tweet"');
    await expect(textsOf({ path })).rejects.toThrow('text, label (choose one with --column)');
  });

  test('with a quote that is never closed is said', async () => {
    const path = await file('quote.csv', 'text\n"a\nb\nc\n');
    await expect(textsOf({ path, column: 'text' })).rejects.toThrow('quote.csv: cannot be read');
  });
});

describe('documents', () => {
  async function documentsOf(source: CorpusSource, kind?: DocumentKind): Promise<string[]> {
    const found: string[] = [];
    for await (const text of readDocuments(source, kind)) found.push(text);
    return found;
  }

  test('are files with their line breaks, or lines', async () => {
    const path = await file('document.txt', '\ufeffone\r\ntwo\n\nthr\u00e9e\n');
    expect(await documentsOf({ path })).toEqual(['one\ntwo\n\nthr\u00e9e\n']);
    expect(await documentsOf({ path }, 'line')).toEqual(['one', 'two', '', 'thr\u00e9e']);
  });

  test('of a folder are its text files, of a table its cells', async () => {
    const path = join(folder, 'documents');
    await mkdir(path);
    await writeFile(join(path, 'b.txt'), 'x\ny');
    await writeFile(join(path, 'a.txt'), '');
    expect(await documentsOf({ path })).toEqual(['', 'x\ny']);
    await symlink('.', join(path, 'itself'));
    expect(await documentsOf({ path })).toHaveLength(2);
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(join(folder, 'elsewhere', 'c.TXT'), 'z');
    await symlink(join(folder, 'elsewhere'), join(path, 'more'));
    expect(await documentsOf({ path })).toEqual(['', 'x\ny', 'z']);
    const table = await file('documents.csv', 'id,text\r\n1,"a\r\nb"\n2,c\n3,d\r\n');
    expect(await documentsOf({ path: table, column: 'text' })).toEqual(['a\nb', 'c', 'd']);
    expect(await documentsOf({ path: await file('returns.txt', 'a\r\rb') })).toEqual(['a\n\nb']);
  });

  test('that cannot be read are said', async () => {
    await expect(documentsOf({ path: join(folder, 'missing.txt') })).rejects.toThrow('missing.txt: no such file');
    const wide = await file('wide.txt', Buffer.from('\ufeffa', 'utf16le'));
    await expect(documentsOf({ path: wide })).rejects.toThrow('is UTF-16');
  });
});

describe('texts in another encoding', () => {
  const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

  /** What is warned of while `texts` are read, the folder left out. */
  async function warningsOf(texts: AsyncIterable<string>): Promise<string[]> {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      for await (const text of texts) expect(text).not.toContain('\u00e9');
      return stderr.mock.calls.map(([text]) => String(text).replace(`${folder}/`, ''));
    } finally {
      stderr.mockRestore();
    }
  }

  test('are told once, with the line of the first and how to convert the file', async () => {
    const lines = await file('latin1.txt', latin1('plain\ncaf\u00e9\ncaf\u00e9\n'));
    const expected = [`warning: latin1.txt:2: ${NOT_UTF8} (such texts: 2)\n`];
    expect(await warningsOf(readTexts({ path: lines }))).toEqual(expected);
    expect(await warningsOf(readDocuments({ path: lines }, 'line'))).toEqual(expected);
    expect(await warningsOf(readDocuments({ path: lines }))).toEqual([expected[0]?.replace('2)', '1)')]);
    const table = await file('latin1.csv', latin1('id,tweet\n1,plain\n2,caf\u00e9\n'));
    const cells = readDocuments({ path: table, column: 'tweet' });
    expect(await warningsOf(cells)).toEqual([`warning: latin1.csv:3: ${NOT_UTF8} (such texts: 1)\n`]);
  });

  test('are told once of a folder', async () => {
    await mkdir(join(folder, 'latin1'));
    for (const name of ['a', 'b', 'c'])
      await file(`latin1/${name}.txt`, name === 'a' ? 'plain' : latin1('\ncaf\u00e9'));
    const expected = [`warning: latin1/b.txt:2: ${NOT_UTF8} (such texts: 2)\n`];
    expect(await warningsOf(readDocuments({ path: join(folder, 'latin1') }))).toEqual(expected);
    expect(await warningsOf(readTexts({ path: join(folder, 'latin1') }))).toEqual(expected);
  });
});
