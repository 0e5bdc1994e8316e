/**
 * A photo and its mirror image, seen as one: what an encoder says of the same place in both is averaged. Flips at test time
 * are as old as convolutional networks for photos (Krizhevsky et al. 2012, which averages predictions); averaged before the
 * decoder, they cost one more run of the encoder and none of the decoder.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ImageEncoder } from './encode.js';

/** Images are [n, height, width, c], and so are features. */
const WIDTH = 2;

/** `encoder` with the mean of its features [n, h, w, c] of a photo and of its mirror image, turned back. */
export function seeingBothSides(encoder: ImageEncoder): ImageEncoder {
  return {
    preprocessing: encoder.preprocessing,
    encode(images) {
      const mirrored = encoder.encode(tf.reverse4d(images, WIDTH));
      return tf.mul(tf.add(encoder.encode(images), tf.reverse(mirrored, WIDTH)), 0.5); // [n, h, w, c]
    },
  };
}
