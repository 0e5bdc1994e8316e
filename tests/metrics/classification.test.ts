/** Scores of classification and F1 on examples worked out by hand, and Wilson's interval as tables have it. */
import { expect, test } from 'vitest';
import {
  macroF1,
  ranked,
  scoreClasses,
  scoreClassification,
  wilsonInterval,
} from '../../src/metrics/classification.js';

test('scores of a small example, worked out by hand', () => {
  const rows = [
    [0.6, 0.3, 0.1],
    [0.2, 0.7, 0.1],
    [0.5, 0.4, 0.1],
    [0.1, 0.2, 0.7],
  ];
  const scores = scoreClassification(rows, [0, 1, 1, 2], 3);
  expect(scores).toMatchObject({
    count: 4,
    top1: 0.75,
    top5: 1,
    confusion: [
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
    ],
  });
  expect(scores.meanPerClass).toBeCloseTo((1 + 0.5 + 1) / 3, 12);
});

test('classes without examples do not count', () => {
  expect(scoreClassification([[0.9, 0.1, 0]], [0], 3).meanPerClass).toBe(1);
});

test('ties go to the first, and ranks are stable', () => {
  expect(ranked([0.2, 0.4, 0.4])).toEqual([1, 2, 0]);
});

test("Wilson's interval, as tables have it", () => {
  const [low, high] = wilsonInterval(9, 10);
  expect(low).toBeCloseTo(0.5958, 3);
  expect(high).toBeCloseTo(0.9821, 3);
  expect(wilsonInterval(0, 5)[0]).toBe(0);
  expect(wilsonInterval(5, 5)[1]).toBe(1);
});

test('precision, recall and F1, worked out by hand', () => {
  const confusion = [
    [6, 2, 0],
    [1, 3, 0],
    [0, 0, 0],
  ];
  const [first, second, third] = scoreClasses(confusion);
  expect(first).toEqual({ precision: 6 / 7, recall: 0.75, f1: 0.8, examples: 8 });
  expect(second?.f1).toBeCloseTo(2 / 3, 12);
  expect(third).toEqual({ precision: 0, recall: 0, f1: 0, examples: 0 });
  expect(macroF1(confusion)).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
});
