/**
 * Spearman's rank correlation (Spearman 1904): Pearson's correlation of ranks, where equal values share the mean of the
 * ranks that they take up.
 */
import { assert } from '../shared/assert.js';

/** ρ of two lists of as many numbers, in [-1, 1]; NaN when all values of one are equal, or there are fewer than two. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  assert(a.length === b.length, () => `${a.length} values beside ${b.length}`);
  return pearson(ranks(a), ranks(b));
}

function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] as number) - (values[j] as number));
  const result = values.map(() => 0);
  let begin = 0;
  while (begin < order.length) {
    let end = begin + 1;
    while (end < order.length && values[order[end] as number] === values[order[begin] as number]) end++;
    for (let i = begin; i < end; i++) result[order[i] as number] = (begin + end - 1) / 2;
    begin = end;
  }
  return result;
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = (of: (i: number) => number): number => a.reduce((total, _, i) => total + of(i), 0);
  const offA = (i: number): number => (a[i] as number) - meanA;
  const offB = (i: number): number => (b[i] as number) - meanB;
  const covariance = sum((i) => offA(i) * offB(i));
  return covariance / Math.sqrt(sum((i) => offA(i) ** 2) * sum((i) => offB(i) ** 2));
}
