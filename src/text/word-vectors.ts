/**
 * Reads and writes word vectors in the formats that they are published in, recognised by content: word2vec text (a line
 * "words dimension", then a word and its numbers a line), word2vec binary (that line, then words and little-endian
 * float32), and GloVe text (no such line; read only). Mikolov et al. 2013; Pennington et al. 2014. Files may be many
 * gigabytes: they are streamed, and only the words that are wanted are kept.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemReason, UserError } from '../shared/errors.js';
import { readHead, writeFileAtomically } from '../shared/files.js';
import { readLines } from './lines.js';

/** Vectors of words, all of one length. */
export interface WordVectors {
  readonly dimension: number;
  readonly vectors: Map<string, Float32Array>;
}

/** What is kept of a file of vectors. */
export interface ReadWordVectorsOptions {
  /** The words to keep; all when absent. */
  readonly vocabulary?: Iterable<string>;
}

/** No published vectors are longer, and no published file has more words. */
const LONGEST_VECTOR = 10_000;
const MOST_WORDS = 50_000_000;
/** Bytes of a word at most; what is longer is no word but a sign of another format. */
const LONGEST_WORD = 4_096;
const HEAD_BYTES = 65_536;
/** Bytes that are written at once, about. */
const WRITE_BYTES = 1_000_000;
/** Digits that tell every float32 from its neighbours. */
const FLOAT32_DIGITS = 9;

/** Letters of a wrong line that are shown. */
const SHOWN_LETTERS = 40;

/** The line "words dimension" at the start of word2vec's formats. */
interface Header {
  readonly words: number;
  readonly dimension: number;
  /** Bytes up to the end of the line. */
  readonly length: number;
}

type Keep = (word: string) => boolean;

/**
 * The vectors in the file at `path`.
 * Throws UserError when it is in none of the formats, or damaged, naming the line or the word.
 *
 * @example
 * const { dimension, vectors } = await readWordVectors('glove.6B.100d.txt', { vocabulary: ['dog', 'cat'] });
 */
export async function readWordVectors(path: string, options: ReadWordVectorsOptions = {}): Promise<WordVectors> {
  const wanted = options.vocabulary === undefined ? undefined : new Set(options.vocabulary);
  const keep: Keep = (word) => wanted === undefined || wanted.has(word);
  const { head, size } = await readFirst(path);
  const header = headerOf(head);
  if (header !== undefined) requireSoundHeader(path, header, size);
  if (header !== undefined && isBinary(head.subarray(header.length))) return readBinary(path, header, size, keep);
  return readText(path, header, keep);
}

/** Throws UserError when the numbers of the first line cannot be true of a file of `size` bytes. */
function requireSoundHeader(path: string, { words, dimension, length }: Header, size: number): void {
  if (dimension < 1 || dimension > LONGEST_VECTOR || words > MOST_WORDS) {
    throw new UserError(
      `${path}:1: expected at most ${MOST_WORDS} words of 1 to ${LONGEST_VECTOR} numbers, found ${words} of ${dimension}`,
    );
  }
  // In text, which is shortest, each number and each word take two bytes; the last line may lack its break.
  const least = words * (2 + 2 * dimension) - 1;
  if (size - length >= least) return;
  throw new UserError(
    `${path}:1: says ${words} words of ${dimension} numbers, which do not fit the file's ${size} bytes: it is cut short ` +
      'or its first line is wrong (get it again)',
  );
}

async function readFirst(path: string): Promise<{ readonly head: Uint8Array; readonly size: number }> {
  try {
    return { head: await readHead(path, HEAD_BYTES), size: (await stat(path)).size };
  } catch (error) {
    throw new UserError(`${path}: ${systemReason(error)}`, { cause: error });
  }
}

function headerOf(head: Uint8Array): Header | undefined {
  const end = head.indexOf(0x0a);
  // latin1: a byte order mark is three letters.
  const found = /^(?:\u00ef\u00bb\u00bf)?(\d+) (\d+)\s*$/.exec(
    Buffer.from(head.subarray(0, Math.max(end, 0))).toString('latin1'),
  );
  if (found === null) return undefined;
  return { words: Number(found[1]), dimension: Number(found[2]), length: end + 1 };
}

/** Text has no control characters but white space. */
function isBinary(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}

async function readText(path: string, header: Header | undefined, keep: Keep): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  let dimension = header?.dimension ?? 0;
  // Whether anything but the line itself says that these are vectors.
  let isSure = header !== undefined;
  let read = 0;
  for await (const { number: line, text } of readLines(path)) {
    if ((line === 1 && header !== undefined) || text.trim() === '') continue;
    const cells = text.trimEnd().split(' ');
    if (dimension === 0) dimension = Math.min(cells.length - 1, LONGEST_VECTOR);
    // The first word shows the dimension, so it holds no space.
    const row = read === 0 && cells.length !== dimension + 1 ? undefined : rowOf(cells, dimension);
    if (row === undefined) throw wrongLine(`${path}:${line}`, text, { dimension, isSure });
    if (keep(row.word)) vectors.set(row.word, row.vector);
    read++;
    isSure = true;
  }
  if (dimension === 0) throw new UserError(`${path}: expected word vectors, found an empty file`);
  if (header !== undefined && read !== header.words) throw wrongCount(path, header.words, read);
  return { dimension, vectors };
}

/** The error about a line that is no word with numbers, in a file of which it is sure that it holds vectors or not. */
function wrongLine(
  where: string,
  text: string,
  { dimension, isSure }: { readonly dimension: number; readonly isSure: boolean },
): UserError {
  if (!isSure) {
    const start = text.slice(0, SHOWN_LETTERS);
    return new UserError(
      `${where}: expected word vectors (word2vec or GloVe: a word and its numbers), found "${start}"`,
    );
  }
  const cells = text.trimEnd().split(' ');
  const wrong = cells.slice(-dimension).find((cell) => !Number.isFinite(Math.fround(Number(cell))));
  const found =
    cells.length <= dimension || wrong === undefined ? `${cells.length} cells` : `"${wrong.slice(0, SHOWN_LETTERS)}"`;
  return new UserError(`${where}: expected a word and ${dimension} numbers, found ${found}`);
}

/** Some published words hold spaces: the numbers are the last cells. Undefined when `cells` are no word and numbers. */
function rowOf(cells: readonly string[], dimension: number): { word: string; vector: Float32Array } | undefined {
  if (dimension === 0 || cells.length <= dimension) return undefined;
  const vector = Float32Array.from(cells.slice(-dimension), Number);
  const word = cells.slice(0, -dimension).join(' ');
  return word !== '' && vector.every(Number.isFinite) ? { word, vector } : undefined;
}

function wrongCount(path: string, expected: number, found: number | string): UserError {
  return new UserError(
    `${path}: expected ${expected} words, as its first line says, found ${found}: the file is cut short or damaged ` +
      '(get it again)',
  );
}

/** Words end in a space; a vector may be followed by a line break, which then precedes the next word. */
async function readBinary(
  path: string,
  { words, dimension, length }: Header,
  size: number,
  keep: Keep,
): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  const bytes = 4 * dimension;
  let rest = Buffer.alloc(0);
  let read = 0;
  let taken = length;
  for await (const chunk of createReadStream(path, { start: length })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let position = 0;
    while (read < words) {
      const begin = rest[position] === 0x0a ? position + 1 : position;
      const space = rest.indexOf(0x20, begin);
      if (space - begin > LONGEST_WORD || (space < 0 && rest.length - begin > LONGEST_WORD)) {
        throw new UserError(
          `${path}: word ${read + 1}: expected a word of at most ${LONGEST_WORD} bytes (is it damaged?)`,
        );
      }
      if (space < 0 || rest.length < space + 1 + bytes) break;
      const word = rest.toString('utf8', begin, space);
      if (keep(word)) vectors.set(word, vectorAt(rest, space + 1, dimension, `${path}: ${JSON.stringify(word)}`));
      position = space + 1 + bytes;
      read++;
    }
    rest = rest.subarray(position);
    taken += position;
    if (read === words) break;
  }
  if (read < words) throw wrongCount(path, words, read);
  // A line break may follow the last vector.
  if (size - taken > 1) throw wrongCount(path, words, `${size - taken} bytes more`);
  return { dimension, vectors };
}

function vectorAt(bytes: Buffer, offset: number, dimension: number, where: string): Float32Array {
  const vector = Float32Array.from({ length: dimension }, (_, index) => bytes.readFloatLE(offset + 4 * index));
  if (vector.every(Number.isFinite)) return vector;
  throw new UserError(`${where}: expected finite numbers (the file is damaged: get it again)`);
}

/** Which of word2vec's formats. */
export type WordVectorFormat = 'text' | 'binary';

/**
 * Writes `vectors` to `path` in word2vec's text or binary format, all at once or not at all. Numbers in text are rounded
 * to the digits that give the same float32 again.
 * Throws UserError for a word that the formats cannot hold (white space in it), and the system's errors.
 */
export async function writeWordVectors(
  path: string,
  { dimension, vectors }: WordVectors,
  format: WordVectorFormat,
): Promise<void> {
  for (const word of vectors.keys()) {
    if (word !== '' && !/\s/.test(word)) continue;
    throw new UserError(`${path}: ${JSON.stringify(word)} has white space, which word2vec's formats cannot hold`);
  }
  await writeFileAtomically(path, inChunks(records(dimension, vectors, format)));
}

/** The header, then one record a word. */
function* records(
  dimension: number,
  vectors: ReadonlyMap<string, Float32Array>,
  format: WordVectorFormat,
): Generator<Uint8Array> {
  yield Buffer.from(`${vectors.size} ${dimension}\n`);
  for (const [word, vector] of vectors) {
    switch (format) {
      case 'text':
        yield Buffer.from(`${word} ${Array.from(vector, shortest).join(' ')}\n`);
        break;
      case 'binary':
        yield Buffer.concat([Buffer.from(`${word} `), littleEndian(vector), Buffer.from('\n')]);
        break;
    }
  }
}

function shortest(value: number): number {
  return Number(value.toPrecision(FLOAT32_DIGITS));
}

function littleEndian(vector: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 * vector.length);
  vector.forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
  return bytes;
}

/** The same bytes in fewer pieces. */
function* inChunks(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < WRITE_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  yield Buffer.concat(waiting);
}
