/**
 * The two draws of word2vec (Mikolov et al. 2013b, sections 2.2 and 2.3): which words stand in as negatives, and which
 * occurrences of frequent words are left out. Tables lie on memory that threads share.
 */
import { assert } from '../../shared/assert.js';

/** 2³²: what a draw of 32 bits stays below. */
const DRAWS = 0x1_0000_0000;

/**
 * A distribution to draw from in constant time (Walker 1977, built as Vose 1991 does): a column `i` is chosen uniformly,
 * and gives word `i` with probability `keep[i]`, else word `alias[i]`.
 */
export interface AliasTable {
  readonly keep: Float32Array;
  readonly alias: Int32Array;
}

/** The table of the distribution proportional to `weights`, which are above 0. */
export function createAliasTable(weights: ArrayLike<number>): AliasTable {
  const { length } = weights;
  const keep = new Float32Array(new SharedArrayBuffer(4 * length));
  const alias = new Int32Array(new SharedArrayBuffer(4 * length));
  let total = 0;
  for (let i = 0; i < length; i++) total += weights[i] as number;
  assert(total > 0, `weights of a distribution: expected a sum above 0, got ${total}`);
  const scaled = Float64Array.from(weights, (weight) => (weight * length) / total);
  const small: number[] = [];
  const large: number[] = [];
  scaled.forEach((share, i) => (share < 1 ? small : large).push(i));
  while (small.length > 0 && large.length > 0) {
    const low = small.pop() as number;
    const high = large.pop() as number;
    keep[low] = scaled[low] as number;
    alias[low] = high;
    scaled[high] = (scaled[high] as number) + (scaled[low] as number) - 1;
    ((scaled[high] as number) < 1 ? small : large).push(high);
  }
  // What is left is 1 but for rounding.
  for (const i of [...small, ...large]) keep[i] = 1;
  return { keep, alias };
}

/** The word that a draw of 32 bits (unsigned) stands for. */
export function drawFrom({ keep, alias }: AliasTable, bits: number): number {
  const position = (bits * keep.length) / DRAWS;
  const column = Math.trunc(position);
  return position - column < (keep[column] as number) ? column : (alias[column] as number);
}

/** Exponent of the unigram distribution that negatives are drawn from. */
const NOISE_POWER = 0.75;

/** The table that negatives are drawn from. */
export function createNoiseTable(counts: ArrayLike<number>): AliasTable {
  return createAliasTable(Float64Array.from(counts, (count) => count ** NOISE_POWER));
}

/**
 * A word is kept when a draw of 32 bits lies below its threshold. The share kept of a word with frequency f is
 * √(t / f) + t / f, at most 1 (the authors' program; the paper has the first term only); t = 0 keeps all.
 */
export function keepThresholds(counts: ArrayLike<number>, subsample: number): Float64Array {
  const thresholds = new Float64Array(new SharedArrayBuffer(8 * counts.length));
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] as number;
  for (let i = 0; i < counts.length; i++) {
    const ratio = subsample === 0 ? 1 : (subsample * total) / (counts[i] as number);
    thresholds[i] = Math.min(1, Math.sqrt(ratio) + ratio) * DRAWS;
  }
  return thresholds;
}

/** Whether a word of that threshold is kept, by a draw of 32 bits (unsigned). */
export function isKept(threshold: number, bits: number): boolean {
  return bits < threshold;
}
