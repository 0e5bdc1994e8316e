/** Preprocessing read from a checkpoint is checked key by key. */
import { expect, it } from 'vitest';
import { validateImagePreprocessing } from '../../src/media/image.js';

const GOOD = { size: 224, fit: 'squash', kernel: 'cubic' };

it('accepts what it describes', () => {
  expect(validateImagePreprocessing(GOOD, 'x')).toEqual(GOOD);
});

it.each([
  [null, 'config.json: expected an object'],
  [[], 'config.json: expected an object'],
  [{ ...GOOD, size: 0 }, 'config.json.size: expected a whole number from 1 to 4096, got 0'],
  [{ ...GOOD, size: '224' }, 'config.json.size: expected a whole number from 1 to 4096, got "224"'],
  [{ ...GOOD, fit: 'stretch' }, 'config.json.fit: expected one of squash, crop, pad, got "stretch"'],
  [{ size: 224, fit: 'crop' }, 'config.json.kernel: expected one of cubic, lanczos3, linear, got nothing'],
  [{ ...GOOD, mean: 0 }, 'config.json: unknown field "mean"'],
])('refuses %j', (value, message) => {
  expect(() => validateImagePreprocessing(value, 'config.json')).toThrow(message);
});
