/** Negative sampling: its draws, its kernel against plain loops, its steps against gradients, and its threads. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileKernel, type Kernel } from '../../../src/models/word2vec/kernel.js';
import { layOut, type NegativeSamplingRecipe, TrainingThreads } from '../../../src/models/word2vec/index.js';
import { NegativeSamplingTrainer } from '../../../src/models/word2vec/negative-sampling.js';
import { createAliasTable, drawFrom, keepThresholds } from '../../../src/models/word2vec/sampling.js';
import { Random } from '../../../src/shared/random.js';
import { tinyConfig, tinyRecipe, tinyText, tinyTraining } from './tiny.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('draws', () => {
  test('an alias table gives each word in proportion to its weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }), (weights) => {
        const table = createAliasTable(weights);
        const draws = 20_000;
        const found = weights.map(() => 0);
        for (let i = 0; i < draws; i++) {
          const word = drawFrom(table, Math.floor(((i + 0.5) / draws) * 2 ** 32));
          found[word] = (found[word] ?? NaN) + 1 / draws;
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        weights.forEach((weight, word) => expect(found[word]).toBeCloseTo(weight / total, 2));
      }),
      { numRuns: 30 },
    );
  });

  test('frequent words are kept by √(t / f) + t / f', () => {
    const [often = 0, seldom] = keepThresholds([900, 100], 0.1);
    expect(often / 2 ** 32).toBeCloseTo(Math.sqrt(0.1 / 0.9) + 0.1 / 0.9, 12);
    expect(seldom).toBe(2 ** 32);
    expect([...keepThresholds([900, 100], 0)]).toEqual([2 ** 32, 2 ** 32]);
  });
});

test('the kernel computes what plain loops do', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const kernel = new WebAssembly.Instance(compileKernel(), { word2vec: { memory } }).exports as unknown as Kernel;
  const floats = new Float32Array(memory.buffer);
  const offsets = new Uint32Array(memory.buffer);
  const random = new Random(5);
  const bytes = 32;
  const [x, rows, list] = [1024, 64, 128];
  const at = [2048, 2080, 2048, 4096];
  const vector = (begin: number): number[] => [...floats.subarray(begin / 4, (begin + bytes) / 4)];
  for (let i = 256; i < 2048; i++) floats[i] = random.normal();
  offsets.set(at, rows / 4);
  const factors = at.map((_, i) => i - 1.5);

  kernel.dots(x, rows, list, at.length, bytes);
  at.forEach((begin, k) => {
    const expected = vector(begin).reduce((sum, value, i) => sum + value * (vector(x)[i] as number), 0);
    expect(floats[list / 4 + k]).toBeCloseTo(expected, 5);
  });

  floats.set(factors, list / 4);
  const sum = vector(x).map((own, i) =>
    at.reduce((total, begin, k) => total + (factors[k] as number) * (vector(begin)[i] as number), own),
  );
  kernel.combine(x, rows, list, at.length, bytes);
  vector(x).forEach((value, i) => expect(value).toBeCloseTo(sum[i] as number, 5));

  const moved = at.map((begin) => {
    const factor = at.reduce((total, other, k) => (other === begin ? total + (factors[k] as number) : total), 0);
    return vector(begin).map((value, i) => value + factor * (vector(x)[i] as number));
  });
  kernel.spread(x, rows, list, at.length, bytes);
  at.forEach((begin, k) => {
    vector(begin).forEach((value, i) => expect(value).toBeCloseTo(moved[k]?.[i] as number, 5));
  });
});

/** Three words of which every draw gives the last, or the first where the last is to be predicted. */
function drawnText(): ReturnType<typeof tinyText> {
  const noise = { keep: new Float32Array(3), alias: new Int32Array(3).fill(2) };
  return { ...tinyText([[0, 1, 2]], 3), noise };
}

/** −log σ(u_o · h) − n log σ(−u_n · h) */
function lossOf(hidden: tf.Tensor, output: tf.Tensor, word: number, negatives: number): tf.Scalar {
  const drawn = word === 2 ? 0 : 2;
  const dot = (row: number): tf.Tensor => tf.sum(tf.mul(tf.gather(output, row), hidden));
  return tf.add(tf.softplus(tf.neg(dot(word))), tf.mul(tf.softplus(dot(drawn)), negatives)) as tf.Scalar;
}

describe.each([1, 5, 7])("the engine's gradient of negative sampling with %i draws", (negatives) => {
  const recipe: NegativeSamplingRecipe = { ...tinyRecipe, negatives, window: 1 };
  const rate = recipe.learningRate;

  test.each(['skip-gram', 'cbow'] as const)('gives the steps of %s', (architecture) => {
    const training = tinyTraining(drawnText(), tinyConfig(3), { ...recipe, architecture });
    const start = training.tables();
    new NegativeSamplingTrainer(training, compileKernel(), 0).train(0);
    const trained = training.tables();

    let input: tf.Tensor = tf.tensor(start.input.values, [3, 6]);
    let output: tf.Tensor = tf.tensor(start.output.values, [3, 6]);
    const step = (around: readonly number[], word: number): void => {
      const gradient = tf.grads((i, o) =>
        lossOf(
          tf.mean(tf.gather(i as tf.Tensor, tf.tensor1d([...around], 'int32')), 0),
          o as tf.Tensor,
          word,
          negatives,
        ),
      );
      const [byInput, byOutput] = gradient([input, output]) as [tf.Tensor, tf.Tensor];
      input = tf.sub(input, tf.mul(byInput, rate * around.length));
      output = tf.sub(output, tf.mul(byOutput, rate));
    };
    const neighbours = [[1], [0, 2], [1]];
    neighbours.forEach((around, place) => {
      if (architecture === 'cbow') step(around, place);
      else for (const word of around) step([place], word);
    });

    const differ = (found: Float32Array, expected: tf.Tensor): number =>
      Math.max(...found.map((value, i) => Math.abs(value - (expected.dataSync()[i] as number))));
    expect(differ(trained.input.values, input)).toBeLessThan(1e-6);
    expect(differ(trained.output.values, output)).toBeLessThan(1e-6);
    expect(differ(start.output.values, output)).toBeGreaterThan(1e-3);
  });
});

describe('threads', () => {
  const random = new Random(11);
  const sentences = Array.from({ length: 40 }, () => Array.from({ length: 12 }, () => random.integer(9)));
  const text = tinyText(sentences, 9);
  const recipe: NegativeSamplingRecipe = { ...tinyRecipe, epochs: 3, minimumLearningRate: 0.001 };
  const until = 3 * sentences.length;

  /** Trains in threads, stopping at each of `stops`. */
  async function train(threads: number, stops: readonly number[] = [until]): Promise<Float32Array> {
    const training = tinyTraining(text, tinyConfig(9), recipe, threads);
    const pool = new TrainingThreads(training);
    let from = 0;
    for (const stop of stops) from = await pool.run({ from, until: stop });
    await pool.close();
    expect(from).toBe(until);
    return training.tables().input.values;
  }

  test('one thread comes to the same numbers every time, at once or in parts', async () => {
    const whole = await train(1);
    expect(whole.every(Number.isFinite)).toBe(true);
    expect(await train(1)).toEqual(whole);
    expect(await train(1, [7, 45, until])).toEqual(whole);
    const own = tinyTraining(text, tinyConfig(9), recipe);
    const trainer = new NegativeSamplingTrainer(own, compileKernel(), 0);
    for (let job = 0; job < until; job++) trainer.train(job);
    expect(own.tables().input.values).toEqual(whole);
  });

  test('two threads come close to it', async () => {
    const [one, two] = [await train(1), await train(2)];
    const distance = Math.hypot(...one.map((value, i) => value - (two[i] as number)));
    expect(distance / Math.hypot(...one)).toBeLessThan(0.2);
  });

  test('aborted, they finish the jobs under way and say how far they came', async () => {
    const training = tinyTraining(text, tinyConfig(9), recipe, 2);
    const pool = new TrainingThreads(training);
    const before = training.tables().input.values;
    expect(await pool.run({ from: 5, until, signal: AbortSignal.abort() })).toBe(5);
    expect(training.tables().input.values).toEqual(before);
    const taken: number[] = [];
    expect(await pool.run({ from: 5, until, onProgress: (jobs) => taken.push(jobs) })).toBe(until);
    expect(taken.at(-1)).toBe(until);
    await pool.close();
  });
});

test('tables that cannot be addressed are refused', () => {
  const sizes = { vocabularySize: 3_000_000, embeddingSize: 300, rowsAtOnce: 10, threads: 1 };
  expect(() => layOut(sizes)).toThrow('3000000 words of 300 numbers take 6.7 GiB, at most 4');
});
