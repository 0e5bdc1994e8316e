/** Fills the feature cache: every photo goes through the frozen part of the encoder once, and never again. */
import { type FeatureCache, openFeatureCache } from '../../datasets/feature-cache.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { noteEncoding } from '../encoder/kept-features.js';
import { encodeImages, type ImageEncoder } from '../encoder/encode.js';

const BATCH_SIZE = 16;

export interface CachedFeatures {
  readonly cache: FeatureCache;
  /** The images whose features are there; those that could not be decoded were reported and are not among them. */
  readonly usable: ReadonlySet<string>;
}

export interface FeatureOptions {
  readonly encoder: ImageEncoder;
  /** Tells this encoder, cut where it is cut, from all others. */
  readonly fingerprint: string;
  /** Values an image. */
  readonly featureLength: number;
  readonly images: readonly string[];
  /** Where the cache is; the user's cache directory by default. */
  readonly directory?: string;
  readonly strict?: boolean;
  readonly signal?: AbortSignal;
}

/** Encodes the images that the cache does not have yet. An image that cannot be decoded is an error when `strict`. */
export async function cacheFeatures(options: FeatureOptions): Promise<CachedFeatures> {
  const { encoder, fingerprint, featureLength, directory, signal } = options;
  const cache = await openFeatureCache({
    encoder: fingerprint,
    featureLength,
    ...(directory === undefined ? {} : { directory }),
  });
  const images = [...new Set(options.images)];
  const missing = images.filter((image) => !cache.has(image));
  noteEncoding({ files: 'photos', missing: missing.length, all: images.length, folder: cache.folder });
  const progress = startProgress('encoding', missing.length);
  const failed = new Set<string>();
  try {
    const encoded = encodeImages(encoder, missing, {
      batchSize: BATCH_SIZE,
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const image of encoded) {
      progress.advance(1);
      if ('features' in image) await cache.write(image.path, image.features);
      else {
        if (options.strict === true) throw new UserError(`${image.error.message} (strict: nothing is left out)`);
        warn(`${image.error.message}; left out`);
        failed.add(image.path);
      }
    }
  } finally {
    progress.stop();
  }
  return { cache, usable: new Set(images.filter((image) => !failed.has(image))) };
}
