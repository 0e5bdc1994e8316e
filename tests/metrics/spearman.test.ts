/** Spearman's rank correlation against its closed formula, with ties, and where there is nothing to order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spearman } from '../../src/metrics/spearman.js';

test('is 1 for the same order, -1 for the opposite one, whatever the distances', () => {
  expect(spearman([1, 2, 3, 10], [0.1, 5, 6, 7])).toBeCloseTo(1, 12);
  expect(spearman([1, 2, 3, 10], [9, 8, 2, -5])).toBeCloseTo(-1, 12);
});

test('equal values share their rank', () => {
  // Ranks 1 2.5 2.5 4 and 1 2 3 4: covariance 4.5, variances 4.5 and 5.
  expect(spearman([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
});

test('without ties it is 1 − 6 Σ d² / (n (n² − 1))', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 30 }), (values) => {
      const order = values.map((_, i) => i);
      const sorted = [...values].sort((a, b) => a - b);
      const squares = values.reduce((sum, value, i) => sum + (sorted.indexOf(value) - i) ** 2, 0);
      const n = values.length;
      expect(spearman(order, values)).toBeCloseTo(1 - (6 * squares) / (n * (n * n - 1)), 9);
    }),
  );
});

test('is not a number where there is nothing to order', () => {
  expect(spearman([], [])).toBeNaN();
  expect(spearman([1], [1])).toBeNaN();
  expect(spearman([1, 1], [1, 2])).toBeNaN();
});
