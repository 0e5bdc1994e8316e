/** How texts are split into characters and words, that the parts join to the text, and where they stand in it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placedTokens, splitText, tokenize } from '../../src/text/tokenizer.js';

test('units, joined, are the text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[a-c .,'\n-]*$/),
  );
  fc.assert(
    fc.property(text, (given) => {
      expect([...splitText(given, 'char')].join('')).toBe(given);
      expect([...splitText(given, 'word')].join('')).toBe(given);
    }),
  );
});

test('words carry the space before them', () => {
  expect([...splitText("It's  well-known, no?\nשלום 👍", 'word')]).toEqual([
    "It's",
    ' ',
    ' well-known',
    ',',
    ' no',
    '?',
    '\n',
    'שלום',
    ' 👍',
  ]);
});

const tokensOf = (text: string, unit: 'char' | 'word' = 'word'): string[] =>
  [...placedTokens(text, unit)].map(({ token }) => token);

test('words are those of captions and word vectors, with marks and emoji between them', () => {
  expect(tokensOf("It's SO good!!!!! 10/10...\n(well-known)")).toEqual([
    ...["it's", 'so', 'good', '!!!', '10', '/', '10', '...', '(', 'well-known', ')'],
  ]);
  expect(tokensOf('שלום 👍🏽👨‍👩‍👧 \0\u0007👍👍')).toEqual(['שלום', '👍🏽', '👨‍👩‍👧', '👍', '👍']);
  expect(tokensOf('aB c', 'char')).toEqual(['a', 'b', 'c']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (given) => {
      const text = given.normalize('NFC');
      const isWord = (token: string): boolean => /^[\p{L}\p{M}\p{N}]/u.test(token);
      expect(tokensOf(text).filter(isWord)).toEqual(tokenize(text));
    }),
  );
});

test('tokens know their places', () => {
  const text = 'A «good» 👍🏽 film!!!!';
  for (const { token, start, end } of placedTokens(text, 'word')) {
    expect(text.slice(start, end).toLowerCase().startsWith(token)).toBe(true);
  }
});
