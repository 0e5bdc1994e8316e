/** Counts in words. */
import { expect, test } from 'vitest';
import { counted } from '../../src/shared/counted.js';

test.each([
  [0, '0 photos'],
  [1, '1 photo'],
  [2, '2 photos'],
  [12345, '12,345 photos'],
])('%d: %s', (count, text) => {
  expect(counted(count, 'photo')).toBe(text);
});
