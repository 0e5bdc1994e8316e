/** Lines of a text file of any size, with their numbers, in UTF-8. */
import { createReadStream } from 'node:fs';
import { UserError } from '../shared/errors.js';
import { requireUtf8 } from './encoding.js';

export interface TextLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without its ending (`\n`, `\r\n`, or `\r` where the text begins so). Bytes that are not UTF-8 are U+FFFD. */
  readonly text: string;
  /** The line is longer than any text: `text` is empty. With `skipLong` only. */
  readonly tooLong?: true;
}

export interface ReadLinesOptions {
  /** Give lines longer than about so many characters in pieces, cut at spaces, instead of refusing them. */
  readonly cutAt?: number;
  /** Give a line that is far too long without its text, and go on with the next, instead of refusing it. */
  readonly skipLong?: boolean;
}

/** A file of lines that are longer than this is something else. */
export const LONGEST_LINE = 16_000_000;
/** Lines end in `\r` when the first characters of a text, so many, have some and no `\n`. */
const ENDING_LENGTH = 65_536;

/**
 * The lines of a file (given by its path) or a stream, read piece by piece; a byte order mark is dropped. Throws UserError for
 * UTF-16 and for lines that are too long, and the system's errors.
 */
export async function* readLines(
  source: string | AsyncIterable<Uint8Array | string>,
  { cutAt, skipLong = false }: ReadLinesOptions = {},
): AsyncGenerator<TextLine> {
  const chunks: AsyncIterable<Uint8Array | string> = typeof source === 'string' ? createReadStream(source) : source;
  const name = typeof source === 'string' ? source : 'stdin';
  let number = 0;
  let rest = '';
  let skipping = false;
  const lineOf = (text: string): TextLine => {
    const line: TextLine = skipping ? { number: ++number, text: '', tooLong: true } : { number: ++number, text };
    skipping = false;
    return line;
  };
  for await (const piece of withLineFeeds(decoded(chunks, name))) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield lineOf(withoutReturn(line));
    while (cutAt !== undefined && rest.length > cutAt) {
      const end = endOfPiece(rest, cutAt);
      yield { number: number + 1, text: rest.slice(0, end) };
      rest = rest.slice(end);
    }
    if (!skipping && rest.length <= LONGEST_LINE) continue;
    if (!skipLong) throw tooLong(name, number + 1);
    skipping = true;
    rest = '';
  }
  if (rest !== '' || skipping) yield lineOf(withoutReturn(rest));
}

async function* decoded(chunks: AsyncIterable<Uint8Array | string>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && typeof chunk !== 'string') requireUtf8(chunk, name);
    isFirst = false;
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** The text with `\n` for `\r` where its lines end in that; its beginning is held back until this is known. */
async function* withLineFeeds(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = '';
  let ending: string | undefined;
  for await (const piece of pieces) {
    held += piece;
    ending ??= endingOf(held);
    if (ending === undefined) continue;
    yield ending === '\r' ? held.replaceAll('\r', '\n') : held;
    held = '';
  }
  yield held.replaceAll('\r', '\n');
}

/** What the lines of a text end in that begins so; undefined when that is too short to tell. */
function endingOf(text: string): string | undefined {
  if (text.includes('\n')) return '\n';
  if (text.length < ENDING_LENGTH) return undefined;
  return text.includes('\r') ? '\r' : '\n';
}

/** Where a long line is cut: at the last space before `most` characters, if there is one, and never inside a character. */
function endOfPiece(line: string, most: number): number {
  const space = line.lastIndexOf(' ', most);
  if (space > 0) return space;
  const isLowSurrogate = /^[\udc00-\udfff]$/.test(line.charAt(most));
  return isLowSurrogate && most > 1 ? most - 1 : most;
}

function tooLong(name: string, line: number): UserError {
  return new UserError(`${name}:${line}: a line of more than ${LONGEST_LINE} characters; is this a text file?`);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
