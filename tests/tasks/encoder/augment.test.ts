/** The changed versions of photos that are trained on. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { chooseView, mayMirror, ORIGINAL, VIEWS, viewOf } from '../../../src/tasks/encoder/augment.js';

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

describe('views', () => {
  test('the first is the photo itself; mirroring turns columns round', async () => {
    const images = tf.reshape(tf.range(0, 2 * 8 * 8 * 3), [2, 8, 8, 3]) as tf.Tensor4D;
    expect(viewOf(images, ORIGINAL)).toBe(images);
    const mirrored = viewOf(images, { mirrored: true, box: [0, 0, 1, 1] });
    const before = (await images.array()) as number[][][][];
    const after = await mirrored.array();
    expect(after[1]?.[3]?.[0]).toEqual(before[1]?.[3]?.[7]);
    expect(after[0]?.[2]?.[6]).toEqual(before[0]?.[2]?.[1]);
  });

  test('a cut shows its part of the photo, in the size of the whole', async () => {
    const size = 16;
    const ramp = Float32Array.from({ length: size * size * 3 }, (_, index) => Math.floor(index / 3) % size); // the column
    const images = tf.tensor4d(ramp, [1, size, size, 3]);
    const seen = viewOf(images, { mirrored: false, box: [0.125, 0.125, 1, 1] });
    expect(seen.shape).toEqual([1, size, size, 3]);
    const row = ((await seen.array())[0]?.[8] ?? []).map(([red = NaN]) => red);
    expect(row[0]).toBeCloseTo(2, 0);
    expect(row.at(-1)).toBeCloseTo(15, 0);
    row.slice(1).forEach((value, index) => expect(value).toBeGreaterThanOrEqual(row[index] ?? NaN));
  });

  test('another light: each pixel from its grey, from the middle, and as a whole, within 0 … 255', async () => {
    const colour = { saturation: 0.5, contrast: 2, brightness: 0.9 };
    const seen = viewOf(tf.tensor4d([100, 200, 50, 250, 250, 250, 0, 0, 0, 1, 1, 1], [1, 2, 2, 3]), {
      mirrored: false,
      box: [0, 0, 1, 1],
      colour,
    });
    const grey = 0.299 * 100 + 0.587 * 200 + 0.114 * 50;
    const expected = [100, 200, 50].map((value) => ((grey + (value - grey) * 0.5 - 127.5) * 2 + 127.5) * 0.9);
    const [first = [], second = []] = (await seen.array())[0]?.[0] ?? [];
    first.forEach((value, channel) => expect(value).toBeCloseTo(expected[channel] ?? NaN, 2));
    expect(second).toEqual([255, 255, 255]);
  });

  test('each allowed view is chosen about equally often, and photos with sides in their captions are never mirrored', () => {
    const counts = VIEWS.map(() => 0);
    const photos = 6000;
    for (let image = 0; image < photos; image++) {
      const view = chooseView(VIEWS.length, { seed: 1, epoch: 3, image, mirror: true });
      counts[view] = (counts[view] ?? 0) + 1;
      const honest = chooseView(VIEWS.length, { seed: 1, epoch: 3, image, mirror: false });
      expect(VIEWS[honest]?.mirrored).toBe(false);
    }
    for (const count of counts) expect(Math.abs(count - photos / VIEWS.length)).toBeLessThan(120);
    const [first, second] = [3, 4].map((epoch) =>
      Array.from({ length: 20 }, (_, image) => chooseView(6, { seed: 1, epoch, image, mirror: true })),
    );
    expect(first).not.toEqual(second);
  });

  test('left and right are found, in Vietnamese too', () => {
    expect(mayMirror([['a', 'dog']])).toBe(true);
    expect(
      mayMirror([
        ['a', 'dog'],
        ['a', 'man', 'on', 'the', 'left'],
      ]),
    ).toBe(false);
    expect(mayMirror([['người', 'bên', 'phải']])).toBe(false);
  });
});
