/** Probabilities of many texts, however long: those of like length together, in batches of a bounded number of tokens. */
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentConfig } from '../../models/sentiment/index.js';
import { batchOf, inputOf, stepsFor } from './batches.js';

/** `tokens` [time, n] and `lengths` [n] to probabilities [n, classes]. */
export type ClassifyTokens = (tokens: tf.Tensor, lengths: tf.Tensor) => tf.Tensor;

export interface ClassifyAllOptions {
  readonly signal?: AbortSignal;
  /** Told of the number of texts that are done now. */
  readonly onProgress?: (count: number) => void;
}

/** Probabilities of texts in numbers, each with a token at least. */
export type ClassifyIds = (texts: readonly Int32Array[], options?: ClassifyAllOptions) => Promise<Float32Array[]>;

/** Tokens of a batch at most. */
const TOKENS_A_BATCH = 16_384;
const MOST_ROWS = 256;

/**
 * The probabilities of the classes for each of `texts` (ids, at least one each), in their order. Throws the signal's reason
 * when it is aborted.
 */
export async function classifyAll(
  config: SentimentConfig,
  classify: ClassifyTokens,
  texts: readonly Int32Array[],
  { signal, onProgress }: ClassifyAllOptions = {},
): Promise<Float32Array[]> {
  const { classes } = config;
  const results = new Array<Float32Array>(texts.length);
  const order = texts.map((_, index) => index).sort((a, b) => lengthAt(texts, b) - lengthAt(texts, a));
  for (let from = 0; from < order.length;) {
    signal?.throwIfAborted();
    const steps = stepsFor(config, lengthAt(texts, order[from] as number));
    const rows = rowsFor(steps, order.length - from);
    const chosen = order.slice(from, from + rows);
    const batch = batchOf(
      config,
      chosen.map((index) => texts[index] as Int32Array),
      rows,
    );
    const probabilities = tf.tidy(() => {
      const { tokens, lengths } = inputOf(batch);
      return classify(tokens, lengths);
    });
    const values = (await probabilities.data()) as Float32Array;
    probabilities.dispose();
    chosen.forEach((index, row) => (results[index] = values.slice(row * classes, (row + 1) * classes)));
    onProgress?.(chosen.length);
    from += rows;
  }
  return results;
}

const lengthAt = (texts: readonly Int32Array[], index: number): number => texts[index]?.length ?? 0;

/** Rows of a batch: a power of two, so that few shapes occur; no more than twice what is left. */
function rowsFor(steps: number, left: number): number {
  const most = Math.min(MOST_ROWS, Math.max(1, 2 ** Math.floor(Math.log2(TOKENS_A_BATCH / steps))));
  return Math.min(most, 2 ** Math.ceil(Math.log2(left)));
}
