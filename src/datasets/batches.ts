/**
 * Batches for training a captioner: every batch has the same number of photos and of captions a photo, and captions of
 * like length stand together, so that little is padding and few shapes occur (each shape is compiled once).
 *
 * An epoch's batches follow from (seed, epoch) alone: training that was stopped finds the same ones again. The photos
 * are shuffled; within pools of some batches they are sorted by the longest of their captions and cut into batches;
 * then the batches are shuffled (length bucketing as in Khomenko et al. 2016).
 */
import { assert } from '../shared/assert.js';
import { Random } from '../shared/random.js';

export interface CaptionBatchOptions {
  /** Encoded captions without special tokens: per photo, at least one. */
  readonly captions: readonly (readonly (readonly number[])[])[];
  /** Photos a batch (n). */
  readonly imagesPerBatch: number;
  /** Captions a photo (k). */
  readonly captionsPerImage: number;
  /** The most steps of a caption (t): words and the END token. Longer captions are cut, and then have no END. */
  readonly maximumLength: number;
  /** Lengths t are rounded up to a multiple of this (but not beyond `maximumLength`); default 2. */
  readonly lengthMultiple?: number;
  /** How many batches are sorted by length together; default 32. More: less padding, less mixing. */
  readonly batchesPerPool?: number;
  /** A whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  readonly ids: { readonly padding: number; readonly start: number; readonly end: number };
}

export interface CaptionBatch {
  /** Indices into `captions` of the photos [n]; distinct unless there are fewer photos than n. */
  readonly imageIndices: readonly number[];
  /** [n * k, length] row by row, the k captions of a photo together: START, words, END, PADDING. */
  readonly tokens: Int32Array;
  /** n * k. */
  readonly captionCount: number;
  /** t + 1: tokens[..., 0 .. t] goes in, tokens[..., 1 .. t+1] is to come out. */
  readonly length: number;
}

export interface CaptionBatches {
  /** The same in every epoch: the number of photos divided by n, rounded up. */
  readonly batchesPerEpoch: number;
  /**
   * The batches of an epoch (counted from 0), made one by one. Each photo occurs at least once; photos that fill up
   * the last batch occur twice. A photo with more than k captions shows others in the next epoch, all equally often;
   * one with fewer repeats them.
   */
  epoch(epoch: number): Iterable<CaptionBatch>;
}

const DEFAULT_LENGTH_MULTIPLE = 2;
const DEFAULT_BATCHES_PER_POOL = 32;
const HIGH_WORD = 0x1_0000_0000;
/** Separates the streams of random numbers that order captions from those that order photos. */
const CAPTION_STREAM = 0x10_0000;

/** Prepares batches; see `CaptionBatches`. */
export function createCaptionBatches(options: CaptionBatchOptions): CaptionBatches {
  checkOptions(options);
  const { captions, imagesPerBatch } = options;
  const orders = captions.map((own, image) => captionOrder(own.length, options.seed, image));
  return {
    batchesPerEpoch: Math.ceil(captions.length / imagesPerBatch),
    *epoch(epoch) {
      const chosen = (image: number): readonly (readonly number[])[] => chooseCaptions(options, orders, image, epoch);
      for (const images of imagesOfBatches(options, epoch, chosen)) yield fillBatch(options, images, chosen);
    },
  };
}

function checkOptions(options: CaptionBatchOptions): void {
  const { captions, imagesPerBatch, captionsPerImage, maximumLength, seed } = options;
  assert(captions.length > 0, 'batches of no photos');
  const without = captions.findIndex((own) => own.length === 0);
  assert(without < 0, () => `photo ${without} has no caption`);
  for (const [name, value] of Object.entries({ imagesPerBatch, captionsPerImage, maximumLength })) {
    assert(Number.isInteger(value) && value > 0, () => `${name}: expected a positive whole number, got ${value}`);
  }
  assert(Number.isInteger(seed) && seed >= 0 && seed < HIGH_WORD, () => `seed: expected 0 to 2^32 - 1, got ${seed}`);
}

/** A photo's own order of its captions. */
function captionOrder(count: number, seed: number, image: number): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  return count === 1 ? order : new Random(seed + HIGH_WORD * (CAPTION_STREAM + image)).shuffled(order);
}

/** The k captions of a photo in an epoch: going round its order, each epoch where the one before stopped. */
function chooseCaptions(
  { captions, captionsPerImage }: CaptionBatchOptions,
  orders: readonly (readonly number[])[],
  image: number,
  epoch: number,
): readonly (readonly number[])[] {
  const own = captions[image] ?? [];
  const order = orders[image] ?? [];
  return Array.from({ length: captionsPerImage }, (_, j) => {
    const turn = (epoch * captionsPerImage + j) % order.length;
    return own[order[turn] ?? 0] ?? [];
  });
}

type Chosen = (image: number) => readonly (readonly number[])[];

function imagesOfBatches(options: CaptionBatchOptions, epoch: number, chosen: Chosen): readonly (readonly number[])[] {
  const { captions, imagesPerBatch: n, seed, batchesPerPool = DEFAULT_BATCHES_PER_POOL } = options;
  const random = new Random(seed + HIGH_WORD * epoch);
  const order = random.shuffled(captions.map((_, image) => image));
  const batches: (readonly number[])[] = [];
  for (let start = 0; start < order.length; start += n * batchesPerPool) {
    const pool = order.slice(start, start + n * batchesPerPool);
    const lengths = new Map(pool.map((image) => [image, longest(chosen(image))]));
    pool.sort((a, b) => (lengths.get(a) ?? 0) - (lengths.get(b) ?? 0)); // stable: ties stay shuffled
    for (let first = 0; first < pool.length; first += n) batches.push(pool.slice(first, first + n));
  }
  const last = batches.pop() ?? [];
  return random.shuffled([...batches, filledUp(last, order, options, chosen)]);
}

/** A short batch made whole with other photos, the first of the shuffled ones that do not make it longer. */
function filledUp(
  batch: readonly number[],
  order: readonly number[],
  { imagesPerBatch: n }: CaptionBatchOptions,
  chosen: Chosen,
): readonly number[] {
  const full = [...batch];
  const present = new Set(batch);
  const limit = Math.max(...batch.map((image) => longest(chosen(image))));
  for (const fits of [(image: number) => longest(chosen(image)) <= limit, () => true]) {
    for (let i = 0; i < order.length && full.length < n; i++) {
      const image = order[i] as number;
      if (present.has(image) || !fits(image)) continue;
      full.push(image);
      present.add(image);
    }
  }
  // Fewer photos than a batch holds: they go round.
  for (let i = 0; full.length < n; i++) full.push(order[i % order.length] as number);
  return full;
}

function longest(captions: readonly (readonly number[])[]): number {
  return captions.reduce((length, caption) => Math.max(length, caption.length), 0);
}

function fillBatch(options: CaptionBatchOptions, images: readonly number[], chosen: Chosen): CaptionBatch {
  const { captionsPerImage, ids } = options;
  const rows = images.flatMap((image) => chosen(image));
  const steps = paddedSteps(longest(rows) + 1, options);
  const length = steps + 1;
  const tokens = new Int32Array(rows.length * length).fill(ids.padding);
  for (const [row, words] of rows.entries()) {
    const at = row * length;
    tokens[at] = ids.start;
    tokens.set(words.slice(0, steps), at + 1);
    if (words.length < steps) tokens[at + 1 + words.length] = ids.end;
  }
  return { imageIndices: images, tokens, captionCount: images.length * captionsPerImage, length };
}

function paddedSteps(steps: number, { maximumLength, lengthMultiple = DEFAULT_LENGTH_MULTIPLE }: CaptionBatchOptions): number {
  return Math.min(Math.ceil(steps / lengthMultiple) * lengthMultiple, maximumLength);
}
