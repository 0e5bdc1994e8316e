/** Captioners of every kind: steps agree with teacher forcing, gradients are right, four pictures are learnt. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CaptionerConfig,
  captionerLogits,
  captionerLoss,
  captionerParameterShapes,
  countCaptionerParameters,
  createCaptionerParameters,
  startCaptions,
  stepCaptions,
  trainableNames,
} from '../../../src/models/captioner/index.js';
import { captionerHidden } from '../../../src/models/captioner/forward.js';
import { UserError } from '../../../src/shared/errors.js';
import { Random } from '../../../src/shared/random.js';
import { expectClose, expectGradients } from '../../layers/helpers/numeric.js';
import { ALL_CONFIGS, TINY, tinyGrid, tinyParameters } from './tiny.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Two images with two captions each. */
const TOKENS = [
  [1, 4, 5, 6, 2],
  [1, 5, 2, 0, 0],
  [1, 7, 8, 4, 2],
  [1, 6, 6, 2, 0],
];

const tokens = (): tf.Tensor => tf.tensor2d(TOKENS, undefined, 'int32');

/** Runs `stepCaptions` over TOKENS, and compares with teacher forcing; with a seed, as in training. */
function compareStepsWithTeacherForcing(config: CaptionerConfig, seed?: number): void {
  const parameters = tinyParameters(config);
  const grid = tinyGrid(2);
  const training = seed === undefined ? undefined : { dropoutSeed: tf.scalar(seed, 'int32') };
  const input = { grid, tokens: tokens(), ...(training === undefined ? {} : { training }) };
  const expected = captionerLogits(config, parameters, input);
  const { attention } = captionerHidden(config, parameters, input);
  expect(expected.shape).toEqual([4, 5, 9]);
  expect(startCaptions(config, parameters, grid).perRow.every(({ shape }) => shape[0] === 2)).toBe(true);
  let state = startCaptions(config, parameters, grid, { rows: 4, ...(training === undefined ? {} : { training }) });
  for (let time = 0; time < 5; time++) {
    const column = tf.tensor1d(
      TOKENS.map((row) => row[time] as number),
      'int32',
    );
    const step = stepCaptions(config, parameters, state, column, training && { ...training, time });
    expectClose(step.logits, tf.reshape(tf.slice(expected, [0, time, 0], [4, 1, 9]), [4, 9]), 1e-5);
    if (attention.length > 0) {
      expectClose(step.attention as tf.Tensor, attention[time] as tf.Tensor);
      expectClose(tf.sum(step.attention as tf.Tensor, 1), [1, 1, 1, 1]);
    } else expect(step.attention).toBeUndefined();
    state = step.state;
  }
}

describe.each(ALL_CONFIGS)('%s', (_, config) => {
  test('step by step gives the logits of teacher forcing', () => {
    compareStepsWithTeacherForcing(config);
    compareStepsWithTeacherForcing({ ...config, layers: 3, tiedOutput: true, featureProjection: 0 });
  });

  test('step by step drops what teacher forcing drops', () => {
    const dropped = { ...config, layers: 3, dropout: { embedding: 0.4, features: 0.3, layers: 0.3, output: 0.5 } };
    compareStepsWithTeacherForcing(dropped, 7);
  });

  test('the image matters, of each its own', () => {
    const parameters = tinyParameters(config);
    const two = tf.tensor2d([TOKENS[0] as number[], TOKENS[0] as number[]], undefined, 'int32');
    const logits = captionerLogits(config, parameters, { grid: tinyGrid(2), tokens: two });
    const [first, second] = tf.split(logits, 2, 0) as [tf.Tensor, tf.Tensor];
    expect((tf.max(tf.abs(tf.sub(first, second))).dataSync()[0] ?? 0) > 1e-3).toBe(true);
    const alone = captionerLogits(config, parameters, {
      grid: tf.slice(tinyGrid(2), [1], [1]),
      tokens: tf.slice(two, [1], [1]),
    });
    expectClose(alone, second);
  });

  test('the gradient of the loss equals finite differences, and reaches every weight', () => {
    const small = { ...config, hiddenSize: 3, embeddingSize: 2, vocabularySize: 5, attentionSize: 2, layers: 2 };
    const sized = { ...small, featureProjection: 3 };
    const grid = tinyGrid(2);
    const captions = tf.tensor2d([[1, 3, 4, 2], [1, 4, 2, 0], [1, 3, 2, 0], [1, 4, 4, 2]], undefined, 'int32'); // prettier-ignore
    const loss = (parameters: Record<string, tf.Tensor>): tf.Tensor =>
      captionerLoss(sized, parameters, { grid, tokens: captions }, { labelSmoothing: 0.1, attentionRegularization: 1 })
        .loss;
    // The relu of the projection has kinks, where differences mean nothing.
    const { 'features/kernel': kernel, 'features/bias': bias, ...parameters } = tinyParameters(sized, 3);
    const fixed = { 'features/kernel': kernel as tf.Tensor, 'features/bias': tf.add(bias as tf.Tensor, tf.scalar(1)) };
    expectGradients((changed) => loss({ ...fixed, ...changed }), parameters);
    const gradient = tf.grad((k: tf.Tensor) => loss({ ...fixed, ...parameters, 'features/kernel': k }))(
      kernel as tf.Tensor,
    );
    expect((tf.max(tf.abs(gradient)).dataSync()[0] ?? 0) > 1e-6).toBe(true);
  });

  test('learns four pictures by heart', () => {
    const grid = tinyGrid(4);
    const captions = tf.tensor2d([[1, 4, 5, 6, 2], [1, 5, 4, 2, 0], [1, 7, 8, 4, 2], [1, 6, 6, 2, 0]], undefined, 'int32'); // prettier-ignore
    const sized = { ...config, hiddenSize: 12 };
    const initial = createCaptionerParameters(sized, new Random(5));
    const variables = Object.fromEntries(
      Object.entries(initial).map(([name, { shape, values }]) => [name, tf.variable(tf.tensor(values, [...shape]))]),
    );
    const lossNow = (): tf.Scalar => captionerLoss(sized, variables, { grid, tokens: captions }).loss;
    const optimizer = tf.train.adam(0.03);
    for (let step = 0; step < 120; step++) tf.tidy(() => void optimizer.minimize(lossNow, false));
    expect(tf.tidy(() => lossNow().dataSync()[0])).toBeLessThan(0.05);
    let state = startCaptions(sized, variables, grid);
    let fed = tf.tensor1d([1, 1, 1, 1], 'int32') as tf.Tensor;
    const said: number[][] = [[], [], [], []];
    for (let time = 0; time < 4; time++) {
      const step = stepCaptions(sized, variables, state, fed);
      state = step.state;
      fed = tf.argMax(step.logits, 1);
      Array.from(fed.dataSync()).forEach((id, image) => said[image]?.push(id));
    }
    const ended = said.map((ids) => ids.slice(0, ids.indexOf(2)));
    expect(ended).toEqual([
      [4, 5, 6],
      [5, 4],
      [7, 8, 4],
      [6, 6],
    ]);
  });

  test('the weights have the documented shapes', () => {
    const weights = createCaptionerParameters(config, new Random(1));
    const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(captionerParameterShapes(config));
    const count = Object.values(weights).reduce((sum, { values }) => sum + values.length, 0);
    expect(countCaptionerParameters(config)).toBe(count);
  });
});

describe('loss', () => {
  const parameters = (): Record<string, tf.Tensor> => tinyParameters(TINY);

  /** Smoothed cross entropy from the logits, on the host. */
  function expectedLoss(logits: number[][][], smoothing: number, weights: readonly number[]): number {
    let sum = 0;
    let count = 0;
    logits.forEach((caption, row) =>
      caption.slice(0, -1).forEach((z, time) => {
        const label = TOKENS[row]?.[time + 1] ?? 0;
        if (label === 0) return;
        const total = Math.log(z.reduce((s, value) => s + Math.exp(value), 0));
        const mean = z.reduce((s, value) => s + value, 0) / z.length;
        sum += (weights[row] ?? 1) * (total - (1 - smoothing) * (z[label] ?? NaN) - smoothing * mean);
        count++;
      }),
    );
    return sum / count;
  }

  test.each([false, true])('equals the formula over words that are no padding (tied: %s)', (tiedOutput) => {
    const config = { ...TINY, tiedOutput };
    const p = tinyParameters(config);
    const grid = tinyGrid(2);
    const logits = captionerLogits(config, p, { grid, tokens: tokens() }).arraySync() as number[][][];
    const plain = captionerLoss(config, p, { grid, tokens: tokens() });
    expectClose(plain.loss, [expectedLoss(logits, 0, [])]);
    expect(plain.tokens.dataSync()[0]).toBe(4 + 2 + 4 + 3);
    const weights = [1, 0.5, -2, 0];
    const smoothed = captionerLoss(
      config,
      p,
      { grid, tokens: tokens(), weights: tf.tensor1d(weights) },
      { labelSmoothing: 0.2 },
    );
    expectClose(smoothed.loss, [expectedLoss(logits, 0.2, weights)]);
  });

  test('adds the doubly stochastic term', () => {
    const p = parameters();
    const grid = tinyGrid(2);
    const { attention } = captionerHidden(TINY, p, { grid, tokens: tf.slice(tokens(), [0, 0], [4, 4]) });
    const looked = attention.map((weights) => weights.arraySync() as number[][]);
    let sum = 0;
    for (let row = 0; row < 4; row++) {
      for (let position = 0; position < 3; position++) {
        const labels = (TOKENS[row] ?? []).slice(1);
        const all = labels.reduce((s, id, t) => s + (id === 0 ? 0 : (looked[t]?.[row]?.[position] ?? NaN)), 0);
        sum += (1 - all) ** 2;
      }
    }
    const plain = captionerLoss(TINY, p, { grid, tokens: tokens() });
    const regularized = captionerLoss(TINY, p, { grid, tokens: tokens() }, { attentionRegularization: 0.5 });
    expectClose(regularized.crossEntropy, plain.loss);
    expectClose(tf.sub(regularized.loss, plain.loss), [(0.5 * sum) / 12]);
  });

  test('stays finite and exact for extreme logits', () => {
    const p = parameters();
    const bias = tf.tensor1d([0, 0, 0, 0, 1e4, 0, 0, 0, -1e4]);
    const batch = { grid: tinyGrid(1), tokens: tf.tensor2d([[1, 8]], undefined, 'int32') };
    const { loss } = captionerLoss(TINY, { ...p, 'output/bias': bias }, batch);
    expect(Math.abs((loss.dataSync()[0] ?? 0) - 2e4)).toBeLessThan(10);
    const gradient = tf.grad((b: tf.Tensor) => captionerLoss(TINY, { ...p, 'output/bias': b }, batch).loss)(bias);
    expectClose(gradient, [0, 0, 0, 0, 1, 0, 0, 0, -1]);
  });

  test('dropout changes the loss with its seed, and leaks nothing', () => {
    const config = { ...TINY, layers: 2, dropout: { embedding: 0.3, features: 0.3, layers: 0.3, output: 0.3 } };
    const p = tinyParameters(config);
    const batch = { grid: tinyGrid(2), tokens: tokens() };
    const lossAt = (seed: number): number =>
      tf.tidy(() => {
        const training = { dropoutSeed: tf.scalar(seed, 'int32') };
        return captionerLoss(config, p, batch, { training, attentionRegularization: 1 }).loss.dataSync()[0] ?? NaN;
      });
    const before = tf.memory().numTensors;
    expect(lossAt(3)).toBe(lossAt(3));
    expect(lossAt(3)).not.toBe(lossAt(4));
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('captions of one word have gradients', () => {
  for (const [, config] of ALL_CONFIGS) {
    const batch = { grid: tinyGrid(1), tokens: tf.tensor2d([[1, 2]], undefined, 'int32') };
    const { 'output/bias': bias, ...rest } = tinyParameters(config);
    const loss = (b: tf.Tensor): tf.Tensor => captionerLoss(config, { ...rest, 'output/bias': b }, batch).loss;
    expectClose(tf.sum(tf.grad(loss)(bias as tf.Tensor)), [0]);
  }
});

describe('embedding', () => {
  test('starts from word vectors', () => {
    const words = ['', '<start>', '<end>', '<unknown>', 'a', 'dog', 'runs', 'in', 'snow'];
    const vectors = new Map([['dog', Float32Array.of(1, 2, 3, 4, 5)]]);
    const plain = createCaptionerParameters(TINY, new Random(1));
    const options = { wordVectors: { tokens: words, vectors, where: 'glove.txt' } };
    const table = createCaptionerParameters(TINY, new Random(1), options)['embedding/table'];
    expect([...(table?.values.subarray(25, 30) ?? [])]).toEqual([1, 2, 3, 4, 5]);
    expect(table?.values.subarray(0, 25)).toEqual(plain['embedding/table']?.values.subarray(0, 25));
    const config = { ...TINY, embeddingSize: 4 };
    expect(() => createCaptionerParameters(config, new Random(1), options)).toThrow(UserError);
  });

  test('is not trained when frozen', () => {
    const parameters = createCaptionerParameters(TINY, new Random(1));
    expect(trainableNames(TINY, parameters)).toEqual(Object.keys(parameters));
    const frozen = trainableNames({ ...TINY, frozenEmbedding: true }, parameters);
    expect(frozen).toEqual(Object.keys(parameters).filter((name) => name !== 'embedding/table'));
  });
});
