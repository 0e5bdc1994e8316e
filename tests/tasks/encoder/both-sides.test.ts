import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { seeingBothSides } from '../../../src/tasks/encoder/both-sides.js';
import type { ImageEncoder } from '../../../src/tasks/encoder/encode.js';

const preprocessing = { size: 4, fit: 'squash', kernel: 'cubic' } as const;

/** Sees edges from one side alone: each pixel less the one to its right. */
const edges: ImageEncoder = {
  preprocessing,
  encode(images) {
    const [n, height, width, channels] = images.shape;
    const right = tf.slice4d(images, [0, 0, 1, 0], [n, height, width - 1, channels]);
    return tf.sub(images, tf.concat([right, tf.zeros([n, height, 1, channels])], 2));
  },
};

test('each place is the mean of what the encoder says of it in the photo and in the mirror image', async () => {
  await tf.setBackend('cpu');
  const row = tf.tensor4d([1, 5, 2, 7], [1, 1, 4, 1]);
  const seen = await seeingBothSides(edges).encode(row).data();
  // From the right: 1−5, 5−2, 2−7, 7−0; from the left: 1−0, 5−1, 2−5, 7−2.
  expect([...seen]).toEqual([-1.5, 3.5, -4, 6]);
});

test('a photo and its mirror image are seen as each other turned round', async () => {
  await tf.setBackend('cpu');
  const photo = tf.randomNormal([2, 3, 4, 2], 0, 1, 'float32', 7) as tf.Tensor4D;
  const both = seeingBothSides(edges);
  const own = await both.encode(photo).data();
  const turned = await tf.reverse(both.encode(tf.reverse4d(photo, 2)), 2).data();
  turned.forEach((value, index) => expect(value).toBeCloseTo(own[index] ?? NaN, 6));
});
