/** What predictors say of options, paths and times of use that make no sense, where no compiler would. */
import { rm } from 'node:fs/promises';
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
import { UserError } from '../../src/shared/errors.js';
import { Random } from '../../src/shared/random.js';
import type { ClipCaptionModel } from '../../src/tasks/caption/model.js';
import { createCaptioner } from '../../src/tasks/caption/predict.js';
import { createClipCaptioner } from '../../src/tasks/caption/predict-clips.js';
import { loadVideoClassifier } from '../../src/tasks/video/predict.js';
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
async function refusal(results: AsyncIterable<object>): Promise<string> {
  const error: unknown = await resultsOf(results).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

describe.each(PREDICTORS)('a %s', (name, kind, create) => {
  test('takes lists of paths, whatever lists they are, and nothing else', async () => {
    const predictor = await create();
    const path = files[kind];
    for (const paths of [[path], new Set([{ path }])]) {
      expect((await resultsOf(predictor.predict(paths))).map((result) => 'error' in result)).toEqual([false]);
    }
    const list = 'paths: expected a list of paths, got';
    expect(await refusal(predictor.predict(path))).toBe(`${list} "${path}" (write ["${path}"])`);
    expect(await refusal(predictor.predict(undefined))).toBe(`${list} undefined`);
    expect(await refusal(predictor.predict([path, 5]))).toBe(`${list} 5 in it`);
    expect(await refusal(predictor.predict([null]))).toBe(`${list} null in it`);
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
