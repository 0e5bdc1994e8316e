import { expect, test } from 'vitest';
import { tinyCaptionModel } from '../../helpers/tiny-captioner.js';
import { meansOfOthers, sharpened } from '../../../src/tasks/caption/self-critical.js';

test('the baseline of a sample is the mean reward of the other samples of its photo', () => {
  expect(meansOfOthers([1, 2, 6, 0, 0, 3], 3)).toEqual([4, 3.5, 1.5, 1.5, 1.5, 0]);
  // So the advantages of a photo's samples sum to zero.
  const rewards = [0.3, 1.7, 0.2, 0.9];
  const advantages = rewards.map((own, row) => own - (meansOfOthers(rewards, 4)[row] ?? NaN));
  expect(advantages.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
});

test('sharpening multiplies the logits and changes nothing else', () => {
  const model = tinyCaptionModel();
  const sharp = sharpened(model, 2);
  for (const [name, { values }] of Object.entries(model.captioner)) {
    const factor = name === 'output/table' || name === 'output/bias' ? 2 : 1;
    expect(sharp.captioner[name]?.values).toEqual(values.map((value) => factor * value));
  }
  expect(sharp.encoder).toBe(model.encoder);
  const { 'output/table': _, ...tied } = model.captioner;
  expect(sharpened({ ...model, captioner: tied }, 2).captioner).toEqual(tied);
});
