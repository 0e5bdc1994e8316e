/** Expected similarities against means over populations that are drawn out, and what temperature makes of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedSimilarities } from '../../src/decoding/index.js';

/** At how many places two texts have the same letter. */
const agreement = (a: string, b: string): number => [...a].filter((letter, index) => b[index] === letter).length;

/** A population with each candidate `count` times. */
function drawn(candidates: readonly { value: string; count: number }[]): string[] {
  return candidates.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
}

describe('expected similarities', () => {
  test('are means over a population that has each candidate as often as it is probable', () => {
    const candidate = fc.record({
      value: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 3, maxLength: 3 }),
      count: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(candidate, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: -900, max: 0 }),
        (all, shift) => {
          const population = drawn(all);
          const scored = all.map(({ value, count }) => ({ value, score: shift + Math.log(count) }));
          const found = expectedSimilarities(scored, { similarity: agreement });
          all.forEach(({ value }, index) => {
            const sum = population.reduce((total, other) => total + agreement(value, other), 0);
            expect(found[index]).toBeCloseTo(sum / population.length, 9);
          });
        },
      ),
    );
  });

  test('prefer what many half-probable candidates agree on to the single most probable one', () => {
    const candidates = [
      { value: 'xyz', score: Math.log(0.4) },
      { value: 'aab', score: Math.log(0.3) },
      { value: 'aac', score: Math.log(0.3) },
    ];
    const [odd = 0, first = 0, second = 0] = expectedSimilarities(candidates, { similarity: agreement });
    expect(odd).toBeCloseTo(0.4 * 3);
    expect(first).toBeCloseTo(0.3 * 3 + 0.3 * 2);
    expect(second).toBeCloseTo(first);
  });

  test('a temperature near 0 leaves the most probable one, a high one asks all alike', () => {
    const candidates = [
      { value: 'xyz', score: -1 },
      { value: 'aaa', score: -5 },
    ];
    const cold = expectedSimilarities(candidates, { similarity: agreement, temperature: 1e-3 });
    const hot = expectedSimilarities(candidates, { similarity: agreement, temperature: 1e9 });
    expect(cold).toEqual([3, 0]);
    expect(hot.map((value) => value.toFixed(6))).toEqual(['1.500000', '1.500000']);
  });

  test('the similarity is asked for the candidate first, the truth second', () => {
    const shorter = (candidate: string, truth: string): number => (candidate.length < truth.length ? 1 : 0);
    const candidates = ['a', 'aa'].map((value) => ({ value, score: 0 }));
    expect(expectedSimilarities(candidates, { similarity: shorter })).toEqual([0.5, 0]);
  });

  test('no candidates, no values', () => {
    expect(expectedSimilarities([], { similarity: agreement })).toEqual([]);
  });

  test.each([0, -1, NaN, Infinity])('temperature %d is refused', (temperature) => {
    expect(() => expectedSimilarities([], { similarity: agreement, temperature })).toThrow('temperature');
  });
});
