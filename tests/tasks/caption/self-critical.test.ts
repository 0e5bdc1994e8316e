import { expect, test } from 'vitest';
import { meansOfOthers } from '../../../src/tasks/caption/self-critical.js';

test('the baseline of a sample is the mean reward of the other samples of its photo', () => {
  expect(meansOfOthers([1, 2, 6, 0, 0, 3], 3)).toEqual([4, 3.5, 1.5, 1.5, 1.5, 0]);
  // So the advantages of a photo's samples sum to zero.
  const rewards = [0.3, 1.7, 0.2, 0.9];
  const advantages = rewards.map((own, row) => own - (meansOfOthers(rewards, 4)[row] ?? NaN));
  expect(advantages.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
});
