/**
 * Photos that look alike, by the cosine of pooled encoder features; and the baseline that a captioner must beat: the
 * caption of the training photo that looks most alike.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { mobilenetBlocks } from '../../models/mobilenet/index.js';
import { assert } from '../../shared/assert.js';
import { warn } from '../../shared/log.js';
import { ORIGINAL } from '../encoder/augment.js';
import { encodeImages, type ImageEncoder } from '../encoder/encode.js';
import { cachedShape, type EncodedModel, frozenEncoder, frozenFingerprint } from '../encoder/frozen.js';
import { cacheFeatures, type FeatureOptions } from './features.js';

const BATCH_SIZE = 16;

/** Unit vectors [n, c] of the photos that could be decoded, with the examples that they belong to. */
interface PooledFeatures {
  readonly examples: readonly CaptionedImage[];
  readonly vectors: readonly Float32Array[];
}

/** Features [n, h, w, c] averaged over the grid and brought to length 1: [n, c]. */
export function poolFeatures(features: tf.Tensor): tf.Tensor2D {
  const pooled = tf.mean(features, [1, 2]); // [n, c]
  return tf.div(pooled, tf.maximum(tf.norm(pooled, 2, 1, true), 1e-12));
}

/** The same encoder with its grid pooled to one unit vector. */
function pooledEncoder({ preprocessing, encode }: ImageEncoder): ImageEncoder {
  return { preprocessing, encode: (images) => poolFeatures(encode(images)) };
}

/** Unit vectors of photos, from the cache. */
export interface PooledPhotos {
  /** The photos whose vector is there; those that could not be decoded were reported and are not among them. */
  readonly usable: ReadonlySet<string>;
  /** The vector [c] of one of them. */
  vectorOf(image: string): Float32Array;
}

/** Unit vectors of photos by the model's encoder, through which each goes once and never again. */
export async function cachePooled(
  model: EncodedModel,
  options: Pick<FeatureOptions, 'images' | 'directory' | 'strict' | 'signal'>,
): Promise<PooledPhotos> {
  const cut = mobilenetBlocks(model.config.encoder).length;
  const encoder = frozenEncoder(model, cut);
  try {
    const { cache, usable } = await cacheFeatures({
      ...options,
      encoder: pooledEncoder(encoder),
      fingerprint: JSON.stringify({ pooled: frozenFingerprint(model, cut, ORIGINAL) }),
      featureLength: cachedShape(model, cut)[2],
    });
    return {
      usable,
      vectorOf(image) {
        const vector = new Float32Array(cache.featureLength);
        assert(cache.read(image, vector), () => `${image}: its features are gone`);
        return vector;
      },
    };
  } finally {
    encoder.dispose();
  }
}

/** Unit vectors of `images`, whose grids `cache` has: [places, c] each. */
export function pooledFromGrids(cache: FeatureCache, images: readonly string[], channels: number): PooledPhotos {
  return {
    usable: new Set(images),
    vectorOf(image) {
      const grid = new Float32Array(cache.featureLength);
      assert(cache.read(image, grid), () => `${image}: its features are gone`);
      const sum = new Float32Array(channels);
      grid.forEach((value, at) => (sum[at % channels] = (sum[at % channels] as number) + value));
      const length = Math.sqrt(sum.reduce((squares, value) => squares + value * value, 0));
      return length === 0 ? sum : sum.map((value) => value / length);
    },
  };
}

/** Photos that can be searched by what they look like. */
export interface PhotoIndex {
  /** For each of `vectors` (unit vectors [n, c]) the numbers of the `count` most similar photos, the nearest first. */
  nearest(vectors: tf.Tensor2D, count: number): Promise<readonly (readonly number[])[]>;
  dispose(): void;
}

/** An index of photos by their unit vectors, at least one; a vector's place is its photo's number. */
export function createPhotoIndex(vectors: readonly Float32Array[]): PhotoIndex {
  const known = matrixOf(vectors);
  return {
    async nearest(queries, count) {
      const kept = Math.min(count, vectors.length);
      const indices = tf.tidy(() => tf.topk(tf.matMul(queries, known, false, true), kept).indices);
      const values = await indices.data();
      indices.dispose();
      return Array.from({ length: queries.shape[0] }, (_, row) => [...values.slice(row * kept, (row + 1) * kept)]);
    },
    dispose: () => known.dispose(),
  };
}

async function pool(encoder: ImageEncoder, examples: readonly CaptionedImage[]): Promise<PooledFeatures> {
  const paths = examples.map(({ image }) => image);
  const kept: CaptionedImage[] = [];
  const vectors: Float32Array[] = [];
  let position = 0;
  for await (const image of encodeImages(encoder, paths, { batchSize: BATCH_SIZE })) {
    const example = examples[position++] as CaptionedImage;
    if ('features' in image) {
      kept.push(example);
      vectors.push(image.features.slice());
    } else warn(image.error.message);
  }
  return { examples: kept, vectors };
}

/** Vectors of one length as the rows of a matrix: [n, c]. */
export function matrixOf(vectors: readonly Float32Array[]): tf.Tensor2D {
  const width = vectors[0]?.length ?? 0;
  const values = new Float32Array(vectors.length * width);
  vectors.forEach((vector, row) => values.set(vector, row * width));
  return tf.tensor2d(values, [vectors.length, width]);
}

/** For each of `queries` the first caption of the most similar of `train`; '' for a photo that cannot be decoded. */
export async function nearestCaptions(
  encoder: ImageEncoder,
  train: readonly CaptionedImage[],
  queries: readonly CaptionedImage[],
): Promise<string[]> {
  const pooled = pooledEncoder(encoder);
  const known = await pool(pooled, train);
  const asked = await pool(pooled, queries);
  const index = createPhotoIndex(known.vectors);
  const vectors = matrixOf(asked.vectors);
  const found = await index.nearest(vectors, 1);
  vectors.dispose();
  index.dispose();
  const captions = new Map(
    asked.examples.map(({ image }, row) => [image, known.examples[found[row]?.[0] ?? -1]?.captions[0] ?? '']),
  );
  return queries.map(({ image }) => captions.get(image) ?? '');
}
