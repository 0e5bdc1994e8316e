/** What an encoder says of a photo and its mirror image, averaged place by place. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { BothSidesEncoder, meanOfSides, mirrorPixels } from '../../../src/tasks/encoder/both-sides.js';
import type { ImageEncoder } from '../../../src/tasks/encoder/encode.js';

/** Sees edges from one side alone: each pixel less the one to its right. */
const edges: ImageEncoder = {
  preprocessing: { size: 2, fit: 'squash', kernel: 'cubic' },
  encode(images) {
    const [n, height, width, channels] = images.shape;
    const right = tf.slice4d(images, [0, 0, 1, 0], [n, height, width - 1, channels]);
    return tf.sub(images, tf.concat([right, tf.zeros([n, height, 1, channels])], 2));
  },
};
const PIXELS = Uint8Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60); // two rows of two pixels

test('pictures are turned from left to right, their colours and rows left as they are', () => {
  const mirrored = mirrorPixels(PIXELS, 2);
  expect([...mirrored]).toEqual([4, 5, 6, 1, 2, 3, 40, 50, 60, 10, 20, 30]);
  expect(mirrorPixels(mirrored, 2)).toEqual(PIXELS);
});

test('each place is the mean of what is said of it in the photo and in the mirror image', async () => {
  await tf.setBackend('cpu');
  const own = tf.tensor4d([1, 5, 2, 7], [1, 1, 4, 1]);
  const mirrored = tf.tensor4d([10, 20, 30, 40], [1, 1, 4, 1]);
  expect([...(await meanOfSides(own, mirrored).data())]).toEqual([20.5, 17.5, 11, 8.5]);
});

test('a photo and its mirror image are seen as each other turned round', async () => {
  await tf.setBackend('cpu');
  const encoder = new BothSidesEncoder(edges, 1);
  const own = encoder.encode([PIXELS]);
  const turned = tf.reverse(encoder.encode([mirrorPixels(PIXELS, 2)]), 2);
  expect([...(await turned.data())]).toEqual([...(await own.data())]);
  // The first pixel's red: (1 − 4 + 1 − 0) / 2; from one side alone it would be −3.
  expect((await own.data())[0]).toBe(-1);
  encoder.dispose();
});
