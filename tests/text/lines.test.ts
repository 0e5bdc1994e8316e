/** Lines of a stream that is cut anywhere, and what becomes of lines that are far too long. */
import { expect, test } from 'vitest';
import { LONGEST_LINE, readLines, type ReadLinesOptions, type TextLine } from '../../src/text/lines.js';

async function linesOf(chunks: readonly (string | Uint8Array)[], options?: ReadLinesOptions): Promise<TextLine[]> {
  const stream = (async function* () {
    yield* chunks;
  })();
  const lines: TextLine[] = [];
  for await (const line of readLines(stream, options)) lines.push(line);
  return lines;
}

test('lines of a stream, however it is cut, with either ending', async () => {
  const bytes = Buffer.from('é\r\n\n最後');
  const expected = [
    { number: 1, text: 'é' },
    { number: 2, text: '' },
    { number: 3, text: '最後' },
  ];
  expect(await linesOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  expect(await linesOf(['é\r', '\n\n最', '後'])).toEqual(expected);
});

test('lines that end in a carriage return alone, unless others end in a line feed', async () => {
  const texts = async (chunks: readonly string[]) => (await linesOf(chunks)).map(({ text }) => text);
  expect(await texts(['a\r', 'b\r\rc\r'])).toEqual(['a', 'b', '', 'c']);
  expect(await texts(['a\rb\nc\r'])).toEqual(['a\rb', 'c']);
  const long = 'x'.repeat(70_000);
  expect(await texts([`${long}\r`, 'b\rc'])).toEqual([long, 'b', 'c']);
  expect(await texts([long, '\rb\nc'])).toEqual([`${long}\rb`, 'c']);
});

test.each(['utf16le', 'utf-16be'])('a stream in %s without a byte order mark is refused', async (encoding) => {
  const bytes = Buffer.from('a dog\n', 'utf16le');
  await expect(linesOf([encoding === 'utf16le' ? bytes : bytes.swap16()])).rejects.toThrow(
    'stdin: has NUL bytes, as UTF-16 and spreadsheets do; expected text in UTF-8 (save it as that)',
  );
  expect(await linesOf([Buffer.from('a stray\0 in a text\n')])).toEqual([{ number: 1, text: 'a stray\0 in a text' }]);
});

test('a line that is far too long is refused, or passed over', async () => {
  const long = 'x'.repeat(LONGEST_LINE / 2 + 1);
  await expect(linesOf(['a\n', long, long, long])).rejects.toThrow('stdin:2: a line of more than');
  expect(await linesOf(['a\n', long, long, long, 'y\nb\n'], { skipLong: true })).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: '', tooLong: true },
    { number: 3, text: 'b' },
  ]);
  expect(await linesOf([long, long], { skipLong: true })).toEqual([{ number: 1, text: '', tooLong: true }]);
});

test('a long line is cut between characters, not inside one', async () => {
  const pieces = (await linesOf([`x${'\u{1f600}'.repeat(20)}`], { cutAt: 10 })).map(({ text }) => text);
  expect(pieces.length).toBeGreaterThan(3);
  expect(pieces.join('')).toBe(`x${'\u{1f600}'.repeat(20)}`);
  for (const piece of pieces) expect(Buffer.from(piece).toString()).toBe(piece);
});
