/** The parts of CIDEr-D on sentences of a few words: weights, similarities and the scorer, worked out by hand. */
import { expect, test } from 'vitest';
import {
  CiderScorer,
  ciderSimilarity,
  ciderVector,
  inverseDocumentFrequency,
  uniformWeight,
} from '../../src/metrics/cider.js';

const words = (text: string): string[] => text.split(' ');
const REFERENCES = ['a dog runs', 'a dog sits', 'a cat sleeps here'].map((text) => [words(text)]);

test('weights are logarithms of how rare an n-gram is among images, not among captions', () => {
  const weightOf = inverseDocumentFrequency([[words('a dog'), words('a dog')], [words('a cat')], [words('one bird')]]);
  expect(weightOf('a')).toBeCloseTo(Math.log(3 / 2));
  expect(weightOf('a dog')).toBeCloseTo(Math.log(3));
  expect(weightOf('a fish')).toBeCloseTo(Math.log(3));
});

test('with uniform weights: cosines of counts, the mean of four orders, a penalty for other lengths', () => {
  const similarity = (candidate: string, reference: string): number =>
    ciderSimilarity(ciderVector(words(candidate), uniformWeight), ciderVector(words(reference), uniformWeight));
  expect(similarity('a b c d', 'a b c d')).toBeCloseTo(10);
  // Unigrams 3 of 4 words, bigrams 2 of 3, trigrams 1 of 2, no fourgram.
  expect(similarity('a b c x', 'a b c d')).toBeCloseTo((10 * (3 / 4 + 2 / 3 + 1 / 2)) / 4);
  expect(similarity('a b', 'c d')).toBe(0);
  // Saying "a" three times counts once: 1 · 1 / (3 · 1), at lengths that differ by 2.
  expect(similarity('a a a', 'a')).toBeCloseTo(((10 / 3) * Math.exp(-4 / 72)) / 4);
});

test('the scorer is the mean similarity to the references', () => {
  const scorer = new CiderScorer([...REFERENCES, [words('a dog runs'), words('one dog')]]);
  const weightOf = inverseDocumentFrequency([...REFERENCES, [words('a dog runs'), words('one dog')]]);
  const to = (text: string): number =>
    ciderSimilarity(ciderVector(words('a dog runs'), weightOf), ciderVector(words(text), weightOf));
  expect(scorer.score(words('a dog runs'), 3)).toBeCloseTo((to('a dog runs') + to('one dog')) / 2);
});
