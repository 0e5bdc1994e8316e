/** Rollouts: greedy without random numbers, in the model's proportions with them, and only padding after the end. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { type DecodingStep, greedy } from '../../src/decoding/index.js';
import { rollOut } from '../../src/decoding/rollout.js';
import { createToyModel, END, START } from './toy-model.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const PADDING = 5;
const LENGTH = 4;
const model = () => createToyModel(6, LENGTH);
/** The toy model, which never says START. */
const step: DecodingStep = (tokens, state) => {
  const said = model().step(tokens, state);
  const barred = tf.oneHot(tf.tensor1d([START], 'int32'), said.logits.shape[1] ?? 0);
  return { ...said, logits: tf.sub(said.logits, tf.mul(barred, tf.scalar(1e30))) };
};
const options = { step, startId: START, endId: END, paddingId: PADDING, length: LENGTH };

/** Rows of a rollout up to END. */
async function rolled(rows: number, uniform?: readonly number[]): Promise<number[][]> {
  const tokens = tf.tidy(() =>
    rollOut(model().start(rows), rows, {
      ...options,
      ...(uniform === undefined ? {} : { uniform: tf.tensor2d([...uniform], [LENGTH, rows]) }),
    }),
  );
  const values = (await tokens.array()) as number[][];
  tokens.dispose();
  return values;
}

test('without numbers to draw by, each row is the greedy sequence', async () => {
  const images = 3;
  const start = model().start(images);
  const expected = await greedy({ step, startId: START, endId: END, maximumLength: LENGTH, start, images });
  for (const [row, tokens] of (await rolled(images)).entries()) {
    const end = tokens.indexOf(END);
    const words = expected[row]?.tokens ?? [];
    // Greedy decoding ends at the longest allowed length; a rollout has no END then.
    if (end >= 0) expect(tokens.slice(0, end)).toEqual(words);
    else expect(tokens).toEqual(words.slice(0, LENGTH));
  }
});

test('first tokens come as often as the model says, and never one that has no probability', async () => {
  const rows = 1;
  const probabilities = model()
    .logProbabilities(0, [])
    .map((value, token) => (token === START ? 0 : Math.exp(value)));
  const total = probabilities.reduce((a, b) => a + b, 0);
  const draws = 400;
  const counts = probabilities.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const [tokens = []] = await rolled(rows, [(draw + 0.5) / draws, 0, 0, 0]);
    counts[tokens[0] ?? -1] = (counts[tokens[0] ?? -1] ?? 0) + 1;
  }
  // Evenly spaced numbers hit each token in proportion, to within one draw at either end of its interval.
  counts.forEach((count, token) =>
    expect(Math.abs(count - (draws * (probabilities[token] ?? 0)) / total)).toBeLessThanOrEqual(1),
  );
});

test('after END there is padding alone', async () => {
  let ended = 0;
  for (let draw = 0; draw < 30; draw++) {
    const uniform = Array.from({ length: LENGTH * 2 }, (_, index) => ((draw * 37 + index * 61) % 100) / 100);
    for (const tokens of await rolled(2, uniform)) {
      const end = tokens.indexOf(END);
      if (end < 0) continue;
      ended++;
      expect(tokens.slice(end + 1).every((token) => token === PADDING)).toBe(true);
    }
  }
  expect(ended).toBeGreaterThan(0);
});
