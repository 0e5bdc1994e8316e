/** The catalogue of encoders against the package that it is read from. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { findEncoder } from '../../../src/tasks/encoder/catalogue.js';
import { listEncoders } from '../../../src/tasks/encoder/index.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the catalogue of @tensorflow-models/mobilenet', () => {
  test('is what the package accepts, with its own addresses and input ranges', async () => {
    const realFetch = tf.env().platform.fetch;
    const encoders = await listEncoders();
    expect(encoders.map(({ version, alpha }) => [version, alpha])).toEqual([
      [1, 0.25],
      [1, 0.5],
      [1, 0.75],
      [1, 1],
      [2, 0.5],
      [2, 0.75],
      [2, 1],
    ]);
    for (const { url, inputRange, version, alpha } of encoders) {
      expect(url).toMatch(/^https:\/\/.*\/model\.json\?tfjs-format=file$/);
      expect(url).toContain(`mobilenet_v${version}_${String(alpha * 100).padStart(3, '0')}_224`);
      expect(inputRange).toEqual([0, 1]);
    }
    expect(tf.env().platform.fetch).toBe(realFetch);
  });

  test('leaves no tensors behind', async () => {
    await listEncoders();
    const before = tf.memory().numTensors;
    await listEncoders();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('names what there is when asked for something else', async () => {
    await expect(findEncoder(2, 0.25)).rejects.toThrow(
      /no MobileNet of version 2 with alpha 0\.25: expected version 1 with alpha 0\.25, 0\.5, 0\.75, 1; or version 2 with alpha 0\.5/,
    );
    await expect(findEncoder(3, 1)).rejects.toMatchObject({ exitCode: 2 });
    await expect(findEncoder(1, NaN)).rejects.toThrow(/alpha NaN/);
  });
});
