/** Shapes, what order changes and what it does not, and that gradients are those of the loss. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import {
  classifyClips,
  countVideoClassifierParameters,
  createVideoClassifierParameters,
  validateVideoClassifierConfig,
  type VideoClassifierConfig,
  videoClassifierDefaults,
  videoClassifierLoss,
} from '../../../src/models/video-classifier/index.js';
import { sizeOf } from '../../../src/layers/parameters.js';
import { Random } from '../../../src/shared/random.js';

const small: VideoClassifierConfig = {
  ...videoClassifierDefaults,
  featureSize: 5,
  gridLength: 4,
  positionSize: 2,
  projectionSize: 6,
  hiddenSize: 3,
  classes: 4,
  motion: true,
  dropout: { features: 0, layers: 0, output: 0 },
};

const CONFIGS: readonly Partial<VideoClassifierConfig>[] = [
  {},
  { cell: 'rnn', pooling: 'last' },
  { cell: 'lstm', layers: 2, bidirectional: true, pooling: 'last' },
  { pooling: 'attention', layers: 2, positionSize: 0, projectionSize: 0 },
  { bidirectional: true, pooling: 'attention', motion: false },
  { pooling: 'max' },
  { order: 'none', motion: false },
];

const random = (shape: number[], seed: number): tf.Tensor => {
  const source = new Random(seed);
  return tf.tensor(
    Float32Array.from({ length: sizeOf(shape) }, () => source.normal()),
    shape,
  );
};

const parametersOf = (config: VideoClassifierConfig): Record<string, tf.Variable> =>
  Object.fromEntries(
    Object.entries(createVideoClassifierParameters(config, new Random(3))).map(([name, { values, shape }]) => [
      name,
      tf.variable(tf.tensor(values, [...shape])),
    ]),
  );

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

describe.each(CONFIGS)('with %j', (change) => {
  const config = { ...small, ...change };

  test('clips and frames get probabilities, each clip its own', async () => {
    const parameters = parametersOf(config);
    expect(Object.values(parameters).reduce((sum, { size }) => sum + size, 0)).toBe(
      countVideoClassifierParameters(config),
    );
    const features = random([3, 7, 4, 5], 1);
    const { clip, frames } = classifyClips(config, parameters, features);
    expect([clip.shape, frames.shape]).toEqual([
      [3, 4],
      [3, 7, 4],
    ]);
    for (const sums of [tf.sum(clip, 1), tf.sum(frames, 2)])
      for (const sum of sums.dataSync()) expect(sum).toBeCloseTo(1, 5);
    const alone = classifyClips(config, parameters, tf.slice(features, 1, 1)).clip.dataSync();
    alone.forEach((value, index) => expect(value).toBeCloseTo(tf.slice(clip, 1, 1).dataSync()[index] ?? NaN, 5));
  });

  test('the order of frames matters to cells alone', () => {
    const parameters = parametersOf(config);
    const features = random([1, 7, 4, 5], 2);
    const forward = classifyClips(config, parameters, features).clip.dataSync();
    const backward = classifyClips(config, parameters, tf.reverse(features, 1)).clip.dataSync();
    const difference = Math.max(...forward.map((value, index) => Math.abs(value - (backward[index] ?? 0))));
    if (config.order === 'none') expect(difference).toBeLessThan(1e-6);
    else expect(difference).toBeGreaterThan(1e-5);
  });

  test('gradients agree with finite differences', async () => {
    const parameters = parametersOf(config);
    const batch = {
      features: random([2, 3, 4, 5], 4),
      labels: tf.tensor1d([1, 3], 'int32'),
      frameLabels: tf.tensor2d([1, 1, 1, 3, 0, 0], [2, 3], 'int32'),
      weights: tf.tensor1d([1, 0.5]),
      frameWeights: tf.tensor1d([1, 2]),
    };
    const loss = (): tf.Scalar =>
      videoClassifierLoss(config, parameters, batch, { labelSmoothing: 0.1, frameLoss: 0.5 });
    const { grads } = tf.variableGrads(loss, Object.values(parameters));
    const step = 1e-2;
    for (const [name, variable] of Object.entries(parameters)) {
      const gradient = (grads[variable.name] as tf.Tensor).dataSync();
      const values = variable.dataSync().slice();
      const index = values.length >> 1;
      const at = (change: number): number => {
        const moved = values.slice();
        moved[index] = (moved[index] ?? 0) + change;
        variable.assign(tf.tensor(moved, variable.shape));
        return loss().dataSync()[0] ?? NaN;
      };
      const slope = (at(step) - at(-step)) / (2 * step);
      at(0);
      expect(Math.abs(slope - (gradient[index] ?? NaN)), name).toBeLessThan(3e-3);
    }
  });
});

test('a config from a file is checked field by field', () => {
  expect(validateVideoClassifierConfig({ ...small }, 'config.json')).toEqual(small);
  expect(() => validateVideoClassifierConfig({ ...small, pooling: 'sum' }, 'config.json')).toThrow(
    'config.json.pooling',
  );
  expect(() => validateVideoClassifierConfig({ ...small, classes: 1 }, 'config.json')).toThrow('from 2');
  expect(() => validateVideoClassifierConfig({ ...small, more: 1 }, 'config.json')).toThrow('unknown field "more"');
});
