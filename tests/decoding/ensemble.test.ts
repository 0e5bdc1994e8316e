/** Several models that decode as one: the mean of their probabilities, by brute force, whatever states they keep. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { beamSearch, createEnsemble, type DecodingState, type DecodingStep } from '../../src/decoding/index.js';
import { createToyModel, END, START, type ToyModel } from './toy-model.js';

const MAXIMUM_LENGTH = 3;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** All sequences of at most MAXIMUM_LENGTH tokens, the most probable first. */
function bruteForce(models: readonly ToyModel[], image: number): { tokens: number[]; logProbability: number }[] {
  const found: { tokens: number[]; logProbability: number }[] = [];
  const visit = (tokens: number[], logProbability: number): void => {
    const all = models.map((model) => model.logProbabilities(image, tokens));
    (all[0] ?? []).forEach((_, token) => {
      const mean = all.reduce((sum, own) => sum + Math.exp(own[token] ?? NaN), 0) / all.length;
      const next = logProbability + Math.log(mean);
      if (token === END) found.push({ tokens, logProbability: next });
      else if (token !== START && tokens.length < MAXIMUM_LENGTH) visit([...tokens, token], next);
    });
  };
  visit([], 0);
  return found.sort((a, b) => b.logProbability - a.logProbability);
}

const search = (step: DecodingStep, start: DecodingState, images: number) =>
  beamSearch({
    ...{ step, start, images, startId: START, endId: END, suppressedIds: [START] },
    ...{ maximumLength: MAXIMUM_LENGTH, beamWidth: 30, candidates: 10 },
  });

describe('an ensemble', () => {
  test('of three finds the sequences that are most probable by the mean of their probabilities', async () => {
    const models = [11, 12, 13].map((seed) => createToyModel(5, seed));
    const [a, b, c] = models as [ToyModel, ToyModel, ToyModel];
    const { join, step } = createEnsemble([a.step, b.step, c.step]);
    const found = await search(step, join(models.map((model) => model.start(2))), 2);
    found.forEach((candidates, image) => {
      const expected = bruteForce(models, image).slice(0, 10);
      expect(candidates.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
      candidates.forEach(({ logProbability }, index) =>
        expect(logProbability).toBeCloseTo(expected[index]?.logProbability ?? NaN, 4),
      );
    });
  });

  test('of models whose states have other numbers of tensors', async () => {
    const [plain, rich] = [createToyModel(5, 1), createToyModel(5, 2)];
    const richStart = (images: number): DecodingState => {
      const { perRow, perImage } = rich.start(images);
      return { perRow: [tf.zeros([images, 2]), ...perRow], perImage: [tf.zeros([images]), ...perImage] };
    };
    const richStep: DecodingStep = (tokens, { perRow: [counted, ...perRow], perImage: [nothing, ...perImage] }) => {
      const { logits, state } = rich.step(tokens, { perRow, perImage });
      return {
        logits,
        state: { perRow: [counted as tf.Tensor, ...state.perRow], perImage: [nothing as tf.Tensor, ...perImage] },
      };
    };
    const { join, step } = createEnsemble([richStep, plain.step]);
    const [candidates = []] = await search(step, join([richStart(1), plain.start(1)]), 1);
    expect(candidates.map(({ tokens }) => tokens)).toEqual(
      bruteForce([rich, plain], 0)
        .slice(0, 10)
        .map(({ tokens }) => tokens),
    );
  });

  test('of one is that one, and of a model with itself decides as it does', async () => {
    const model = createToyModel(6, 4);
    expect(createEnsemble([model.step]).step).toBe(model.step);
    const { join, step } = createEnsemble([model.step, model.step]);
    const [twice] = await search(step, join([model.start(1), model.start(1)]), 1);
    const [once] = await search(model.step, model.start(1), 1);
    expect(twice?.map(({ tokens }) => tokens)).toEqual(once?.map(({ tokens }) => tokens));
  });

  test('keeps the probabilities of tokens that one model all but rules out', async () => {
    const constant =
      (logits: readonly number[]): DecodingStep =>
      (tokens, state) => ({ logits: tf.tile(tf.tensor2d([[...logits]]), [tokens.size, 1]), state });
    const state = { perRow: [], perImage: [] };
    const { join, step } = createEnsemble([constant([0, 0, -200]), constant([0, 0, -210])]);
    const [logits] = (await step(tf.tensor1d([START], 'int32'), join([state, state])).logits.array()) as number[][];
    expect(logits?.[2]).toBeCloseTo(Math.log((Math.exp(-200) + Math.exp(-210)) / 4), 3);
    expect(logits?.[0]).toBeCloseTo(Math.log(0.5), 6);
  });

  test('needs a state for each model', () => {
    const model = createToyModel(5, 1);
    expect(() => createEnsemble([model.step, model.step]).join([model.start(1)])).toThrow('1 states for 2 models');
  });
});
