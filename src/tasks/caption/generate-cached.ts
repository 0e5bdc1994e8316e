/** Captions of photos whose features are cached: what validation and evaluation score. */
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { assert } from '../../shared/assert.js';
import { startProgress } from '../../shared/progress.js';
import { captionDecodingDefaults, type CaptionDecodingOptions, createGenerator } from './generate.js';
import type { CaptionModel } from './model.js';

const BATCH_SIZE = 20;

export interface CachedGeneration {
  readonly model: Pick<CaptionModel, 'config' | 'vocabulary'>;
  /** The captioner's weights as they are now. */
  readonly parameters: Readonly<Record<string, tf.Tensor>>;
  /** Cached features [n, …shape] → grid [n, p, c]. */
  readonly gridOf: (features: tf.Tensor) => tf.Tensor;
  readonly cache: FeatureCache;
  /** [h, w, c] of one photo's features, [frames, h, w, c] of a clip's. */
  readonly shape: readonly number[];
  readonly images: readonly string[];
  readonly decoding: Partial<CaptionDecodingOptions>;
  readonly signal?: AbortSignal;
}

/** The best caption of each image, in order. Throws the signal's reason when it is aborted. */
export async function generateFromCache(options: CachedGeneration): Promise<string[]> {
  const { model, parameters, gridOf, cache, shape, images } = options;
  const generator = createGenerator({
    ...captionDecodingDefaults,
    ...options.decoding,
    members: [{ config: model.config.captioner, parameters, gridOf }],
    vocabulary: model.vocabulary,
  });
  const progress = startProgress('captioning', images.length);
  const captions: string[] = [];
  try {
    for (let begin = 0; begin < images.length; begin += BATCH_SIZE) {
      options.signal?.throwIfAborted();
      const batch = images.slice(begin, begin + BATCH_SIZE);
      const features = readBatch(cache, batch, shape);
      const found = await generator.generate([features]);
      features.dispose();
      for (const [best] of found.slice(0, batch.length)) captions.push(best?.caption ?? '');
      progress.advance(batch.length);
    }
    return captions;
  } finally {
    progress.stop();
    generator.dispose();
  }
}

/** Features of a batch, filled up with zeros to the full batch size, so that one session serves all: [n, …shape]. */
function readBatch(cache: FeatureCache, images: readonly string[], shape: readonly number[]): tf.Tensor {
  const values = new Float32Array(BATCH_SIZE * cache.featureLength);
  images.forEach((image, position) => {
    assert(cache.read(image, values, position * cache.featureLength), () => `${image}: its features are gone`);
  });
  return tf.tensor(values, [BATCH_SIZE, ...shape]);
}
