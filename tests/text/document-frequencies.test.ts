/** How telling words are, vectors of texts by it, and damaged files. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DocumentFrequencies } from '../../src/text/document-frequencies.js';

const DOCUMENTS = [
  ['a', 'dog', 'a', 'dog'],
  ['a', 'cat'],
  ['a', 'dog', 'barks'],
  ['a', 'tree'],
];

test('words count once a document; the most frequent come first', () => {
  const frequencies = DocumentFrequencies.of(DOCUMENTS, (word) => word !== 'tree');
  expect(frequencies.words).toEqual(['a', 'dog', 'barks', 'cat']);
  expect(['a', 'dog', 'cat', 'tree'].map((word) => frequencies.countOf(word))).toEqual([4, 2, 1, 0]);
  expect(frequencies.weightOf('a')).toBe(0);
  expect(frequencies.weightOf('dog')).toBeCloseTo(Math.log(2));
  expect(frequencies.weightOf('cat')).toBeCloseTo(Math.log(4));
  expect(frequencies.weightOf('tree')).toBeCloseTo(Math.log(4)); // in none: as in one
});

test('a vector has length 1, and words that are said twice count twice', () => {
  const frequencies = DocumentFrequencies.of(DOCUMENTS, () => true);
  const vector = frequencies.vectorOf(['a', 'dog', 'dog', 'cat']);
  expect(vector.get('a')).toBe(0);
  expect(vector.get('dog')).toBeCloseTo(Math.SQRT1_2);
  expect(vector.get('cat')).toBeCloseTo(Math.SQRT1_2);
  expect([...frequencies.vectorOf(['a', 'a']).values()]).toEqual([0]);
  expect(frequencies.vectorOf([]).size).toBe(0);
});

test('JSON gives the table back, whatever the words', () => {
  const words = fc.array(fc.array(fc.oneof(fc.string(), fc.constantFrom('7', '12', '__proto__')), { maxLength: 5 }), {
    minLength: 1,
  });
  const property = fc.property(words, (documents) => {
    const frequencies = DocumentFrequencies.of(documents, () => true);
    const again = DocumentFrequencies.fromJSON(JSON.parse(JSON.stringify(frequencies)), 'word-frequencies.json');
    expect(again.toJSON()).toEqual(frequencies.toJSON());
    for (const word of documents.flat()) expect(again.countOf(word)).toBe(frequencies.countOf(word));
  });
  fc.assert(property, { numRuns: 100, seed: 1 });
});

describe('damaged files are refused', () => {
  const whole = { documents: 2, words: ['a', 'b'], counts: [2, 1] };
  test.each([
    [null, /expected an object/],
    [{ ...whole, documents: 0 }, /documents: expected a whole number from 1/],
    [{ ...whole, words: 'a b' }, /words: expected a list of words/],
    [{ ...whole, counts: [1] }, /counts: expected 2 whole numbers from 1 to 2/],
    [{ ...whole, counts: [3, 1] }, /counts: expected 2 whole numbers from 1 to 2/],
    [{ ...whole, words: ['a', 'a'] }, /expected each word once/],
    [{ ...whole, more: 1 }, /unknown field "more"/],
  ])('%j', (value, message) => {
    expect(() => DocumentFrequencies.fromJSON(value, 'word-frequencies.json')).toThrow(message);
  });
});
