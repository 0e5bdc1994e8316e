/** Lines of a text file of any size, with their numbers, in UTF-8. */
import { createReadStream } from 'node:fs';
import { UserError } from '../shared/errors.js';

export interface TextLine {
  /** Counted from 1. */
  readonly number: number;
  /** Without its ending (`\n` or `\r\n`). Bytes that are not UTF-8 are U+FFFD. */
  readonly text: string;
}

export interface ReadLinesOptions {
  /** Give lines longer than about so many characters in pieces, cut at spaces, instead of refusing them. */
  readonly cutAt?: number;
}

/** A file of lines that are longer than this is something else. */
const LONGEST_LINE = 16_000_000;

/** The lines of `path`, read piece by piece; a byte order mark is dropped. Throws the system's errors. */
export async function* readLines(path: string, { cutAt }: ReadLinesOptions = {}): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = '';
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield { number: ++number, text: withoutReturn(line) };
    while (cutAt !== undefined && rest.length > cutAt) {
      const space = rest.lastIndexOf(' ', cutAt);
      const end = space > 0 ? space : cutAt;
      yield { number: number + 1, text: rest.slice(0, end) };
      rest = rest.slice(end);
    }
    if (rest.length > LONGEST_LINE) {
      throw new UserError(
        `${path}:${number + 1}: a line of more than ${LONGEST_LINE} characters; is this a text file?`,
      );
    }
  }
  rest += decoder.decode();
  if (rest !== '') yield { number: ++number, text: withoutReturn(rest) };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
