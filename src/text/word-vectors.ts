/**
 * Reads word vectors in the formats that they are published in, recognised by content: word2vec text (a line "words
 * dimension", then a word and its numbers a line), word2vec binary (that line, then words and little-endian float32), and
 * GloVe text (no such line). Mikolov et al. 2013; Pennington et al. 2014. Files may be many gigabytes: they are streamed,
 * and only the words that are wanted are kept.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf, UserError } from '../shared/errors.js';
import { readHead } from '../shared/files.js';

export interface WordVectors {
  readonly dimension: number;
  readonly vectors: Map<string, Float32Array>;
}

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
  const head = await readFirst(path);
  const header = headerOf(head);
  if (header !== undefined && (header.dimension > LONGEST_VECTOR || header.words > MOST_WORDS)) {
    throw new UserError(`${path}:1: expected at most ${LONGEST_VECTOR} numbers a word, found ${header.dimension}`);
  }
  if (header !== undefined && isBinary(head.subarray(header.length))) return readBinary(path, header, keep);
  return readText(path, header, keep);
}

async function readFirst(path: string): Promise<Uint8Array> {
  try {
    return await readHead(path, HEAD_BYTES);
  } catch (error) {
    throw new UserError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function headerOf(head: Uint8Array): Header | undefined {
  const end = head.indexOf(0x0a);
  const found = /^(\d+) (\d+)\s*$/.exec(Buffer.from(head.subarray(0, Math.max(end, 0))).toString('latin1'));
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
  let line = 0;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const text of lines) {
    line++;
    if ((line === 1 && header !== undefined) || text.trim() === '') continue;
    const cells = text.trimEnd().split(' ');
    if (dimension === 0) dimension = cells.length - 1;
    // Some published words hold spaces: the numbers are the last cells.
    const numbers = cells.slice(-dimension).map(Number);
    const word = cells.slice(0, -dimension).join(' ');
    const sound = numbers.length === dimension && dimension <= LONGEST_VECTOR && numbers.every(Number.isFinite);
    if (!sound || dimension === 0 || word === '') {
      throw new UserError(`${path}:${line}: expected a word and ${dimension} numbers, found ${cells.length} cells`);
    }
    if (keep(word)) vectors.set(word, Float32Array.from(numbers));
  }
  if (dimension === 0) throw new UserError(`${path}: expected word vectors, found an empty file`);
  return { dimension, vectors };
}

/** Words end in a space; a vector may be followed by a line break, which then precedes the next word. */
async function readBinary(path: string, { words, dimension, length }: Header, keep: Keep): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  const bytes = 4 * dimension;
  let rest = Buffer.alloc(0);
  let read = 0;
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
      if (keep(word)) vectors.set(word, vectorAt(rest, space + 1, dimension));
      position = space + 1 + bytes;
      read++;
    }
    rest = rest.subarray(position);
  }
  if (read < words) throw new UserError(`${path}: expected ${words} words, found ${read}: the file is cut short`);
  return { dimension, vectors };
}

function vectorAt(bytes: Buffer, offset: number, dimension: number): Float32Array {
  return Float32Array.from({ length: dimension }, (_, index) => bytes.readFloatLE(offset + 4 * index));
}
