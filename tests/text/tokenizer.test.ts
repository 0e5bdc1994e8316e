import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitText } from '../../src/text/tokenizer.js';

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
