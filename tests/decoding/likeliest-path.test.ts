/** The likeliest path against all paths of small cases. */
import { describe, expect, test } from 'vitest';
import { likeliestPath } from '../../src/decoding/likeliest-path.js';
import { Random } from '../../src/shared/random.js';

function* allPaths(length: number, classes: number): Generator<number[]> {
  if (length === 0) yield [];
  else for (const path of allPaths(length - 1, classes)) for (let c = 0; c < classes; c++) yield [...path, c];
}

function scoreOf(path: readonly number[], rows: readonly (readonly number[])[], cost: number): number {
  return path.reduce((sum, label, time) => {
    const changed = time > 0 && path[time - 1] !== label;
    return sum + Math.log(rows[time]?.[label] ?? 0) - (changed ? cost : 0);
  }, 0);
}

describe('the likeliest path', () => {
  test.each([0, 0.5, 1, 3])('scores as well as the best of all paths, a change costing %d', (cost) => {
    const random = new Random(7);
    for (let round = 0; round < 20; round++) {
      const rows = Array.from({ length: 6 }, () => {
        const row = Array.from({ length: 3 }, () => 0.05 + random.uniform());
        const sum = row.reduce((total, value) => total + value, 0);
        return row.map((value) => value / sum);
      });
      const best = Math.max(...[...allPaths(6, 3)].map((path) => scoreOf(path, rows, cost)));
      expect(scoreOf(likeliestPath(rows, cost), rows, cost)).toBeCloseTo(best, 9);
    }
  });

  test('takes the most probable of each step where changes are free, and one for all where they are dear', () => {
    const rows = [
      [0.6, 0.4],
      [0.3, 0.7],
      [0.8, 0.2],
    ];
    expect(likeliestPath(rows, 0)).toEqual([0, 1, 0]);
    expect(likeliestPath(rows, 100)).toEqual([0, 0, 0]);
  });

  test('of nothing is nothing; of the impossible it is finite', () => {
    expect(likeliestPath([], 1)).toEqual([]);
    expect(
      likeliestPath(
        [
          [0, 1],
          [1, 0],
          [0, 1],
        ],
        100,
      ),
    ).toEqual([1, 1, 1]);
  });
});
