/** The words that photos make expect: learning, keeping and heeding them. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import type { CaptionedImage } from '../../../src/datasets/captions/index.js';
import { defined } from '../../../src/shared/assert.js';
import { setQuiet } from '../../../src/shared/log.js';
import { agreementWithExpected, learnExpectedWords, wordTable } from '../../../src/tasks/caption/expected-words.js';
import { createMember } from '../../../src/tasks/caption/members.js';
import {
  type CaptionModel,
  type ExpectedWords,
  loadCaptionModel,
  saveCaptionModel,
} from '../../../src/tasks/caption/model.js';
import { type CaptionOptions, createCaptioner } from '../../../src/tasks/caption/predict.js';
import { encodeImages } from '../../../src/tasks/encoder/encode.js';
import { DocumentFrequencies } from '../../../src/text/document-frequencies.js';
import { tokenize } from '../../../src/text/tokenizer.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

/** What is said of photos in shades of a colour. */
const SAID: Readonly<Record<string, string>> = {
  ff: 'A dog runs on grass.',
  '00': 'A cat sits on snow.',
};
const SHADES = [0, 4, 8, 12, 16, 20, 24, 28].map((shade) => shade.toString(16).padStart(2, '0'));

let folder: string;
let examples: readonly CaptionedImage[];
let model: CaptionModel;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  examples = Object.entries(SAID).flatMap(([red, caption]) =>
    SHADES.map((shade) => ({ image: join(folder, `${red}-${shade}.png`), captions: [caption, caption] })),
  );
  for (const red of Object.keys(SAID)) {
    for (const shade of SHADES) await writePicture(join(folder, `${red}-${shade}.png`), `#${red}${shade}${shade}`);
    await writePicture(join(folder, `${red}-new.png`), `#${red}0e12`);
  }
  const plain = tinyCaptionModel();
  const expectedWords = await learnExpectedWords(plain, examples, { cacheDirectory: join(folder, 'cache') });
  model = { ...plain, expectedWords: defined(expectedWords, 'expected words') };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each word's share in what is expected of a photo. */
async function expectedOf(photo: string): Promise<ReadonlyMap<string, number>> {
  const member = createMember(model);
  const expected = defined(member.expected, 'expected words');
  const { gridLength, featureSize } = model.config.captioner;
  for await (const image of encodeImages(member.encoder, [photo], { batchSize: 1 })) {
    if ('error' in image) throw image.error;
    const side = Math.sqrt(gridLength);
    const shares = tf.tidy(() => expected.sharesOf(tf.tensor4d(image.features, [1, side, side, featureSize])));
    const values = await shares.data();
    shares.dispose();
    member.dispose();
    return new Map([...expected.words].map(([word, place]) => [word, values[place] ?? NaN]));
  }
  throw new Error('no photo');
}

describe('learning', () => {
  test('what was said of photos is expected of others that look alike', async () => {
    for (const [red, own, other] of [
      ['ff', 'dog', 'cat'],
      ['00', 'cat', 'dog'],
    ] as const) {
      const expected = await expectedOf(join(folder, `${red}-new.png`));
      // Of four telling words of equal weight, each is a half.
      expect(expected.get(own)).toBeGreaterThan(0.4);
      expect(expected.get(own)).toBeLessThan(0.6);
      expect(Math.abs(expected.get(other) ?? NaN)).toBeLessThan(0.1);
      expect(expected.get('a')).toBeCloseTo(0);
    }
  });

  test('of words that few photos have nothing is learnt', async () => {
    const few = examples.slice(0, 4);
    const options = { cacheDirectory: join(folder, 'cache') };
    expect(await learnExpectedWords(tinyCaptionModel(), few, options)).toBeUndefined();
    const some = defined(await learnExpectedWords(tinyCaptionModel(), examples.slice(0, 12), options), 'words');
    expect(some.config.words).toBe(5); // a, dog, runs, on, grass
    expect(some.frequencies.words.slice(0, some.config.words)).not.toContain('cat');
    expect(some.frequencies.countOf('cat')).toBe(4);
  });
});

describe('agreement', () => {
  test('is ten times the expected cosine', () => {
    const { frequencies } = defined(model.expectedWords, 'words');
    const table = wordTable({ frequencies, config: { featureSize: 1, words: 8 } });
    const expected = Float32Array.from({ length: 8 }, () => 0);
    expected[defined(table.words.get('dog'), 'dog')] = 0.5;
    const agreement = agreementWithExpected(table, expected);
    const of = (text: string): number =>
      agreement({ caption: text, words: tokenize(text), score: 0, logProbability: 0 });
    expect(of('a dog')).toBeCloseTo(5); // "a" tells nothing
    expect(of('a dog sits')).toBeCloseTo(10 * 0.5 * Math.SQRT1_2);
    expect(of('a dog sits on a dog')).toBeLessThan(of('a dog sits on'));
    expect(of('a cat')).toBe(0);
    expect(of('')).toBe(0);
  });

  const captionsOf = async (options: CaptionOptions, ...models: [CaptionModel, ...CaptionModel[]]) => {
    const captioner = createCaptioner(...models);
    const said: { readonly caption: string; readonly logProbability: number }[] = [];
    const photos = Object.keys(SAID).map((red) => join(folder, `${red}-new.png`));
    for await (const result of captioner.caption(photos, { minimumLength: 4, maximumLength: 6, ...options })) {
      if ('error' in result) throw new Error(result.error);
      said.push(...(result.candidates ?? [result]));
    }
    captioner.dispose();
    return said;
  };
  const texts = (said: readonly { readonly caption: string }[]): string[] => said.map(({ caption }) => caption);

  test('orders the captions that beam search found, of which none is lost', async () => {
    const all = { beamWidth: 6, candidates: 6 };
    const plain = await captionsOf({ ...all, expectedWordsWeight: 0 }, model);
    const heeded = await captionsOf({ ...all, expectedWordsWeight: 1000 }, model);
    for (const [index, red] of Object.keys(SAID).entries()) {
      const place = [6 * index, 6 * index + 6] as const;
      expect(texts(heeded.slice(...place)).toSorted()).toEqual(texts(plain.slice(...place)).toSorted());
      const expected = await expectedOf(join(folder, `${red}-new.png`));
      const values = Float32Array.from(expected.values());
      const agreement = agreementWithExpected(wordTable(defined(model.expectedWords, 'words')), values);
      const ranks = heeded
        .slice(...place)
        .map(({ caption }) => agreement({ caption, words: tokenize(caption), score: 0, logProbability: 0 }));
      ranks.slice(1).forEach((rank, next) => expect(rank).toBeLessThanOrEqual((ranks[next] ?? NaN) + 0.05));
    }
    expect(texts(heeded)).not.toEqual(texts(plain));
  });

  test('has a say without being asked for, and in an ensemble as much as in one', async () => {
    const wide = { beamWidth: 6, candidates: 6 };
    const plain = await captionsOf({ ...wide, expectedWordsWeight: 0 }, model);
    const asked = await captionsOf({ ...wide, expectedWordsWeight: 1.5 }, model);
    expect(await captionsOf(wide, model)).toEqual(asked);
    expect(texts(await captionsOf({ ...wide, expectedWordsWeight: 1.5 }, model, model))).toEqual(texts(asked));
    expect(texts(asked)).not.toEqual(texts(plain));
    const unsaid = { ...wide, expectedWordsWeight: undefined } as unknown as CaptionOptions; // as programs without types say it
    expect(await captionsOf(unsaid, model)).toEqual(asked);
    const { expectedWords: _none, ...unlearnt } = model;
    expect(texts(await captionsOf(wide, unlearnt))).toEqual(texts(plain));
  });
});

describe('a checkpoint', () => {
  const saved = async (change: Partial<ExpectedWords> = {}): Promise<string> => {
    const path = join(await temporaryFolder(), 'checkpoint');
    const expectedWords = { ...defined(model.expectedWords, 'words'), ...change };
    await saveCaptionModel(path, { ...model, expectedWords }, { modelCard: 'tiny\n', precision: 'F32' });
    return path;
  };

  test('keeps what was learnt', async () => {
    const { expectedWords } = await loadCaptionModel(await saved());
    expect(expectedWords?.config).toEqual(model.expectedWords?.config);
    expect(expectedWords?.weights).toEqual(model.expectedWords?.weights);
    expect(expectedWords?.frequencies.toJSON()).toEqual(model.expectedWords?.frequencies.toJSON());
  });

  test('with fewer words than weights is refused', async () => {
    const path = await saved({ frequencies: DocumentFrequencies.of([['a']], () => true) });
    await expect(loadCaptionModel(path)).rejects.toThrow(/word-frequencies.json: expected at least 8 words, found 1/);
  });

  test('of another encoder is refused', async () => {
    const path = await saved();
    const config = await readFile(join(path, 'config.json'), 'utf8');
    await writeFile(join(path, 'config.json'), config.replace(/("expectedWords":\s*\{\s*"featureSize":\s*)\d+/, '$17'));
    await expect(loadCaptionModel(path)).rejects.toThrow(
      /expectedWords.featureSize: expected 256, as the encoder has, got 7/,
    );
  });
});
