/**
 * Reads the texts of a corpus one at a time: the lines of a text file, those of every text file in a folder, or the cells
 * of a column of a CSV or TSV file (RFC 4180). UTF-8; bytes that are not become U+FFFD, with a warning. A line may be as long
 * as the file (a whole encyclopaedia, often): it then comes in pieces.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UserError } from '../shared/errors.js';
import { filesInFolder } from '../shared/folder-files.js';
import { cannotRead, LostCharacters, REPLACEMENT_CHARACTER, requireUtf8File } from './encoding.js';
import { readLines } from './lines.js';
import { delimiterOf, readTable } from './tables.js';

/** Where texts are. */
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

/**
 * The texts of `source`, in order (files of a folder and of those inside by name). Some may be empty.
 * Throws UserError, naming file and line, for what cannot be read, a column that is not there, or another encoding.
 *
 * @example
 * for await (const text of readTexts({ path: 'tweets.csv', column: 'tweet' })) console.log(text);
 */
export async function* readTexts(source: CorpusSource): AsyncGenerator<string> {
  const lost = new LostCharacters();
  for await (const { text, where } of locatedTexts(source)) {
    lost.add(text, where);
    yield text;
  }
  lost.warn();
}

interface LocatedText {
  readonly text: string;
  readonly where: string;
}

async function* locatedTexts({ path, column }: CorpusSource): AsyncGenerator<LocatedText> {
  const delimiter = delimiterOf(path);
  if (await isFolder(path)) {
    for (const file of textFilesIn(path)) yield* readTextFile(file);
  } else if (delimiter !== undefined || column !== undefined) {
    const columns = [{ name: column, holds: 'texts', option: '--column' }];
    for await (const { line, cells } of readTable(path, columns, delimiter ?? ',')) {
      yield { text: cells[0] ?? '', where: `${path}:${line}` };
    }
  } else {
    yield* readTextFile(path);
  }
}

/** What one document is: a file (a cell, of CSV and TSV files), or each line of one. */
export const DOCUMENT_KINDS = ['file', 'line'] as const;
/** See `DOCUMENT_KINDS`. */
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/**
 * The documents of `source` with their line breaks (all `\n`), in order (files of a folder and of those inside by name). Some may be empty.
 * Throws UserError for what cannot be read, a column that is not there, another encoding, or a file too long for memory.
 */
export async function* readDocuments(source: CorpusSource, kind: DocumentKind = 'file'): AsyncGenerator<string> {
  const { path, column } = source;
  const isTable = column !== undefined || delimiterOf(path) !== undefined;
  if (kind === 'line' || (isTable && !(await isFolder(path)))) {
    for await (const text of readTexts(source)) yield withPlainBreaks(text);
  } else {
    const lost = new LostCharacters();
    for (const file of (await isFolder(path)) ? textFilesIn(path) : [path]) {
      const text = await readDocument(file);
      lost.add(text, `${file}:${firstLostLine(text)}`);
      yield text;
    }
    lost.warn();
  }
}

function firstLostLine(text: string): number {
  return text.slice(0, Math.max(text.indexOf(REPLACEMENT_CHARACTER), 0)).split('\n').length;
}

function withPlainBreaks(text: string): string {
  return text.includes('\n') ? text.replaceAll('\r\n', '\n') : text.replaceAll('\r', '\n');
}

/**
 * The text file at `path` as one document, its line breaks `\n`; bytes that are not UTF-8 become U+FFFD without a warning.
 * Throws UserError when it cannot be read, is in another encoding, or is too long for memory.
 */
export async function readDocument(path: string): Promise<string> {
  await requireUtf8File(path);
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

function textFilesIn(folder: string): readonly string[] {
  const { entries } = filesInFolder(folder, { recursive: true, isWanted: (name) => /\.txt$/i.test(name) });
  const unreadable = entries.find(({ error }) => error !== undefined);
  if (unreadable !== undefined) throw cannotRead(unreadable.path, unreadable.error);
  if (entries.length === 0) throw new UserError(`${folder}: expected text files (*.txt) in this folder, found none`);
  return entries.map(({ path }) => path);
}

async function* readTextFile(path: string): AsyncGenerator<LocatedText> {
  try {
    for await (const { number, text } of readLines(path, { cutAt: PIECE_LENGTH }))
      yield { text, where: `${path}:${number}` };
  } catch (error) {
    throw cannotRead(path, error);
  }
}
