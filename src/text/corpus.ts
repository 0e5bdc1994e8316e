/**
 * Reads the texts of a corpus one at a time: the lines of a text file, those of every text file in a folder, or the cells
 * of a column of a CSV or TSV file (RFC 4180). UTF-8; bytes that are not become U+FFFD. A line may be as long as the file
 * (a whole encyclopaedia, often): it then comes in pieces.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import glob from 'fast-glob';
import { systemReason, UserError } from '../shared/errors.js';
import { readHead } from '../shared/files.js';
import { readLines } from './lines.js';

export interface CorpusSource {
  /** A text file, a folder of text files (`*.txt`, at any depth), or a CSV or TSV file. */
  readonly path: string;
  /** The column that has the texts: of CSV and TSV files. */
  readonly column?: string;
}

/** Characters of a piece of a long line, about. */
const PIECE_LENGTH = 1_000_000;
/** Characters of a document that is read as a whole. */
const LONGEST_DOCUMENT = 250_000_000;
/** A cell that is longer is a quote that was never closed. */
const LONGEST_RECORD = 16_000_000;
/** Characters of a header that an error shows. */
const SHOWN_LENGTH = 200;
const DELIMITERS: Readonly<Record<string, string>> = { '.csv': ',', '.tsv': '\t' };

/**
 * The texts of `source`, in order (files of a folder by name). Some may be empty.
 * Throws UserError, naming file and line, for what cannot be read, a column that is not there, or another encoding.
 *
 * @example
 * for await (const text of readTexts({ path: 'tweets.csv', column: 'tweet' })) console.log(text);
 */
export async function* readTexts({ path, column }: CorpusSource): AsyncGenerator<string> {
  const delimiter = DELIMITERS[extname(path).toLowerCase()];
  if (await isFolder(path)) {
    for (const file of await textFilesIn(path)) yield* readTextFile(file);
  } else if (delimiter !== undefined || column !== undefined) {
    yield* readColumn(path, column, delimiter ?? ',');
  } else {
    yield* readTextFile(path);
  }
}

/** What one document is: a file (a cell, of CSV and TSV files), or each line of one. */
export const DOCUMENT_KINDS = ['file', 'line'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/**
 * The documents of `source` with their line breaks (all `\n`), in order (files of a folder by name). Some may be empty.
 * Throws UserError for what cannot be read, a column that is not there, another encoding, or a file too long for memory.
 */
export async function* readDocuments(source: CorpusSource, kind: DocumentKind = 'file'): AsyncGenerator<string> {
  const { path, column } = source;
  const isTable = column !== undefined || extname(path).toLowerCase() in DELIMITERS;
  if (kind === 'line' || (isTable && !(await isFolder(path)))) {
    for await (const text of readTexts(source)) yield withPlainBreaks(text);
  } else if (await isFolder(path)) {
    for (const file of await textFilesIn(path)) yield await readWhole(file);
  } else {
    yield await readWhole(path);
  }
}

function withPlainBreaks(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

async function readWhole(path: string): Promise<string> {
  await requireEightBits(path);
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > LONGEST_DOCUMENT) {
        throw new UserError(`${path}: expected at most ${LONGEST_DOCUMENT} characters, found more (take a part of it)`);
      }
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  return withPlainBreaks(text + decoder.decode());
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw cannotRead(path, error);
  }
}

async function textFilesIn(folder: string): Promise<string[]> {
  const files = await glob('**/*.txt', { cwd: folder, absolute: true, caseSensitiveMatch: false });
  if (files.length === 0) throw new UserError(`${folder}: expected text files (*.txt) in this folder, found none`);
  return files.sort();
}

async function* readTextFile(path: string): AsyncGenerator<string> {
  await requireEightBits(path);
  try {
    for await (const { text } of readLines(path, { cutAt: PIECE_LENGTH })) yield text;
  } catch (error) {
    throw cannotRead(path, error);
  }
}

async function* readColumn(path: string, column: string | undefined, delimiter: string): AsyncGenerator<string> {
  await requireEightBits(path);
  const parser = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: LONGEST_RECORD,
  });
  // What goes wrong in reading ends the parser with it, which the loop below then throws.
  pipeline(createReadStream(path), parser, () => undefined);
  let index: number | undefined;
  try {
    for await (const row of parser as AsyncIterable<string[]>) {
      if (index === undefined) index = columnIndex(path, row, column);
      else yield row[index] ?? '';
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function columnIndex(path: string, header: readonly string[], column: string | undefined): number {
  const names = header.map((name) => name.trim());
  const index = column === undefined ? -1 : names.indexOf(column);
  if (index >= 0) return index;
  const wanted = column === undefined ? 'the name of the column with the texts' : `a column ${JSON.stringify(column)}`;
  const found = names.join(', ');
  const shown = found.length > SHOWN_LENGTH ? `${found.slice(0, SHOWN_LENGTH)}…` : found;
  const exitCode = column === undefined ? 2 : 1;
  throw new UserError(`${path}:1: expected ${wanted}, found the columns ${shown} (choose one with --column)`, {
    exitCode,
  });
}

/** Throws UserError for UTF-16, of which every second byte would be taken for a character. */
async function requireEightBits(path: string): Promise<void> {
  let head: Uint8Array;
  try {
    head = await readHead(path, 2);
  } catch (error) {
    throw cannotRead(path, error);
  }
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new UserError(`${path}: is UTF-16, expected UTF-8 (save it as that)`);
  }
}

function cannotRead(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`${path}: ${systemReason(error)}`, { cause: error });
}
