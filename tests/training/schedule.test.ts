/** Learning rates of each schedule at chosen steps, and how plateaus are counted. */
import { describe, expect, test } from 'vitest';
import { countPlateaus, createSchedule } from '../../src/training/schedule.js';

describe('createSchedule', () => {
  test('rises in a straight line to the peak', () => {
    const rate = createSchedule({ peak: 0.4, warmUpSteps: 4, decay: { kind: 'constant' } });
    expect([0, 1, 2, 3, 4, 100].map((step) => rate(step, []))).toEqual([0.1, 0.2, 0.30000000000000004, 0.4, 0.4, 0.4]);
  });

  test('cosine: peak after the warm-up, half-way between at the middle, floor at the end and beyond', () => {
    const rate = createSchedule({ peak: 1, warmUpSteps: 10, decay: { kind: 'cosine', totalSteps: 110, floor: 0.2 } });
    expect(rate(10, [])).toBe(1);
    expect(rate(60, [])).toBeCloseTo(0.6, 12);
    expect(rate(35, [])).toBeCloseTo(0.2 + 0.4 * (1 + Math.SQRT1_2), 12);
    expect(rate(110, [])).toBeCloseTo(0.2, 12);
    expect(rate(1000, [])).toBeCloseTo(0.2, 12);
  });

  test('linear', () => {
    const rate = createSchedule({ peak: 2, decay: { kind: 'linear', totalSteps: 10 } });
    expect([0, 5, 9, 10, 11].map((step) => rate(step, []))).toEqual([2, 1, 2 * (1 - 0.9), 0, 0]);
  });

  test('step', () => {
    const rate = createSchedule({ peak: 8, decay: { kind: 'step', everySteps: 3, factor: 0.5 } });
    expect([0, 2, 3, 6].map((step) => rate(step, []))).toEqual([8, 8, 4, 2]);
  });

  test('plateau looks at the scores alone', () => {
    const rate = createSchedule({ peak: 8, decay: { kind: 'plateau', patience: 2, factor: 0.5 } });
    expect(rate(7, [])).toBe(8);
    expect(rate(7, [1, 2, 2])).toBe(8);
    expect(rate(7, [1, 2, 2, 1])).toBe(4);
    expect(rate(7, [1, 2, 2, 1, 1, 0, 3])).toBe(2);
    expect(countPlateaus([3, 2, 1, 0, 4, 3, 2], 3)).toBe(1);
  });

  test('refuses numbers out of range', () => {
    expect(() => createSchedule({ peak: 0, decay: { kind: 'constant' } })).toThrow('peak');
    expect(() => createSchedule({ peak: 1, decay: { kind: 'step', everySteps: 0, factor: 0.5 } })).toThrow(
      'everySteps',
    );
    expect(() => createSchedule({ peak: 1, decay: { kind: 'cosine', totalSteps: 5, floor: 2 } })).toThrow('floor');
  });
});
