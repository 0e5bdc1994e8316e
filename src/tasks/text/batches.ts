/**
 * Batches of text for training. By sequence, each document is a row that starts from nothing; in windows, all documents are
 * one stream that is cut into as many rows as a batch has, and the state at the end of a window is that at the start of
 * the next (truncated back-propagation through time, Williams and Peng 1990).
 */
import { countLengthBatches, lengthBatches } from '../../datasets/length-batches.js';
import { UserError } from '../../shared/errors.js';
import type { Random } from '../../shared/random.js';
import { PADDING_ID, START_ID } from '../../text/vocabulary.js';

export interface TextBatch {
  readonly time: number;
  readonly rows: number;
  /** Row by row, time first: [time, rows]. */
  readonly tokens: Int32Array;
  /** What follows each; padding does not count. */
  readonly targets: Int32Array;
  /** Targets that count. */
  readonly counted: number;
  /** Whether the rows start from nothing instead of going on where the batch before ended. */
  readonly fresh: boolean;
}

/** A stretch of a sequence: the tokens from `start`, which predict those from `start + 1` to `end`. */
export interface Stretch {
  readonly ids: Int32Array;
  readonly start: number;
  readonly end: number;
  /** Targets before this place are not counted. Default `start + 1`. */
  readonly countFrom?: number;
}

/** Lengths are rounded up to a multiple of this: each length is a graph of its own. */
const LENGTH_STEP = 8;
/** Time steps of one graph at most. */
const LONGEST_SEQUENCE = 2_000;

/** The tokens and targets of `stretches` beside each other, from `from` steps after their starts, `time` steps. */
export function batchOf(stretches: readonly Stretch[], from: number, time: number): TextBatch {
  const rows = stretches.length;
  const tokens = new Int32Array(time * rows).fill(PADDING_ID);
  const targets = new Int32Array(time * rows).fill(PADDING_ID);
  let counted = 0;
  stretches.forEach(({ ids, start, end, countFrom = start + 1 }, row) => {
    const last = Math.min(time, end - start - from);
    for (let step = 0; step < last; step++) {
      const at = start + from + step;
      tokens[step * rows + row] = ids[at] as number;
      const target = ids[at + 1] as number;
      if (at + 1 < countFrom || target === START_ID || target === PADDING_ID) continue;
      targets[step * rows + row] = target;
      counted++;
    }
  });
  return { time, rows, tokens, targets, counted, fresh: from === 0 };
}

const lengthOf = ({ start, end }: Stretch): number => end - start;

/**
 * Each of `sequences` (START, tokens, END) as a row, or each piece of `chunk` steps of one.
 * Throws UserError for one that is too long to be a graph.
 */
export function stretchesOf(sequences: readonly Int32Array[], chunk: number | undefined, where: string): Stretch[] {
  return sequences.flatMap((ids) => {
    const steps = ids.length - 1;
    const piece = chunk ?? steps;
    if (piece > LONGEST_SEQUENCE) {
      throw new UserError(
        `${where}: has a document of ${steps} units, expected at most ${LONGEST_SEQUENCE} for --bptt sequence (use ` +
          '--bptt with a number of steps, or cut documents with --chunk)',
      );
    }
    return Array.from({ length: Math.ceil(steps / piece) }, (_, index) => ({
      ids,
      start: index * piece,
      end: Math.min(steps, (index + 1) * piece),
    }));
  });
}

/** How many batches `sequenceBatches` gives. */
export function countSequenceBatches(stretches: readonly Stretch[], batchSize: number): number {
  return countLengthBatches(stretches, batchSize);
}

/** Batches of rows of about the same length, in an order drawn from `random`. */
export function* sequenceBatches(
  stretches: readonly Stretch[],
  { batchSize, random }: { readonly batchSize: number; readonly random: Random },
): Generator<TextBatch> {
  for (const rows of lengthBatches(stretches, { batchSize, lengthOf, random })) {
    const longest = Math.max(...rows.map(lengthOf));
    yield batchOf(rows, 0, rows.every((row) => lengthOf(row) === longest) ? longest : rounded(longest));
  }
}

const rounded = (length: number): number => Math.ceil(length / LENGTH_STEP) * LENGTH_STEP;

/** How the stream of `length` tokens is laid out. */
interface Layout {
  readonly rows: number;
  readonly rowLength: number;
  readonly windows: number;
}

function layoutOf(length: number, batchSize: number, window: number): Layout {
  const rows = Math.max(1, Math.min(batchSize, Math.floor((length - 1) / window)));
  const rowLength = Math.floor((length - 1) / rows);
  return { rows, rowLength, windows: Math.ceil(rowLength / window) };
}

const totalLength = (sequences: readonly Int32Array[]): number =>
  sequences.reduce((sum, { length }) => sum + length, 0);

/** How many batches `windowBatches` gives. */
export function countWindowBatches(sequences: readonly Int32Array[], batchSize: number, window: number): number {
  return layoutOf(totalLength(sequences), batchSize, window).windows;
}

export interface WindowOptions {
  readonly batchSize: number;
  /** Steps through which errors are propagated back. */
  readonly window: number;
  readonly random: Random;
}

/** Windows over all sequences (in an order drawn from `random`), each going on where the one before ended. */
export function* windowBatches(
  sequences: readonly Int32Array[],
  { batchSize, window, random }: WindowOptions,
): Generator<TextBatch> {
  const ids = new Int32Array(totalLength(sequences));
  let length = 0;
  for (const sequence of random.shuffled(sequences)) {
    ids.set(sequence, length);
    length += sequence.length;
  }
  const { rows, rowLength } = layoutOf(length, batchSize, window);
  const stretches = Array.from({ length: rows }, (_, row) => ({
    ids,
    start: row * rowLength,
    end: (row + 1) * rowLength,
  }));
  for (let from = 0; from < rowLength; from += window) {
    yield batchOf(stretches, from, Math.min(window, rowLength - from));
  }
}

/**
 * `sequence` without END, filled up with `padding` to a whole number of pieces of `chunk` steps: padding that is learned.
 */
export function padSequence(sequence: Int32Array, chunk: number, padding: number): Int32Array {
  const steps = Math.ceil((sequence.length - 2) / chunk) * chunk;
  const padded = new Int32Array(steps + 1).fill(padding);
  padded.set(sequence.subarray(0, -1));
  return padded;
}
