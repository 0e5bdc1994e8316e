/** The set of word triples that sentences have: what it knows, unions, and damaged files. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeenNgrams } from '../../src/text/seen-ngrams.js';

const anySentences = fc.array(fc.array(fc.constantFrom('a', 'dog', 'cat', 'runs', 'chó', '<end>'), { maxLength: 8 }));

const runsOf = (words: readonly string[]): string[][] =>
  words.slice(2).map((_, begin) => words.slice(begin, begin + 3));

test('knows the runs of three words that sentences have, and no others', () => {
  const property = fc.property(anySentences, anySentences, (told, others) => {
    const seen = SeenNgrams.of(told);
    const known = new Set(told.flatMap(runsOf).map((run) => run.join(' ')));
    expect(seen.count).toBe(known.size);
    for (const run of [...told, ...others].flatMap(runsOf)) {
      expect(seen.has(run)).toBe(known.has(run.join(' ')));
      expect(seen.after(run.slice(0, 2))(run[2] ?? '')).toBe(seen.has(run));
    }
  });
  fc.assert(property, { numRuns: 100, seed: 1 });
});

test('words do not run together', () => {
  const seen = SeenNgrams.of([['a', 'bc', 'd']]);
  expect(seen.has(['ab', 'c', 'd'])).toBe(false);
});

test('a union knows what either knows; JSON gives it back', () => {
  const property = fc.property(anySentences, anySentences, (one, two) => {
    const both = SeenNgrams.of([...one, ...two]);
    const united = SeenNgrams.of(one).union(SeenNgrams.of(two));
    expect(united.toJSON()).toEqual(both.toJSON());
    const json = JSON.parse(JSON.stringify(both)) as unknown;
    expect(SeenNgrams.fromJSON(json, 'seen-ngrams.json').toJSON()).toEqual(both.toJSON());
  });
  fc.assert(property, { numRuns: 50, seed: 2 });
});

describe('damaged files are refused', () => {
  const { hashes } = SeenNgrams.of([['a', 'dog', 'runs', 'fast']]).toJSON();
  test.each([
    ['null', null, /size: expected 3, found undefined/],
    ['another size', { size: 2, hashes }, /size: expected 3, found 2/],
    ['no hashes', { size: 3 }, /base64/],
    ['half a number', { size: 3, hashes: Buffer.from([1, 2, 3]).toString('base64') }, /base64/],
    ['no base64', { size: 3, hashes: '!!!!' }, /base64/],
    ['descending', { size: 3, hashes: Buffer.from([2, 0, 0, 0, 1, 0, 0, 0]).toString('base64') }, /ascending/],
  ])('%s', (_, value, message) => {
    expect(() => SeenNgrams.fromJSON(value, 'seen-ngrams.json')).toThrow(message);
  });
});
