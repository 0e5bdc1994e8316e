/** The language of ffmpeg's filters, as far as our expressions go. */
import { expect, test } from 'vitest';
import { selectFilters } from '../../../src/media/video/filters.js';

test('expressions neither nest deeply nor have many terms beside each other, however many times are asked for', () => {
  const times = Array.from({ length: 2048 }, (_, index) => index / 7);
  const [select = ''] = selectFilters(times);
  let [depth, deepest] = [0, 0];
  for (const character of select) {
    if (character === '(') deepest = Math.max(deepest, ++depth);
    if (character === ')') depth--;
  }
  expect(deepest).toBeLessThan(20);
  expect(select.split('+').length).toBeLessThan(20);
  expect(times.every((time) => select.includes(time.toFixed(6)))).toBe(true);
});
