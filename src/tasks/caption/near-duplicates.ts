/**
 * Photos of different parts of a set that look the same: a captioner that was trained on one has seen the other. Found by
 * the cosine of pooled encoder features, all pairs compared.
 */
import { realpathSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { UserError } from '../../shared/errors.js';
import { NUMBER_RULES, requireFitting } from '../../shared/rules.js';
import type { EncodedModel } from '../encoder/frozen.js';
import { cachePooled, matrixOf } from './nearest.js';
import { type CaptionSource, readSource } from './sources.js';

export interface NearDuplicateOptions {
  /** Photos with captions; photos without a split are for training. */
  readonly sources: readonly CaptionSource[];
  /** Photos that are for validation, whatever their source says. */
  readonly validation?: readonly CaptionSource[];
  /** The least cosine (0 to 1) of a pair. Default: `nearDuplicateDefaults`. */
  readonly threshold?: number;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
}

/**
 * By the shipped captioner's encoder, on Flickr8k. Of 200 photos' copies, 0.85 finds all that were mirrored or lost a
 * tenth of each side, 198 that were made brighter, 189 saved as JPEG of quality 30, 169 cut to 80 % of each side, 106
 * shrunk to half and 58 made grey (`benchmarks/near-duplicates.ts`). Between its train and dev photos 4 pairs reach it, all
 * of the same scene, none a copy; at 0.8 there are 30, and of the 24 most alike 7 are of other occasions.
 */
export const nearDuplicateDefaults = { threshold: 0.85 };

/** Two photos of different parts. */
export interface NearDuplicate {
  readonly photo: string;
  readonly part: string;
  readonly other: string;
  readonly otherPart: string;
  /** Of their pooled features, in [threshold, 1]. */
  readonly cosine: number;
}

export interface NearDuplicates {
  /** Photos compared, by part. */
  readonly photos: Readonly<Record<string, number>>;
  /** The most alike first. */
  readonly pairs: readonly NearDuplicate[];
}

/** Rows and columns of the matrix of cosines that are computed at once. */
const BLOCK_ROWS = 256;
const BLOCK_COLUMNS = 8192;
/** More pairs than this are not duplicates but a threshold that is too low. */
const MOST_PAIRS = 1_000_000;

/** A photo in a part, with its unit vector. */
interface Photo {
  readonly image: string;
  readonly vector: Float32Array;
}

/**
 * Finds the pairs. Throws UserError when there are no two parts to compare or the threshold makes no sense, and the
 * signal's reason when it is aborted.
 */
export async function findNearDuplicates(model: EncodedModel, options: NearDuplicateOptions): Promise<NearDuplicates> {
  const { threshold = nearDuplicateDefaults.threshold, signal } = options;
  requireFitting('threshold', NUMBER_RULES.upToOne, threshold);
  const parts = await readParts(model, options);
  const names = [...parts.keys()];
  const pairs: NearDuplicate[] = [];
  for (const [at, part] of names.entries()) {
    for (const otherPart of names.slice(at + 1)) {
      const found = comparePhotos(parts.get(part) ?? [], parts.get(otherPart) ?? [], threshold);
      for await (const [photo, other, cosine] of found) {
        signal?.throwIfAborted();
        pairs.push({ photo, part, other, otherPart, cosine });
        if (pairs.length > MOST_PAIRS) {
          throw new UserError(
            `more than ${MOST_PAIRS} pairs have a cosine of ${threshold} (choose a higher threshold)`,
          );
        }
      }
    }
  }
  const photos = Object.fromEntries([...parts].map(([part, own]) => [part, own.length]));
  return { photos, pairs: pairs.sort((a, b) => b.cosine - a.cosine || (a.photo < b.photo ? -1 : 1)) };
}

/** The photos of each part that could be decoded. Throws UserError when there is but one part. */
async function readParts(model: EncodedModel, options: NearDuplicateOptions): Promise<Map<string, readonly Photo[]>> {
  const { sources, validation = [], cacheDirectory, signal } = options;
  const images = new Map<string, Set<string>>();
  const add = (part: string, { image }: CaptionedImage): void => {
    images.set(part, (images.get(part) ?? new Set()).add(realpathSync.native(image)));
  };
  for (const source of sources) {
    for (const example of await readSource(source)) add(example.split ?? 'train', example);
  }
  for (const source of validation) for (const example of await readSource(source)) add('val', example);
  const pooled = await cachePooled(model, {
    images: [...images.values()].flatMap((own) => [...own]),
    ...(cacheDirectory === undefined ? {} : { directory: cacheDirectory }),
    ...(signal === undefined ? {} : { signal }),
  });
  const parts = new Map<string, readonly Photo[]>();
  for (const [part, own] of images) {
    const usable = [...own].filter((image) => pooled.usable.has(image));
    if (usable.length > 0)
      parts.set(
        part,
        usable.map((image) => ({ image, vector: pooled.vectorOf(image) })),
      );
  }
  if (parts.size > 1) return parts;
  throw new UserError(
    `expected photos of two parts or more, found ${[...parts.keys()].join(', ') || 'none'} (name lists with --splits, or ` +
      'photos for validation with --val-source)',
  );
}

/** The pairs whose cosine is `threshold` or more. */
async function* comparePhotos(
  photos: readonly Photo[],
  others: readonly Photo[],
  threshold: number,
): AsyncGenerator<readonly [photo: string, other: string, cosine: number]> {
  for (let column = 0; column < others.length; column += BLOCK_COLUMNS) {
    const columns = others.slice(column, column + BLOCK_COLUMNS);
    const known = matrixOf(columns.map(({ vector }) => vector)); // [columns, c]
    try {
      for (let row = 0; row < photos.length; row += BLOCK_ROWS) {
        const rows = photos.slice(row, row + BLOCK_ROWS);
        const cosines = await cosinesOf(rows, known);
        for (const [index, cosine] of cosines.entries()) {
          if (cosine < threshold) continue;
          const [photo, other] = [rows[Math.floor(index / columns.length)], columns[index % columns.length]];
          if (photo !== undefined && other !== undefined) yield [photo.image, other.image, Math.min(1, cosine)];
        }
      }
    } finally {
      known.dispose();
    }
  }
}

/** The cosines of `rows` and the rows of `known` [n, c], row by row: [rows × n]. */
async function cosinesOf(rows: readonly Photo[], known: tf.Tensor2D): Promise<Float32Array> {
  const product = tf.tidy(() => tf.matMul(matrixOf(rows.map(({ vector }) => vector)), known, false, true));
  try {
    return (await product.data()) as Float32Array;
  } finally {
    product.dispose();
  }
}
