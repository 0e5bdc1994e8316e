/** Slips of the hand find the name that was meant; what is like none finds none. */
import { expect, test } from 'vitest';
import { nearestName } from '../../src/cli/nearest-name.js';

test.each([
  ['beam-widht', 'beam-width'],
  ['beamwidth', 'beam-width'],
  ['bean-width', 'beam-width'],
  ['txt', 'text'],
  ['sede', 'seed'],
  ['see', 'seed'],
  ['epohcs', 'epochs'],
  ['epic', undefined],
  ['colour', undefined],
  ['', undefined],
])('%s: %s', (name, meant) => {
  expect(nearestName(name, ['output', 'epochs', 'seed', 'beam-width', 'text'])).toBe(meant);
});

test('the nearer of two', () => {
  expect(nearestName('max-wrods', ['max-words-2', 'max-words'])).toBe('max-words');
});
