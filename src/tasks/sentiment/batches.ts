/** Texts as batches of numbers: padded at their ends, as long as the longest, rounded up so that few shapes occur. */
import * as tf from '@tensorflow/tfjs-core';
import { lengthBatches } from '../../datasets/length-batches.js';
import type { SentimentConfig, SentimentInput } from '../../models/sentiment/index.js';
import type { Random } from '../../shared/random.js';
import { PADDING_ID, UNKNOWN_ID } from '../../text/vocabulary.js';

/** A text in numbers. */
export interface EncodedText {
  readonly ids: Int32Array;
  /** The number of its class. */
  readonly label: number;
}

export interface TokenBatch {
  readonly time: number;
  readonly rows: number;
  /** Row by row, time first: [time, rows]. */
  readonly tokens: Int32Array;
  /** [rows]. */
  readonly lengths: Int32Array;
}

export interface TrainingBatch extends TokenBatch {
  /** [rows]. */
  readonly labels: Int32Array;
}

/** Without windows, lengths are rounded up to a multiple of this: each length is a graph of its own. */
const LENGTH_STEP = 16;

/** The steps of a batch whose longest text has `longest` tokens. */
export function stepsFor({ window }: Pick<SentimentConfig, 'window'>, longest: number): number {
  const multiple = window === 0 ? LENGTH_STEP : window;
  return Math.max(1, Math.ceil(longest / multiple)) * multiple;
}

/** `texts` beside each other in `rows` rows; those without a text are padding. */
export function batchOf(
  config: Pick<SentimentConfig, 'window'>,
  texts: readonly Int32Array[],
  rows = texts.length,
): TokenBatch {
  const lengths = new Int32Array(rows);
  texts.forEach((ids, row) => (lengths[row] = ids.length));
  const time = stepsFor(config, Math.max(...lengths));
  const tokens = new Int32Array(time * rows).fill(PADDING_ID);
  texts.forEach((ids, row) => ids.forEach((id, step) => (tokens[step * rows + row] = id)));
  return { time, rows, tokens, lengths };
}

export interface TrainingBatchOptions {
  readonly config: Pick<SentimentConfig, 'window'>;
  readonly batchSize: number;
  /** Share of tokens that become unknown. */
  readonly wordDropout: number;
  readonly random: Random;
  /** Batches to leave out at the start. */
  readonly skip: number;
}

/** The batches of an epoch: texts of like length together, in an order drawn from `random`. */
export function* trainingBatches(
  texts: readonly EncodedText[],
  { config, batchSize, wordDropout, random, skip }: TrainingBatchOptions,
): Generator<TrainingBatch> {
  const lengthOf = ({ ids }: EncodedText): number => ids.length;
  let passed = 0;
  for (const batch of lengthBatches(texts, { batchSize, lengthOf, random, fill: true })) {
    const ids = batch.map((text) => withoutWords(text.ids, wordDropout, random));
    if (passed++ < skip) continue;
    yield { ...batchOf(config, ids), labels: Int32Array.from(batch, ({ label }) => label) };
  }
}

function withoutWords(ids: Int32Array, rate: number, random: Random): Int32Array {
  return rate === 0 ? ids : ids.map((id) => (random.uniform() < rate ? UNKNOWN_ID : id));
}

/** The batch as the model takes it. */
export function inputOf({ tokens, lengths, time, rows }: TokenBatch): SentimentInput {
  return { tokens: tf.tensor2d(tokens, [time, rows], 'int32'), lengths: tf.tensor1d(lengths, 'int32') };
}
