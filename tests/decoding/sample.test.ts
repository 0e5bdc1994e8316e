/** Sampling: shares of the tokens drawn at each setting, seeds, lengths, repetitions, and one token at a time. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createSampler, greedy, sample, type SamplingOptions } from '../../src/decoding/index.js';
import { createToyModel, END, START } from './toy-model.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const model = () => createToyModel(6, 4);

const options = (change: Partial<SamplingOptions> = {}): SamplingOptions => ({
  step: model().step,
  startId: START,
  endId: END,
  suppressedIds: [START],
  maximumLength: 5,
  seed: 11,
  ...change,
});

/** How often each first token (or END) comes in `count` samples of one image. */
async function firstTokens(change: Partial<SamplingOptions>, count = 4000): Promise<number[]> {
  const start = model().start(1);
  const [drawn = []] = await sample({
    ...options({ maximumLength: 1, ...change }),
    start,
    images: 1,
    candidates: count,
  });
  const shares = Array.from({ length: 6 }, () => 0);
  for (const { tokens } of drawn) shares[tokens[0] ?? END] = (shares[tokens[0] ?? END] ?? 0) + 1 / count;
  return shares;
}

/** The model's probabilities of the first token, changed and renormalised without START. */
function distribution(change: (probability: number, rank: number) => number): number[] {
  const all = model()
    .logProbabilities(0, [])
    .map((value, token) => (token === START ? 0 : Math.exp(value)));
  const ranks = all.map((value) => all.filter((other) => other > value).length);
  const changed = all.map((value, token) => (value === 0 ? 0 : change(value, ranks[token] as number)));
  const total = changed.reduce((sum, value) => sum + value, 0);
  return changed.map((value) => value / total);
}

function expectShares(found: readonly number[], expected: readonly number[]): void {
  found.forEach((share, token) => {
    expect(Math.abs(share - (expected[token] as number))).toBeLessThan(0.03);
    if (expected[token] === 0) expect(share).toBe(0);
  });
}

test('follows the probabilities, which temperature sharpens or flattens', async () => {
  expectShares(
    await firstTokens({}),
    distribution((p) => p),
  );
  expectShares(
    await firstTokens({ temperature: 2 }),
    distribution((p) => Math.sqrt(p)),
  );
  expectShares(
    await firstTokens({ temperature: 0.5 }),
    distribution((p) => p ** 2),
  );
});

test('keeps to the top k and to the nucleus', async () => {
  expectShares(
    await firstTokens({ topK: 2 }),
    distribution((p, rank) => (rank < 2 ? p : 0)),
  );
  const sorted = distribution((p) => p).sort((a, b) => b - a);
  const topP = (sorted[0] ?? 0) + (sorted[1] ?? 0) / 2;
  expectShares(
    await firstTokens({ topP }),
    distribution((p, rank) => (rank < 2 ? p : 0)),
  );
});

test('with top k of 1 is greedy', async () => {
  const start = model().start(5);
  const best = await greedy({ ...options(), start, images: 5 });
  const drawn = await sample({ ...options({ topK: 1 }), start, images: 5 });
  expect(drawn.flat().map(({ tokens }) => tokens)).toEqual(best.map(({ tokens }) => tokens));
});

test('repeats with the seed, and gives the true log-probability', async () => {
  const start = model().start(2);
  const drawn = await sample({ ...options({ temperature: 1.5, topP: 0.9 }), start, images: 2, candidates: 4 });
  const again = await sample({ ...options({ temperature: 1.5, topP: 0.9 }), start, images: 2, candidates: 4 });
  const other = await sample({
    ...options({ temperature: 1.5, topP: 0.9, seed: 12 }),
    start,
    images: 2,
    candidates: 4,
  });
  expect(again).toEqual(drawn);
  expect(other).not.toEqual(drawn);
  drawn.forEach((candidates, image) => {
    for (const { tokens, logProbability } of candidates) {
      const total = [...tokens, END].reduce(
        (sum, token, time) => sum + (model().logProbabilities(image, tokens.slice(0, time))[token] ?? NaN),
        0,
      );
      expect(logProbability).toBeCloseTo(total, 3);
    }
  });
});

test('keeps to lengths and bars repetitions', async () => {
  const change = { minimumLength: 3, maximumLength: 4, noRepeatNgram: 1, temperature: 3, candidates: 200 };
  const [drawn = []] = await sample({ ...options(change), start: model().start(1), images: 1 });
  for (const { tokens } of drawn) {
    expect(tokens.length).toBeGreaterThanOrEqual(3);
    expect(tokens.length).toBeLessThanOrEqual(4);
    expect(new Set(tokens).size).toBe(tokens.length);
  }
});

test('leaves no tensor behind', async () => {
  const sampler = createSampler(options({ candidates: 3 }));
  const start = model().start(2);
  const before = tf.memory().numTensors;
  await sampler.decode(start, 2);
  expect(tf.memory().numTensors).toBe(before);
  sampler.dispose();
});

test.each([
  [{ temperature: 0 }, 'temperature: expected a number above 0, got 0'],
  [{ topK: 0 }, 'topK: expected a whole number from 1 on, got 0'],
  [{ topP: 1.2 }, 'topP: expected a number above 0 and at most 1, got 1.2'],
  [{ seed: 0.5 }, 'seed: expected a whole number, got 0.5'],
])('refuses %j', (change, message) => {
  expect(() => createSampler(options(change))).toThrow(message);
});

test('each token is told as it is drawn, and a row may be ended after one', async () => {
  const [whole = []] = await sample({ ...options(), start: model().start(1), images: 1, candidates: 6 });
  const told: number[][] = Array.from({ length: 6 }, () => []);
  const onToken = (token: number, row: number): boolean => {
    told[row]?.push(token);
    return row % 2 === 0 && told[row]?.length === 2;
  };
  const [drawn = []] = await sample({ ...options({ onToken }), start: model().start(1), images: 1, candidates: 6 });
  expect(drawn.map(({ tokens }) => tokens)).toEqual(told);
  expect(told).toEqual(whole.map(({ tokens }, row) => (row % 2 === 0 ? tokens.slice(0, 2) : tokens)));
});
