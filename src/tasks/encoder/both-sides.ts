/**
 * A photo and its mirror image, seen as one: what an encoder says of the same place in both is averaged. Flips at test time
 * are as old as convolutional networks for photos (Krizhevsky et al. 2012, which averages predictions); averaged before the
 * decoder, they cost one more run of the encoder and none of the decoder. The same session runs twice: both in one graph would
 * hold twice the memory and take twice as long to compile.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile, type Compiled } from '../../backend/compile.js';
import { BatchEncoder, type ImageEncoder } from './encode.js';

const CHANNELS = 3;

/** RGB bytes of a picture `size` pixels wide, turned from left to right. */
export function mirrorPixels(pixels: Uint8Array, size: number): Uint8Array {
  const mirrored = new Uint8Array(pixels.length);
  const row = size * CHANNELS;
  for (let at = 0; at < pixels.length; at += CHANNELS) {
    const column = at % row;
    const to = at - column + (row - CHANNELS - column);
    for (let channel = 0; channel < CHANNELS; channel++) mirrored[to + channel] = pixels[at + channel] as number;
  }
  return mirrored;
}

/** The mean of the features [n, h, w, c] of photos and of their mirror images, the latter turned back. */
export function meanOfSides(own: tf.Tensor, mirrored: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(own, tf.reverse(mirrored, 2)), 0.5); // [n, h, w, c]
}

/** A compiled encoder that looks at photos from both sides. */
export class BothSidesEncoder {
  readonly #size: number;
  readonly #encoder: BatchEncoder;
  readonly #mean: Compiled<(own: tf.Tensor, mirrored: tf.Tensor) => tf.Tensor>;

  constructor(encoder: ImageEncoder, batchSize: number) {
    this.#size = encoder.preprocessing.size;
    this.#encoder = new BatchEncoder(encoder, batchSize);
    this.#mean = compile(meanOfSides);
  }

  /** Features of at most `batchSize` images given as RGB bytes, rows beyond them zero: [batchSize, …]. */
  encode(images: readonly Uint8Array[]): tf.Tensor {
    return tf.tidy(() =>
      this.#mean(
        this.#encoder.encode(images),
        this.#encoder.encode(images.map((pixels) => mirrorPixels(pixels, this.#size))),
      ),
    );
  }

  dispose(): void {
    this.#encoder.dispose();
    this.#mean.dispose();
  }
}
