/** Several captioners that decide together, and one that looks at both a photo and its mirror image. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { captionerLogits } from '../../../src/models/captioner/index.js';
import { meanOfSides } from '../../../src/tasks/encoder/both-sides.js';
import { encodeImages, type ImageEncoder } from '../../../src/tasks/encoder/encode.js';
import { createMember, requireOneVocabulary } from '../../../src/tasks/caption/members.js';
import type { CaptionModel } from '../../../src/tasks/caption/model.js';
import { createCaptioner } from '../../../src/tasks/caption/predict.js';
import { defined } from '../../../src/shared/assert.js';
import { tokenize } from '../../../src/text/tokenizer.js';
import { END_ID, START_ID, UNSAID_IDS } from '../../../src/text/vocabulary.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

let folder: string;
let photos: string[];

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  photos = ['red', 'green', 'blue'].map((colour) => join(folder, `${colour}.png`));
  for (const [index, colour] of ['red', 'green', 'blue'].entries()) await writePicture(photos[index] ?? '', colour);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The encoder of photos and their mirror images, as one graph. */
const bothSides = ({ preprocessing, encode }: ImageEncoder): ImageEncoder => ({
  preprocessing,
  encode: (images) => meanOfSides(encode(images), encode(tf.reverse4d(images, 2))),
});

/** P of each word of `ids` and of END after them, among the words that are ever said, by a captioner with its encoder. */
async function probabilities(model: CaptionModel, photo: string, ids: readonly number[]): Promise<number[]> {
  const member = createMember(model);
  for await (const image of encodeImages(bothSides(member.encoder), [photo], { batchSize: 1 })) {
    if ('error' in image) throw image.error;
    const { gridLength, featureSize } = model.config.captioner;
    const grid = tf.tensor3d(image.features, [1, gridLength, featureSize]);
    const tokens = tf.tensor2d([[START_ID, ...ids]], [1, ids.length + 1], 'int32');
    const logits = captionerLogits(model.config.captioner, member.parameters, { grid, tokens });
    const steps = (await tf.softmax(tf.reshape(logits, [ids.length + 1, -1])).array()) as number[][];
    member.dispose();
    return [...ids, END_ID].map((id, step) => {
      const all = defined(steps[step], 'probabilities');
      return defined(all[id], 'probability') / (1 - UNSAID_IDS.reduce((sum, unsaid) => sum + (all[unsaid] ?? NaN), 0));
    });
  }
  throw new Error('no image');
}

test('captioners decide by the mean of their probabilities, each seeing photos its own way', async () => {
  const models = [tinyCaptionModel(), tinyCaptionModel({ seed: 5, inputSize: 64 })] as const;
  const captioner = createCaptioner(...models);
  let captions = 0;
  for await (const result of captioner.caption(photos, { batchSize: 2, maximumLength: 4, lengthPenalty: 0 })) {
    if ('error' in result) throw new Error(result.error);
    const ids = models[0].vocabulary.encode(tokenize(result.caption));
    const [first = [], second = []] = await Promise.all(models.map((own) => probabilities(own, result.image, ids)));
    const expected = first.reduce((sum, own, step) => sum + Math.log((own + (second[step] ?? NaN)) / 2), 0);
    expect(result.logProbability).toBeCloseTo(expected, 3);
    captions++;
  }
  captioner.dispose();
  expect(captions).toBe(photos.length);
});

test('a captioner with itself says what it says alone', async () => {
  const model = tinyCaptionModel();
  const said = async (...models: [CaptionModel, ...CaptionModel[]]): Promise<string[]> => {
    const captioner = createCaptioner(...models);
    const captions: string[] = [];
    for await (const result of captioner.caption(photos)) captions.push('caption' in result ? result.caption : '');
    captioner.dispose();
    return captions;
  };
  expect(await said(model, model)).toEqual(await said(model));
});

test('with the mirrored photo, a photo and its mirror image get the same caption by the same probability', async () => {
  const blue = { create: { width: 16, height: 32, channels: 3 as const, background: 'blue' } };
  const half = sharp({ create: { width: 32, height: 32, channels: 3, background: 'red' } });
  const sides = [join(folder, 'left.png'), join(folder, 'right.png')] as const;
  await half
    .clone()
    .composite([{ input: blue, left: 0, top: 0 }])
    .toFile(sides[0]);
  await half
    .clone()
    .composite([{ input: blue, left: 16, top: 0 }])
    .toFile(sides[1]);
  const captioner = createCaptioner(tinyCaptionModel());
  const probabilitiesOf = async (mirror: boolean): Promise<number[]> => {
    const found: number[] = [];
    for await (const result of captioner.caption(sides, { mirror, maximumLength: 4 })) {
      if ('error' in result) throw new Error(result.error);
      found.push(result.logProbability);
    }
    return found;
  };
  const [left = NaN, right = NaN] = await probabilitiesOf(false);
  expect(Math.abs(left - right)).toBeGreaterThan(1e-4);
  const [both = NaN, mirrored = NaN] = await probabilitiesOf(true);
  captioner.dispose();
  expect(both).toBeCloseTo(mirrored, 4);
});

test('other vocabularies are refused, with the first word that differs', () => {
  const models = [tinyCaptionModel(), tinyCaptionModel({ words: ['a', 'dog', 'cat', 'runs', 'sits', 'on', 'ice'] })];
  expect(() => requireOneVocabulary(models, ['one', 'other'])).toThrow(
    'other: expected the vocabulary of one, found another: word 7 is "ice", not "grass"',
  );
  expect(() =>
    requireOneVocabulary([tinyCaptionModel(), tinyCaptionModel({ seed: 9 })], ['one', 'other']),
  ).not.toThrow();
});
