/**
 * Runs an encoder over images: decoding of the next images goes on in other threads while this batch is encoded.
 * Training, evaluation and captioning all see pictures through this file, so that they see the same.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile, type Compiled } from '../../backend/compile.js';
import { decodeAhead } from '../../media/decode-ahead.js';
import type { ImageError, ImagePreprocessing } from '../../media/image.js';
import type { ImageInput, ImagePath } from '../../media/image-paths.js';

/** What an image goes through before the decoder sees it. */
export interface ImageEncoder {
  readonly preprocessing: ImagePreprocessing;
  /** [n, size, size, 3] float32 in 0 … 255 → features [n, …]; the same for any n. */
  readonly encode: (images: tf.Tensor4D) => tf.Tensor;
}

export type EncodedImage =
  { readonly path: string; readonly features: Float32Array } | { readonly path: string; readonly error: ImageError };

export interface EncodeOptions {
  /** Images encoded at once; the last batch is filled up, so that one session serves all. */
  readonly batchSize: number;
  readonly limitPixels?: number;
  readonly signal?: AbortSignal;
}

/** An image whose pixels are there. */
export interface PixelImage {
  readonly path: string;
  readonly pixels: Uint8Array;
  /** As prepared in each of the `further` ways. */
  readonly further: readonly Uint8Array[];
}

/** An image that could not be decoded. */
export interface FailedImage {
  readonly path: string;
  readonly error: ImageError;
}

/** A compiled encoder of a fixed batch size. */
export class BatchEncoder {
  readonly #size: number;
  readonly #batchSize: number;
  readonly #run: Compiled<(images: tf.Tensor) => tf.Tensor>;

  constructor(encoder: ImageEncoder, batchSize: number) {
    this.#size = encoder.preprocessing.size;
    this.#batchSize = batchSize;
    this.#run = compile((images: tf.Tensor) => encoder.encode(images as tf.Tensor4D));
  }

  /** Features of at most `batchSize` images given as RGB bytes, rows beyond them zero: [batchSize, …]. */
  encode(images: readonly Uint8Array[]): tf.Tensor {
    const size = this.#size;
    const pixels = new Float32Array(this.#batchSize * size * size * 3);
    images.forEach((image, index) => pixels.set(image, index * image.length));
    return tf.tidy(() => this.#run(tf.tensor4d(pixels, [this.#batchSize, size, size, 3])));
  }

  dispose(): void {
    this.#run.dispose();
  }
}

/** The features of each image in the order of `paths`, or why there are none. Throws the signal's reason when it is aborted. */
export async function* encodeImages(
  encoder: ImageEncoder,
  paths: Iterable<string | ImagePath>,
  options: EncodeOptions,
): AsyncGenerator<EncodedImage> {
  const batches = new BatchEncoder(encoder, options.batchSize);
  try {
    for await (const batch of decodedBatches(encoder.preprocessing, paths, options)) {
      const features = await featuresOf(batches, batch.filter(hasPixels));
      for (const image of batch) {
        if (hasPixels(image)) yield { path: image.path, features: features.get(image) as Float32Array };
        else yield image;
      }
    }
  } finally {
    batches.dispose();
  }
}

export const hasPixels = (image: PixelImage | FailedImage): image is PixelImage => 'pixels' in image;

async function featuresOf(
  encoder: BatchEncoder,
  images: readonly PixelImage[],
): Promise<ReadonlyMap<PixelImage, Float32Array>> {
  if (images.length === 0) return new Map();
  const tensor = encoder.encode(images.map(({ pixels }) => pixels));
  const values = (await tensor.data()) as Float32Array;
  const length = tensor.size / (tensor.shape[0] as number);
  tensor.dispose();
  return new Map(images.map((image, index) => [image, values.subarray(index * length, (index + 1) * length)]));
}

/**
 * Images in groups of `batchSize` that could be decoded, with those between them that could not. Throws the signal's reason
 * when it is aborted.
 */
export async function* decodedBatches(
  preprocessing: ImagePreprocessing,
  inputs: Iterable<ImageInput>,
  {
    batchSize,
    limitPixels,
    signal,
    further = [],
  }: EncodeOptions & { readonly further?: readonly ImagePreprocessing[] },
): AsyncGenerator<readonly (PixelImage | FailedImage)[]> {
  let batch: (PixelImage | FailedImage)[] = [];
  let decoded = 0;
  const limits = limitPixels === undefined ? {} : { limitPixels };
  for await (const image of decodeAhead(inputs, preprocessing, { concurrency: 2 * batchSize, further, ...limits })) {
    signal?.throwIfAborted();
    if (image.error === undefined) {
      batch.push({ path: image.path, pixels: image.pixels, further: image.further });
      decoded++;
    } else batch.push({ path: image.path, error: image.error });
    if (decoded === batchSize) {
      yield batch;
      batch = [];
      decoded = 0;
    }
  }
  if (batch.length > 0) yield batch;
  signal?.throwIfAborted();
}
