/** What predictors say of options, paths and times of use that make no sense, where no compiler would. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../src/backend/index.js';
import {
  clipReaderDefaults,
  createClipReaderParameters,
  readerOutputSize,
} from '../../src/models/clip-reader/index.js';
import { createCaptionerParameters } from '../../src/models/captioner/index.js';
import { createLanguageModelParameters, languageModelDefaults } from '../../src/models/language-model/index.js';
import { createSentimentParameters, sentimentDefaults } from '../../src/models/sentiment/index.js';
import { UserError } from '../../src/shared/errors.js';
import { Random } from '../../src/shared/random.js';
import type { ClipCaptionModel } from '../../src/tasks/caption/model.js';
import { createCaptioner } from '../../src/tasks/caption/predict.js';
import { createClipCaptioner } from '../../src/tasks/caption/predict-clips.js';
import { evaluateSentiment } from '../../src/tasks/sentiment/evaluate.js';
import { lifetimeOf } from '../../src/tasks/predictor.js';
import { createSentimentClassifier, type SentimentClassifier } from '../../src/tasks/sentiment/predict.js';
import { evaluateText } from '../../src/tasks/text/evaluate.js';
import { createTextGenerator, type TextGenerator } from '../../src/tasks/text/generate.js';
import { evaluateVideoClassifier } from '../../src/tasks/video/evaluate.js';
import { loadVideoClassifier } from '../../src/tasks/video/predict.js';
import { Vocabulary } from '../../src/text/vocabulary.js';
import { makeClip } from '../helpers/clips.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../helpers/tiny-captioner.js';
import { saveTinyVideoClassifier } from '../helpers/tiny-video-classifier.js';

/** A predictor as a program in JavaScript sees it. */
interface Untyped {
  predict(paths: unknown, options?: unknown): AsyncIterable<object>;
  dispose(): void;
}

let folder: string;
let files: { readonly photo: string; readonly clip: string };

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  files = { photo: join(folder, 'red.png'), clip: join(folder, 'clip.mp4') };
  await writePicture(files.photo, 'red');
  makeClip(files.clip);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function tinyClipModel(): ClipCaptionModel {
  const { config, ...model } = tinyCaptionModel();
  const { featureSize, gridLength } = config.captioner;
  const reader = { ...clipReaderDefaults, hiddenSize: 4, projectionSize: 4, featureSize, gridLength };
  const captioner = { ...config.captioner, featureSize: readerOutputSize(reader), gridLength: 3 };
  return {
    ...model,
    config: { ...config, captioner, clip: { frames: 3, reader } },
    reader: createClipReaderParameters(reader, new Random(1)),
    captioner: createCaptionerParameters(captioner, new Random(2)),
  };
}

function untyped<Paths, Options>(
  predict: (paths: Paths, options?: Options) => AsyncIterable<object>,
  dispose: () => void,
): Untyped {
  return { predict: (paths, options) => predict(paths as Paths, options as Options), dispose };
}

const PREDICTORS: readonly (readonly [string, 'photo' | 'clip', () => Promise<Untyped>])[] = [
  [
    'captioner',
    'photo',
    () => Promise.resolve(createCaptioner(tinyCaptionModel())).then((one) => untyped(one.caption, one.dispose)),
  ],
  [
    'captioner of clips',
    'clip',
    () => Promise.resolve(createClipCaptioner(tinyClipModel())).then((one) => untyped(one.caption, one.dispose)),
  ],
  [
    'video classifier',
    'clip',
    async () => {
      const one = await loadVideoClassifier(await saveTinyVideoClassifier());
      return untyped(one.classify, one.dispose);
    },
  ],
];

async function resultsOf(results: AsyncIterable<object>): Promise<object[]> {
  const all: object[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** What is thrown, which has to be an error that the user can mend. */
async function refusalOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

const refusal = (results: AsyncIterable<object>): Promise<string> => refusalOf(resultsOf(results));

test('work that fails is told as use after dispose if that was called meanwhile, and else as it failed', async () => {
  const lifetime = lifetimeOf('captioner', () => undefined);
  const failing = (): Promise<never> => Promise.reject(new TypeError('no such tensor'));
  await expect(lifetime.during(failing)).rejects.toThrow('no such tensor');
  expect(await lifetime.during(() => Promise.resolve(5))).toBe(5);
  const disposed = lifetime.during(() => {
    lifetime.dispose();
    return failing();
  });
  expect(await refusalOf(disposed)).toBe('captioner: was used after dispose() (load it again)');
});

describe.each(PREDICTORS)('a %s', (name, kind, create) => {
  test('takes lists of paths, whatever lists they are, and nothing else', async () => {
    const predictor = await create();
    const path = files[kind];
    for (const paths of [[path], new Set([{ path }])]) {
      expect((await resultsOf(predictor.predict(paths))).map((result) => 'error' in result)).toEqual([false]);
    }
    const list = `${kind === 'photo' ? 'images' : 'clips'}: expected a list of paths or bytes (Uint8Array), got`;
    expect(await refusal(predictor.predict(path))).toBe(`${list} "${path}" (write ["${path}"])`);
    expect(await refusal(predictor.predict(undefined))).toBe(`${list} undefined`);
    expect(await refusal(predictor.predict([path, 5]))).toBe(`${list} 5 in it`);
    expect(await refusal(predictor.predict([null]))).toBe(`${list} null in it`);
    expect(await refusal(predictor.predict(Buffer.of(1, 2)))).toBe(`${list} bytes (write [bytes])`);
    expect(await refusal(predictor.predict([{ bytes: 'GIF89a' }]))).toBe(`${list} an object in it`);
    predictor.dispose();
  });

  test('takes options that are given as undefined for none', async () => {
    const predictor = await create();
    const names = ['batchSize', 'beamWidth', 'candidates', 'frames', 'mirror', 'timeline', 'timeout', 'top', 'windows'];
    const undefinedOptions = Object.fromEntries(names.map((option) => [option, undefined]));
    const paths = [files[kind]];
    const plain = await resultsOf(predictor.predict(paths));
    expect(await resultsOf(predictor.predict(paths, undefinedOptions))).toEqual(plain);
    expect(plain[0]).toHaveProperty(name === 'video classifier' ? 'label' : 'caption');
    predictor.dispose();
  });

  test('throws the reason of its signal, when that is aborted before or between two results', async () => {
    const predictor = await create();
    const paths = Array.from({ length: 12 }, () => files[kind]);
    const reason = new Error('the client has gone');
    await expect(resultsOf(predictor.predict(paths, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const controller = new AbortController();
    let count = 0;
    const partly = (async () => {
      for await (const _result of predictor.predict(paths, { signal: controller.signal })) {
        if (++count === 1) controller.abort(reason);
      }
    })();
    await expect(partly).rejects.toBe(reason);
    expect(count).toBeLessThan(paths.length);
    expect((await resultsOf(predictor.predict(paths.slice(0, 1)))).map((result) => 'error' in result)).toEqual([false]);
    predictor.dispose();
  });

  test('says that it was used after dispose, between two results too', async () => {
    const predictor = await create();
    const disposed = `${name}: was used after dispose() (load it again)`;
    const results = predictor.predict(Array.from({ length: 9 }, () => files[kind]))[Symbol.asyncIterator]();
    await results.next();
    predictor.dispose();
    predictor.dispose();
    const rest = (async function* () {
      for (let result = await results.next(); result.done !== true; result = await results.next()) yield result.value;
    })();
    expect(await refusal(rest)).toBe(disposed);
    expect(await refusal(predictor.predict([files[kind]]))).toBe(disposed);
  });
});

test('a captioner takes bytes for files, and calls them by their name', async () => {
  const captioner = createCaptioner(tinyCaptionModel());
  const bytes = await readFile(files.photo);
  const inputs = [bytes, { path: files.photo }, { bytes: new Uint8Array(bytes), name: 'upload 7' }, { bytes }];
  const [first, file, named, unnamed] = await resultsOf(captioner.caption(inputs));
  expect(first).toEqual({ ...file, image: 'image data' });
  expect(named).toEqual({ ...file, image: 'upload 7' });
  expect(unnamed).toEqual(first);
  expect(
    await resultsOf(captioner.caption([{ bytes: Buffer.from('no image'), name: 'notes.txt' }, Buffer.of()])),
  ).toEqual([
    { image: 'notes.txt', error: expect.stringMatching(/^is not an image/) as string },
    { image: 'image data', error: 'is empty (0 bytes)' },
  ]);
  captioner.dispose();
});

test('a classifier of clips takes bytes for files, which lie in a folder of their own while they are decoded', async () => {
  const classifier = await loadVideoClassifier(await saveTinyVideoClassifier());
  const bytes = await readFile(files.clip);
  const inputs = [{ bytes, name: 'upload.mp4' }, files.clip, new Uint8Array(bytes)];
  const [named, file, unnamed] = await resultsOf(classifier.classify(inputs));
  expect(named).toEqual({ ...file, video: 'upload.mp4' });
  expect(unnamed).toEqual({ ...file, video: 'video data' });
  expect(await resultsOf(classifier.classify([{ bytes: Buffer.from('no clip'), name: 'a' }, Buffer.of()]))).toEqual([
    { video: 'a', error: 'is text, no video' },
    { video: 'video data', error: 'is empty (0 bytes)' },
  ]);
  const playlist = Buffer.from(`ffconcat version 1.0\nfile ${files.clip}\n`);
  expect(await resultsOf(classifier.classify([playlist]))).toEqual([
    { video: 'video data', error: expect.stringMatching(/playlist/) as string },
  ]);
  classifier.dispose();
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('looksay-clip-'))).toEqual([]);
});

const DECODING = [
  [{ beamWidth: NaN }, 'beamWidth: expected a whole number from 1 to 1000, got NaN'],
  [{ beamWidth: '5' }, 'beamWidth: expected a whole number from 1 to 1000, got "5"'],
  [{ candidates: 6 }, 'candidates: expected at most the beam width (5), got 6'],
  [{ maximumLength: 0 }, 'maximumLength: expected a whole number from 1 on, got 0'],
  [{ noveltyPenalty: -1 }, 'noveltyPenalty: expected a number from 0 on, got -1'],
  [{ diversityPenalty: Infinity }, 'diversityPenalty: expected a number from 0 on, got Infinity'],
  [{ choice: 'best' }, 'choice: expected "probable" or "mbr", got "best"'],
] as const;

const LIMITS = [
  [{ timeout: 0 }, 'timeout: expected a number above 0, got 0'],
  [{ timeout: '60' }, 'timeout: expected a number above 0, got "60"'],
] as const;

const OPTIONS: Readonly<Record<string, readonly (readonly [object, string])[]>> = {
  captioner: [
    ...DECODING,
    [{ batchSize: NaN }, 'batchSize: expected a whole number from 1 to 1024, got NaN'],
    [{ batchSize: 0 }, 'batchSize: expected a whole number from 1 to 1024, got 0'],
    [{ limitPixels: -1 }, 'limitPixels: expected a whole number from 1 on, got -1'],
    [{ mirror: 'no' }, 'mirror: expected true or false, got "no"'],
    [{ consensus: {} }, 'consensus: expected a list of sources, got undefined'],
  ],
  'captioner of clips': [...DECODING, ...LIMITS],
  'video classifier': [
    ...LIMITS,
    [{ frames: NaN }, 'frames: expected a whole number from 1 on, got NaN'],
    [{ windows: 1.5 }, 'windows: expected a whole number from 1 on, got 1.5'],
    [{ top: 0 }, 'top: expected a whole number from 1 on, got 0'],
    [{ timeline: 'no' }, 'timeline: expected true or false, got "no"'],
  ],
};

test.each(PREDICTORS)('a %s says which options make no sense', async (name, kind, create) => {
  const predictor = await create();
  for (const [options, message] of OPTIONS[name] ?? []) {
    expect(await refusal(predictor.predict([files[kind]], options))).toBe(message);
  }
  predictor.dispose();
});

const SMALL = { layers: 1, hiddenSize: 4, embeddingSize: 4 };

function tinySentimentClassifier(): SentimentClassifier {
  const vocabulary = Vocabulary.build([['good', 'bad']]);
  const model = { ...sentimentDefaults, ...SMALL, vocabularySize: vocabulary.size, classes: 2 };
  return createSentimentClassifier({
    config: { unit: 'word', maximumLength: 300, split: { kind: 'none' }, data: '', model },
    vocabulary,
    labels: ['neg', 'pos'],
    weights: createSentimentParameters(model, new Random(1)),
  });
}

function tinyTextGenerator(): TextGenerator {
  const vocabulary = Vocabulary.build([['a', 'b']]);
  const model = { ...languageModelDefaults, ...SMALL, vocabularySize: vocabulary.size };
  return createTextGenerator({
    config: { unit: 'char', split: { kind: 'none' }, model },
    vocabulary,
    weights: createLanguageModelParameters(model, new Random(1)),
  });
}

async function* linesOf(...lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(`${line}\n`);
}

describe('a sentiment classifier', () => {
  test('says which options and texts make no sense', async () => {
    const classifier = tinySentimentClassifier();
    const { classify } = classifier as unknown as {
      classify: (texts: unknown, options?: unknown) => Promise<object[]>;
    };
    expect(await classify(['good', '', 'bad'], { top: undefined })).toHaveLength(3);
    const top = 'top: expected a whole number from 1 on, got';
    for (const [found, shown] of [
      [0, '0'],
      [NaN, 'NaN'],
      ['2', '"2"'],
    ] as const) {
      expect(await refusalOf(classify(['good'], { top: found }))).toBe(`${top} ${shown}`);
      expect(await refusal(classifier.classifyLines(linesOf(), { top: found as number }))).toBe(`${top} ${shown}`);
    }
    expect(await refusalOf(classify('good'))).toBe('texts: expected a list of texts, got "good" (write ["good"])');
    expect(await refusalOf(classify(['good', undefined]))).toBe('texts: expected a list of texts, got undefined in it');
    expect(await refusalOf(classifier.explain(5 as unknown as string))).toBe('text: expected a string, got 5');
    classifier.dispose();
  });

  test('says that it was used after dispose', async () => {
    const classifier = tinySentimentClassifier();
    const lines = classifier.classifyLines(
      (async function* () {
        yield* linesOf('good');
        await new Promise((resolve) => setTimeout(resolve, 50)); // what comes later is a group of its own
        yield* linesOf('bad');
      })(),
    );
    expect((await lines.next()).value).toMatchObject({ line: 1, text: 'good' });
    classifier.dispose();
    classifier.dispose();
    const disposed = 'sentiment classifier: was used after dispose() (load it again)';
    expect(await refusal(lines)).toBe(disposed);
    expect(await refusal(classifier.classifyLines(linesOf()))).toBe(disposed);
    expect(await refusalOf(classifier.classify(['good']))).toBe(disposed);
    expect(await refusalOf(classifier.explain('good'))).toBe(disposed);
  });

  test('says that it was disposed while it judged', async () => {
    for (const judge of [
      (one: SentimentClassifier) => one.classify(Array.from({ length: 300 }, (_, i) => 'good '.repeat(1 + (i % 9)))),
      (one: SentimentClassifier) => one.explain('good bad '.repeat(200)),
    ]) {
      const classifier = tinySentimentClassifier();
      const judging = judge(classifier);
      classifier.dispose();
      expect(await refusalOf(judging)).toBe('sentiment classifier: was used after dispose() (load it again)');
    }
  });
});

describe('a text generator', () => {
  test.each([
    [{ length: 0 }, 'length: expected a whole number from 1 on, got 0'],
    [{ temperature: '1' }, 'temperature: expected a number from 0 on, got "1"'],
    [{ temperature: 0, count: 2 }, 'temperature 0 always writes the same text: ask for one, or raise the temperature'],
    [{ topK: NaN }, 'topK: expected a whole number from 1 on, got NaN'],
    [{ topP: '1' }, 'topP: expected a number above 0 and at most 1, got "1"'],
    [{ count: 1.5 }, 'count: expected a whole number from 1 on, got 1.5'],
    [{ seed: 'x' }, 'seed: expected a whole number, got "x"'],
    [{ stop: 5 }, 'stop: expected a string, got 5'],
    [{ stop: '' }, 'stop: expected some text, got none'],
  ])('takes no %j', async (options, message) => {
    const generator = tinyTextGenerator();
    expect(await refusalOf(generator.generate('a', options as object))).toBe(message);
    generator.dispose();
  });

  test('says that a prompt is none, and that it was used after dispose', async () => {
    const generator = tinyTextGenerator();
    const { generate } = generator as unknown as {
      generate: (prompt?: unknown, options?: object) => Promise<string[]>;
    };
    expect(await refusalOf(generate())).toBe('prompt: expected a string, got undefined');
    expect(await generate('a', { length: 3, count: undefined, topP: undefined })).toHaveLength(1);
    generator.dispose();
    generator.dispose();
    expect(await refusalOf(generate('a'))).toBe('text generator: was used after dispose() (load it again)');
  });

  test('says that it was disposed while it wrote', async () => {
    const generator = tinyTextGenerator();
    const writing = generator.generate('a', { count: 2, length: 1, temperature: 1e-6 });
    generator.dispose();
    expect(await refusalOf(writing)).toBe('text generator: was used after dispose() (load it again)');
  });
});

test.each([
  [{ windows: 0 }, 'windows: expected a whole number from 1 on, got 0'],
  [{ timeout: '60' }, 'timeout: expected a number above 0, got "60"'],
  [{ shuffleSeed: -1 }, 'shuffleSeed: expected a whole number from 0 on, got -1'],
  [{ groups: '19' }, 'groups: expected a list of groups, got "19" (write ["19"])'],
])('a scoring of a video classifier takes no %j', async (options, message) => {
  const [checkpoint, data] = ['nowhere', folder];
  expect(await refusalOf(evaluateVideoClassifier({ checkpoint, data, ...(options as object) }))).toBe(message);
});

const NOT_PART = 'part: expected "held-out" or "train" or "all", got "heldout"';

test('scorings of texts take parts that there are', async () => {
  const options = { checkpoint: 'nowhere', source: { path: folder }, part: 'heldout' as 'held-out' };
  expect(await refusalOf(evaluateSentiment(options))).toBe(NOT_PART);
  expect(await refusalOf(evaluateText(options))).toBe(NOT_PART);
});

test.each([
  [0, '0'],
  ['100', '"100"'],
  [1.5, '1.5'],
])('a scoring of a language model takes no chunk of %j', async (chunk, shown) => {
  const options = { checkpoint: 'nowhere', source: { path: folder }, chunk: chunk as number };
  expect(await refusalOf(evaluateText(options))).toBe(`chunk: expected a whole number from 1 on, got ${shown}`);
});
