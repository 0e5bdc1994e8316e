/** The rewards of self-critical training, and the captions that it draws. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { tinyCaptionModel } from '../../helpers/tiny-captioner.js';
import { createSelfCritical, meansOfOthers, POLICY_LOSS, sharpened } from '../../../src/tasks/caption/self-critical.js';
import { bleu } from '../../../src/metrics/bleu.js';
import type { CaptionModel } from '../../../src/tasks/caption/model.js';
import { batchLoss, createTrainableModel, type FeatureBatch } from '../../../src/tasks/caption/train-model.js';
import { END_ID, PADDING_ID, START_ID, UNKNOWN_ID, UNSAID_IDS } from '../../../src/text/vocabulary.js';
import { defined } from '../../../src/shared/assert.js';

const FIRST = { epoch: 0, position: 0 };

/** One photo, as a batch of its own, before its captions are drawn. */
function photoFor({ config }: CaptionModel): { readonly shape: readonly number[]; readonly photo: FeatureBatch } {
  const { gridLength, featureSize } = config.captioner;
  const features = Float32Array.from({ length: gridLength * featureSize }, (_, index) => (index % 7) / 7);
  const tokens = Int32Array.of(START_ID, END_ID);
  const photo = { imageIndices: [0], tokens, captionCount: 1, length: 2, words: 1, features };
  return { shape: [1, gridLength, featureSize], photo };
}

test('the baseline of a sample is the mean reward of the other samples of its photo', () => {
  expect(meansOfOthers([1, 2, 6, 0, 0, 3], 3)).toEqual([4, 3.5, 1.5, 1.5, 1.5, 0]);
  // So the advantages of a photo's samples sum to zero.
  const rewards = [0.3, 1.7, 0.2, 0.9];
  const advantages = rewards.map((own, row) => own - (meansOfOthers(rewards, 4)[row] ?? NaN));
  expect(advantages.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
});

test('sharpening multiplies the logits and changes nothing else', () => {
  const model = tinyCaptionModel();
  const sharp = sharpened(model, 2);
  for (const [name, { values }] of Object.entries(model.captioner)) {
    const factor = name === 'output/table' || name === 'output/bias' ? 2 : 1;
    expect(sharp.captioner[name]?.values).toEqual(values.map((value) => factor * value));
  }
  expect(sharp.encoder).toBe(model.encoder);
  const { 'output/table': _, ...tied } = model.captioner;
  expect(sharpened({ ...model, captioner: tied }, 2).captioner).toEqual(tied);
});

test('BLEU-1 counts in the reward by its factor, and the reward that is reported stays CIDEr-D', async () => {
  await tf.setBackend('cpu');
  const model = tinyCaptionModel();
  const { shape, photo } = photoFor(model);
  const trainable = createTrainableModel(model, Infinity);
  const train = [{ image: 'a.jpg', captions: ['a dog runs', 'dog on snow'] }];
  const samples = 12;
  const sampling = { model, trainable, shape, train, samples, maximumLength: 6, lengthMultiple: 1, seed: 1 };
  const factor = 3;
  const [plain, mixed] = [createSelfCritical(sampling), createSelfCritical({ ...sampling, bleuFactor: factor })];
  const [one, other] = [await plain.sample(photo, FIRST), await mixed.sample(photo, FIRST)];
  expect(other.tokens).toEqual(one.tokens);
  const references = [
    ['a', 'dog', 'runs'],
    ['dog', 'on', 'snow'],
  ];
  const precisions = Array.from({ length: samples }, (_, row) => {
    const drawn = [...one.tokens.subarray(row * one.length + 1, (row + 1) * one.length)];
    const words = drawn.filter((id) => id !== END_ID && id !== PADDING_ID).map((id) => model.vocabulary.tokenOf(id));
    return defined(bleu([words], [references])[0], 'BLEU-1');
  });
  expect(new Set(precisions).size).toBeGreaterThan(2);
  meansOfOthers(precisions, samples).forEach((mean, row) => {
    const gained = defined(other.weights?.[row], 'weight') - defined(one.weights?.[row], 'weight');
    expect(gained).toBeCloseTo(factor * (defined(precisions[row], 'BLEU-1') - mean), 5);
  });
  expect(mixed.takeMeanReward()).toBe(plain.takeMeanReward());
  trainable.dispose();
});

test('words that are never said are never drawn, and rewards do not move what the model expects of them', async () => {
  await tf.setBackend('cpu');
  const tiny = tinyCaptionModel();
  const bias = defined(tiny.captioner['output/bias'], 'bias');
  const expectant = { ...bias, values: bias.values.map((value, id) => (id === UNKNOWN_ID ? 6 : value)) };
  const model = { ...tiny, captioner: { ...tiny.captioner, 'output/bias': expectant } };
  const { shape, photo } = photoFor(model);
  const trainable = createTrainableModel(model, Infinity);
  const train = [
    { image: 'a.jpg', captions: ['a dog runs', 'dog on snow'] },
    { image: 'b.jpg', captions: ['a cat sits on grass'] },
  ];
  const sampling = { samples: 40, maximumLength: 6, lengthMultiple: 1, seed: 1 };
  const selfCritical = createSelfCritical({ model, trainable, shape, train, ...sampling });
  const drawn = await selfCritical.sample(photo, FIRST);
  expect(drawn.tokens).not.toContain(UNKNOWN_ID);
  expect(drawn.weights?.some((weight) => weight < 0)).toBe(true);
  const loss = batchLoss(model, trainable, shape, POLICY_LOSS);
  const context = { dropoutSeed: tf.scalar(0, 'int32'), epoch: 0, step: 0 };
  const { grads } = tf.variableGrads(() => loss(drawn, trainable.variables, context) as tf.Scalar);
  const moved = await defined(
    grads[defined(trainable.variables['captioner/output/bias'], 'bias').name],
    'gradient',
  ).data();
  for (const id of UNSAID_IDS) expect(moved[id]).toBe(0);
  expect(moved.filter((value) => value !== 0)).toHaveLength(model.vocabulary.size - UNSAID_IDS.length);
  expect(drawn.tokens).toContain(PADDING_ID);
  trainable.dispose();
});
