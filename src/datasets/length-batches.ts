/**
 * Batches of rows of about the same length, so that little is padding (length bucketing as in Khomenko et al. 2016): rows are
 * shuffled; within pools of some batches they are sorted by length and cut into batches; then each pool's batches are
 * shuffled. All of it follows from the source of chance.
 */
import type { Random } from '../shared/random.js';

export interface LengthBatchOptions<T> {
  readonly batchSize: number;
  readonly lengthOf: (row: T) => number;
  readonly random: Random;
  /** Fill up short batches with rows of like length, which then occur twice: all batches have `batchSize` rows. */
  readonly fill?: boolean;
}

/** Rows of so many batches are put in order of length together. */
const POOL_BATCHES = 50;

/** How many batches `lengthBatches` gives. */
export function countLengthBatches(rows: readonly unknown[], batchSize: number): number {
  return Math.ceil(rows.length / batchSize);
}

/** The batches of one epoch: each row of `rows` once. */
export function* lengthBatches<T>(rows: readonly T[], options: LengthBatchOptions<T>): Generator<readonly T[]> {
  const { batchSize, lengthOf, random, fill = false } = options;
  const shuffled = random.shuffled(rows);
  const poolSize = batchSize * POOL_BATCHES;
  for (let begin = 0; begin < shuffled.length; begin += poolSize) {
    const pool = shuffled.slice(begin, begin + poolSize).sort((a, b) => lengthOf(a) - lengthOf(b));
    const starts = Array.from({ length: Math.ceil(pool.length / batchSize) }, (_, index) => index * batchSize);
    for (const start of random.shuffled(starts)) {
      yield fill ? filled(pool, start, batchSize) : pool.slice(start, start + batchSize);
    }
  }
}

/** The `size` rows of `pool` from `start` on; what is missing at its end comes from before, and goes round. */
function filled<T>(pool: readonly T[], start: number, size: number): readonly T[] {
  const from = Math.max(0, Math.min(start, pool.length - size));
  return Array.from({ length: size }, (_, index) => pool[(from + index) % pool.length] as T);
}
