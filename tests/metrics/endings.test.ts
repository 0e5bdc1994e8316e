/** Which captions count as broken off at their end. */
import { expect, test } from 'vitest';
import { brokenEndings } from '../../src/metrics/endings.js';

test('counts captions that end in an article, a preposition or "and"', () => {
  expect(brokenEndings(['A dog runs with a.', 'A dog.', 'a man on The', 'two men and a boy', ''])).toBe(2 / 5);
  expect(brokenEndings(['The overlook', 'a man in a band'])).toBe(0);
  expect(brokenEndings([])).toBe(0);
});
