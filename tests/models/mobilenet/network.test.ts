/** The published sizes of MobileNet V1 and V2, their forward pass whole and in two parts, and their configuration. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  blockInputShape,
  blockNumber,
  mobilenetProbabilities,
  type MobileNetConfig,
  mobilenet,
  mobilenetBlocks,
  mobilenetOutput,
  mobilenetParameterShapes,
  runBlocks,
  scaleImages,
  validateMobileNetConfig,
} from '../../../src/models/mobilenet/index.js';
import { countParameters, type Parameters } from '../../../src/layers/parameters.js';
import { Random } from '../../../src/shared/random.js';

const base = { inputSize: 224, inputRange: [-1, 1], classes: 1000 } as const;
const small = (version: 1 | 2, classes = 7): MobileNetConfig => ({
  version,
  alpha: 0.25,
  inputSize: 64,
  inputRange: [-1, 1],
  classes,
});

function randomParameters(config: MobileNetConfig): Parameters {
  const random = new Random(5);
  return Object.fromEntries(
    Object.entries(mobilenetParameterShapes(config)).map(([name, shape]) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const fan = shape.length === 4 && shape[3] === 1 ? 9 : size / (shape.at(-1) as number);
      const values = Float32Array.from({ length: size }, () => random.normal() * Math.sqrt(2 / fan));
      return [name, tf.tensor(values, [...shape])];
    }),
  );
}

function randomImages(count: number, size: number): tf.Tensor4D {
  const random = new Random(9);
  const values = Float32Array.from({ length: count * size * size * 3 }, () => random.integer(256));
  return tf.tensor4d(values, [count, size, size, 3]);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('architecture', () => {
  // The papers' counts (Howard 2017, table 6; Sandler 2018, table 4) without batch norms' own parameters, which Keras
  // publishes exactly: kernels, biases and classifier.
  test.each([
    [1, 1, 4_231_976 - 10_944],
    [1, 0.5, 1_331_592 - 5_472],
    [1, 0.25, 470_072 - 2_736],
    [2, 1, 3_487_816],
  ] as const)('V%d, width %d, has %d parameters', (version, alpha, count) => {
    expect(countParameters(mobilenetParameterShapes({ version, alpha, ...base }))).toBe(count);
  });

  test.each([
    [0.35, [16, 8, 8, 8, 16, 16, 16, 24, 24, 24, 24, 32, 32, 32, 56, 56, 56, 112, 1280]],
    [0.5, [16, 8, 16, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 48, 80, 80, 80, 160, 1280]],
    [0.75, [24, 16, 24, 24, 24, 24, 24, 48, 48, 48, 48, 72, 72, 72, 120, 120, 120, 240, 1280]],
    [1.4, [48, 24, 32, 32, 48, 48, 48, 88, 88, 88, 88, 136, 136, 136, 224, 224, 224, 448, 1792]],
  ])('V2, width %d, has channels in multiples of 8', (alpha, channels) => {
    expect(mobilenetBlocks({ version: 2, alpha }).map(({ outputChannels }) => outputChannels)).toEqual(channels);
  });

  test('grid and features for other sizes', () => {
    expect(mobilenetOutput({ version: 2, alpha: 1, ...base })).toEqual({ gridSize: 7, featureSize: 1280 });
    expect(mobilenetOutput({ version: 1, alpha: 0.25, ...base, inputSize: 128 })).toEqual({
      gridSize: 4,
      featureSize: 256,
    });
    expect(mobilenetOutput({ version: 1, alpha: 1, ...base, inputSize: 100 }).gridSize).toBe(4);
    expect(mobilenetOutput({ version: 1, alpha: 1, ...base, inputSize: 100, padding: 'keras' }).gridSize).toBe(3);
  });

  test('blocks are found by name', () => {
    expect(blockNumber({ version: 2, alpha: 1 }, 'block13')).toBe(14);
    expect(() => blockNumber({ version: 1, alpha: 1 }, 'block14')).toThrow(/no block "block14".*conv1, block1/);
  });
});

describe.each([1, 2] as const)('V%d forward', (version) => {
  const config = small(version);

  test('gives grid, pooled features and probabilities', () => {
    const parameters = randomParameters(config);
    const { grid, pooled } = mobilenet(config, parameters, randomImages(2, 64));
    const { gridSize, featureSize } = mobilenetOutput(config);
    expect(grid.shape).toEqual([2, gridSize, gridSize, featureSize]);
    expect(pooled.shape).toEqual([2, featureSize]);
    const values = grid.dataSync();
    expect(Math.max(...values)).toBeLessThanOrEqual(6);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    const mean = tf.mean(tf.slice(grid, [1, 0, 0, 3], [1, gridSize, gridSize, 1])).dataSync()[0];
    expect(pooled.arraySync()[1]?.[3]).toBeCloseTo(mean as number, 5);
    for (const row of mobilenetProbabilities(config, parameters, pooled).arraySync()) {
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
  });

  test('in two parts is the same, whatever the cut', () => {
    const parameters = randomParameters(config);
    const images = scaleImages(config, randomImages(1, 64));
    const whole = runBlocks(config, parameters, images).dataSync();
    const count = mobilenetBlocks(config).length;
    for (const cut of [0, 1, 6, count - 1, count]) {
      const lower = runBlocks(config, parameters, images, { to: cut });
      expect(lower.shape).toEqual([1, ...blockInputShape(config, cut)]);
      expect(runBlocks(config, parameters, lower, { from: cut }).dataSync()).toEqual(whole);
    }
  });

  test('the upper part has gradients, and needs no weights of the lower', () => {
    const parameters = randomParameters(config);
    const cut = mobilenetBlocks(config).length - 2;
    const names = mobilenetBlocks(config)
      .slice(cut)
      .map(({ name }) => name);
    const upper = Object.keys(parameters).filter((name) => names.includes(name.split('/')[0] as string));
    const lower = runBlocks(config, parameters, scaleImages(config, randomImages(1, 64)), { to: cut });
    const loss = (...weights: tf.Tensor[]): tf.Scalar =>
      tf.sum(
        runBlocks(config, Object.fromEntries(upper.map((name, i) => [name, weights[i] as tf.Tensor])), lower, {
          from: cut,
        }),
      );
    const gradients = tf.grads(loss)(upper.map((name) => parameters[name] as tf.Tensor));
    expect(gradients.map(({ shape }) => shape)).toEqual(upper.map((name) => parameters[name]?.shape));
    const total = gradients.map((gradient) => tf.sum(tf.abs(gradient)).dataSync()[0] as number);
    expect(total.every((value) => value > 0 && Number.isFinite(value))).toBe(true);
  });

  test('runs at sizes that are no multiple of 32', () => {
    const odd: MobileNetConfig = { ...config, inputSize: 75 };
    const parameters = randomParameters(odd);
    for (const padding of ['same', 'keras'] as const) {
      const { grid } = mobilenet({ ...odd, padding }, parameters, randomImages(1, 75));
      expect(grid.shape[1]).toBe(mobilenetOutput({ ...odd, padding }).gridSize);
    }
  });
});

test('the input range is applied', () => {
  const images = tf.tensor4d([0, 127.5, 255], [1, 1, 1, 3]);
  expect([...scaleImages({ ...small(1), inputRange: [-1, 1] }, images).dataSync()]).toEqual([-1, 0, 1]);
  expect([...scaleImages({ ...small(1), inputRange: [0, 1] }, images).dataSync()]).toEqual([0, 0.5, 1]);
});

describe('validateMobileNetConfig', () => {
  const valid = { ...small(2), padding: 'same' };

  test('takes what was written', () => {
    expect(validateMobileNetConfig(JSON.parse(JSON.stringify(valid)), 'c')).toEqual(valid);
    expect(validateMobileNetConfig(small(2), 'c').padding).toBe('same');
  });

  test.each([
    [null, /^c: expected an object, found null/],
    [{ ...valid, version: 3 }, /^c\.version: expected 1 or 2, found 3/],
    [{ ...valid, alpha: 0 }, /^c\.alpha: .*found 0/],
    [{ ...valid, alpha: '1' }, /^c\.alpha: .*found "1"/],
    [{ ...valid, inputSize: 31 }, /^c\.inputSize: .*from 32 to 1024, found 31/],
    [{ ...valid, inputSize: 1e9 }, /^c\.inputSize/],
    [{ ...valid, inputRange: [0, NaN] }, /^c\.inputRange/],
    [{ ...valid, inputRange: [1, 1] }, /^c\.inputRange/],
    [{ ...valid, classes: -1 }, /^c\.classes/],
    [{ ...valid, padding: 'reflect' }, /^c\.padding/],
    [{ ...valid, depth: 1 }, /^c: expected only .*found \["depth"\]/],
  ])('refuses %j', (value, message) => {
    expect(() => validateMobileNetConfig(value, 'c')).toThrow(message);
  });
});
