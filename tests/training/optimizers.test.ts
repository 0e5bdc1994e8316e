/** AdamW against PyTorch's, resumed from a saved state, its kernels counted, and its settings checked. */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { AdamW, type AdamWOptions } from '../../src/training/optimizers.js';
import { createVariables, disposeVariables, mapValues, readTensors } from '../../src/training/parameters.js';

interface Golden {
  readonly options: AdamWOptions;
  readonly multiplier: number;
  readonly shapes: Record<string, number[]>;
  readonly initial: Record<string, number[]>;
  readonly steps: readonly {
    readonly rate: number;
    readonly norm: number;
    readonly gradients: Record<string, number[]>;
    readonly weights: Record<string, number[]>;
  }[];
  readonly moments: Record<string, { m: number[]; v: number[] }>;
}

const golden = JSON.parse(readFileSync(new URL('fixtures/adamw_golden.json', import.meta.url), 'utf8')) as Golden;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function goldenVariables(): Record<string, tf.Variable> {
  return createVariables(
    mapValues(golden.initial, (values, name) => ({
      shape: golden.shapes[name] ?? [],
      values: Float32Array.from(values),
    })),
  );
}

function goldenGradients(step: number): Record<string, tf.Tensor> {
  return mapValues(golden.steps[step]?.gradients ?? {}, (values, name) => tf.tensor(values, golden.shapes[name]));
}

function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, index) => expect(Math.abs((found[index] ?? NaN) - value)).toBeLessThan(tolerance));
}

describe('AdamW', () => {
  test.each([
    ['in buckets', 16_384],
    ['one by one', 0],
  ])(
    "equals PyTorch's to 1e-6: groups, decay without biases, clipping, rates that change (%s)",
    async (_, bucketBelow) => {
      const variables = goldenVariables();
      const groupOf = (name: string) => ({
        learningRateMultiplier: name.startsWith('encoder') ? golden.multiplier : 1,
      });
      const optimizer = new AdamW(variables, { ...golden.options, groupOf, bucketBelow });
      for (const [index, step] of golden.steps.entries()) {
        const norm = tf.tidy(() => optimizer.update(goldenGradients(index), step.rate));
        expectClose(await norm.data(), [step.norm], 1e-6);
        norm.dispose();
        const weights = await readTensors(variables);
        for (const [name, values] of Object.entries(step.weights))
          expectClose(weights[name]?.values ?? [], values, 1e-6);
      }
      const state = await optimizer.state();
      expect(state.step).toBe(golden.steps.length);
      for (const [name, { m, v }] of Object.entries(golden.moments)) {
        expectClose(state.moments[name]?.m.values ?? [], m, 1e-6);
        expectClose(state.moments[name]?.v.values ?? [], v, 1e-6);
      }
      optimizer.dispose();
      disposeVariables(variables);
    },
  );

  test('its first step is the learning rate times the sign of the gradient (Kingma and Ba, section 2.1)', async () => {
    const variables = createVariables({ w: { shape: [3], values: Float32Array.of(1, 2, 3) } });
    const optimizer = new AdamW(variables);
    tf.tidy(() => optimizer.update({ w: tf.tensor1d([4, -0.5, 1e-3]) }, 0.125));
    expectClose((await readTensors(variables))['w']?.values ?? [], [0.875, 2.125, 2.875], 1e-5);
    optimizer.dispose();
    disposeVariables(variables);
  });

  test('goes on bit for bit from a saved state', async () => {
    const [through, resumed] = [goldenVariables(), goldenVariables()];
    const [first, second] = [new AdamW(through, golden.options), new AdamW(resumed, golden.options)];
    const update = (optimizer: AdamW, step: number) =>
      tf.dispose(tf.tidy(() => optimizer.update(goldenGradients(step), 0.01)));
    for (const step of [0, 1, 2]) update(first, step);
    const saved = await first.state();
    Object.entries(through).forEach(([name, variable]) => tf.tidy(() => resumed[name]?.assign(tf.clone(variable))));
    second.restore(saved);
    for (const step of [3, 4]) [first, second].forEach((optimizer) => update(optimizer, step));
    expect(await readTensors(resumed)).toEqual(await readTensors(through));
    expect(await second.state()).toEqual(await first.state());
    [first, second].forEach((optimizer) => optimizer.dispose());
    [through, resumed].forEach(disposeVariables);
  });

  test('leaks nothing', () => {
    const before = tf.memory().numTensors;
    const variables = goldenVariables();
    const optimizer = new AdamW(variables, golden.options);
    const held = tf.memory().numTensors;
    for (const step of [0, 1, 2]) tf.tidy(() => void optimizer.update(goldenGradients(step), 0.01));
    expect(tf.memory().numTensors).toBe(held);
    optimizer.dispose();
    disposeVariables(variables);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('needs few kernels', async () => {
    const kernelsOf = async (sizes: readonly number[], options: AdamWOptions) => {
      const named = Object.fromEntries(sizes.map((size, index) => [`w${index}`, size]));
      const variables = createVariables(
        mapValues(named, (size) => ({ shape: [size, 1], values: new Float32Array(size) })),
      );
      const optimizer = new AdamW(variables, { ...options, bucketBelow: 10 });
      const gradients = mapValues(variables, (variable) => tf.ones(variable.shape));
      const profile = await tf.profile(() => tf.tidy(() => void optimizer.update(gradients, 0.01)));
      tf.dispose(gradients);
      optimizer.dispose();
      disposeVariables(variables);
      // A reshape computes nothing: a recording backend keeps the same data.
      return profile.kernels.filter(({ name }) => name !== 'Reshape' && name !== 'Identity').length;
    };
    const options = { clipNorm: 1, weightDecay: 0.1 };
    const fixed = (await kernelsOf([100], options)) - 14;
    expect(fixed).toBeLessThanOrEqual(8);
    expect(await kernelsOf([100, 100], options)).toBe(fixed + 2 * 14);
    expect(await kernelsOf([100], { clipNorm: 1 })).toBe(fixed + 13);
    // Fifty small ones: a bucket, two joins and one split.
    expect(
      await kernelsOf(
        Array.from({ length: 50 }, () => 5),
        options,
      ),
    ).toBe(fixed + 14 + 3);
  });

  test('says which parameter the loss does not reach', () => {
    const variables = goldenVariables();
    const optimizer = new AdamW(variables);
    expect(() => tf.tidy(() => optimizer.update({}, 0.1))).toThrow('gradient of "encoder/kernel"');
    optimizer.dispose();
    disposeVariables(variables);
  });

  test('refuses settings out of range', () => {
    expect(() => new AdamW({})).toThrow('at least one parameter');
    const w = tf.variable(tf.zeros([1]));
    expect(() => new AdamW({ w }, { beta1: 1 })).toThrow('beta1');
    expect(() => new AdamW({ w }, { clipNorm: 0 })).toThrow('clipNorm');
    w.dispose();
  });
});
