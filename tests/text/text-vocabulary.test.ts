/** Counting the units of texts into a vocabulary, and what is too little for one. */
import { expect, test } from 'vitest';
import { requireFrequent, textVocabulary } from '../../src/text/text-vocabulary.js';
import { splitText } from '../../src/text/tokenizer.js';

const characters = (text: string): Iterable<string> => splitText(text, 'char');

test('counts what is read of all texts, the most frequent first', () => {
  const { tokens } = textVocabulary(['abc', 'bc', 'c'], characters, { minimumCount: 2 });
  expect(tokens.slice(4)).toEqual(['c', 'b']);
  expect(textVocabulary(['abc', 'bc', 'c'], characters, { maximumSize: 1 }).tokens.slice(4)).toEqual(['c']);
  expect(textVocabulary(['ba'], characters).tokens.slice(4)).toEqual(['a', 'b']);
});

test('a vocabulary of nothing is refused, and one of a single unit is not', () => {
  const none = textVocabulary(['abc'], characters, { minimumCount: 2 });
  expect(() => requireFrequent(none, 'texts.csv', 'char')).toThrow(
    'texts.csv: no char occurs often enough (lower --min-count)',
  );
  expect(() => requireFrequent(textVocabulary(['a'], characters), 'texts.csv', 'char')).not.toThrow();
});
