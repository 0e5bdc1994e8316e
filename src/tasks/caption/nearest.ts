/**
 * The baseline that a captioner must beat: the caption of the training photo that looks most alike, by the cosine of
 * pooled encoder features.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { warn } from '../../shared/log.js';
import { encodeImages, type ImageEncoder } from '../encoder/encode.js';

const BATCH_SIZE = 16;

/** Unit vectors [n, c] of the photos that could be decoded, with the examples that they belong to. */
interface PooledFeatures {
  readonly examples: readonly CaptionedImage[];
  readonly vectors: readonly Float32Array[];
}

/** The same encoder with its grid averaged to one vector and brought to length 1. */
export function pooledEncoder({ preprocessing, encode }: ImageEncoder): ImageEncoder {
  return {
    preprocessing,
    encode: (images) => {
      const pooled = tf.mean(encode(images), [1, 2]); // [n, c]
      return tf.div(pooled, tf.maximum(tf.norm(pooled, 2, 1, true), 1e-12));
    },
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

function matrixOf(vectors: readonly Float32Array[]): tf.Tensor2D {
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
  const nearest = tf.tidy(() => tf.argMax(tf.matMul(matrixOf(asked.vectors), matrixOf(known.vectors), false, true), 1));
  const indices = await nearest.data();
  nearest.dispose();
  const captions = new Map(
    asked.examples.map(({ image }, row) => [image, known.examples[indices[row] as number]?.captions[0] ?? '']),
  );
  return queries.map(({ image }) => captions.get(image) ?? '');
}
