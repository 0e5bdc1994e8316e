/** What programs ask for in a few words: what is left out is as the commands have it, and what cannot be is asked for. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { languageModelDefaults } from '../../src/models/language-model/index.js';
import { sentimentDefaults } from '../../src/models/sentiment/index.js';
import { word2vecDefaults } from '../../src/models/word2vec/index.js';
import { setQuiet } from '../../src/shared/log.js';
import { captionerModelDefaults } from '../../src/tasks/caption/initial-model.js';
import { completeTraining as completeCaptioner } from '../../src/tasks/caption/prepare-training.js';
import { evaluateCaptioner } from '../../src/tasks/caption/evaluate.js';
import { loadCaptioner } from '../../src/tasks/caption/predict.js';
import { captionerRecipeDefaults } from '../../src/tasks/caption/recipe.js';
import { trainCaptioner } from '../../src/tasks/caption/train.js';
import { evaluateSentiment } from '../../src/tasks/sentiment/evaluate.js';
import { sentimentReadingDefaults } from '../../src/tasks/sentiment/beginning.js';
import { sentimentRecipeDefaults } from '../../src/tasks/sentiment/recipe.js';
import { completeTraining as completeSentiment } from '../../src/tasks/sentiment/run.js';
import { trainSentiment } from '../../src/tasks/sentiment/train.js';
import { shippedCheckpoints } from '../../src/tasks/shipped-checkpoints.js';
import { evaluateText } from '../../src/tasks/text/evaluate.js';
import { textRecipeDefaults } from '../../src/tasks/text/recipe.js';
import { completeTraining as completeText } from '../../src/tasks/text/run.js';
import { trainText } from '../../src/tasks/text/train.js';
import { evaluateVideoClassifier } from '../../src/tasks/video/evaluate.js';
import { videoModelDefaults } from '../../src/tasks/video/initial-model.js';
import { completeTraining as completeVideo } from '../../src/tasks/video/prepare-training.js';
import { videoRecipeDefaults } from '../../src/tasks/video/recipe.js';
import { trainVideoClassifier } from '../../src/tasks/video/train.js';
import { corpusDefaults } from '../../src/tasks/words/corpus.js';
import { wordsRecipeDefaults } from '../../src/tasks/words/recipe.js';
import { completeTraining as completeWords } from '../../src/tasks/words/run.js';
import { loadWordVectors } from '../../src/tasks/words/vectors.js';
import { trainWords } from '../../src/tasks/words/train.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';

const output = 'checkpoints/none';
const source = { path: 'texts.csv' };
const checkpoint = 'checkpoints/none';

beforeAll(() => setQuiet(true));

test('captioners see photos as the shipped one does, unless they are begun from another', () => {
  const sources = [{ images: 'photos', captions: 'captions.csv' }];
  const { model, recipe, seed } = completeCaptioner({ sources, output, recipe: { epochs: 3 } });
  expect(model).toEqual({ ...captionerModelDefaults, encoder: shippedCheckpoints.captioner });
  expect(recipe).toEqual({ ...captionerRecipeDefaults, epochs: 3 });
  expect(seed).toBe(1);
  expect(completeCaptioner({ sources, output, model: { startFrom: 'a' } }).model.encoder).toBeUndefined();
  expect(completeCaptioner({ sources, output, model: { encoder: 'b' }, seed: 4 })).toMatchObject({
    model: { encoder: 'b' },
    seed: 4,
  });
});

test('clips: the encoder is one of movements, and a fifth is held out', () => {
  const { model, recipe, validation } = completeVideo({ data: 'clips', output, model: { frames: 8 } });
  expect(model).toEqual({ ...videoModelDefaults, encoder: shippedCheckpoints.actions, frames: 8 });
  expect(recipe).toEqual(videoRecipeDefaults);
  expect(validation).toEqual({ kind: 'fraction', fraction: 0.2 });
});

test('texts: an embedding where one-hot input cannot be', () => {
  const { unit, model, recipe } = completeText({ source, output });
  expect({ unit, model, recipe }).toEqual({ unit: 'char', model: languageModelDefaults, recipe: textRecipeDefaults });
  const inputOf = (options: Omit<Parameters<typeof completeText>[0], 'source' | 'output'>): string =>
    completeText({ source, output, ...options }).model.input;
  expect(inputOf({ unit: 'word' })).toBe('embedding');
  expect(inputOf({ model: { kind: 'feed-forward' } })).toBe('embedding');
  expect(inputOf({ model: { tiedOutput: true } })).toBe('embedding');
  expect(inputOf({ unit: 'word', model: { input: 'one-hot' } })).toBe('one-hot');
});

test('classes of texts: cells whose last output counts read through', () => {
  const { model, recipe } = completeSentiment({ source, output, model: { maximumLength: 50 } });
  expect(model).toEqual({ ...sentimentReadingDefaults, maximumLength: 50, model: sentimentDefaults });
  expect(recipe).toEqual(sentimentRecipeDefaults);
  const last = completeSentiment({ source, output, model: { model: { pooling: 'last', hiddenSize: 8 } } });
  expect(last.model.model).toEqual({ ...sentimentDefaults, pooling: 'last', hiddenSize: 8, window: 0 });
});

test('word vectors: the recipe is that of its objective', () => {
  const { corpus, recipe, ...rest } = completeWords({ source, output, corpus: { minimumCount: 2 } });
  expect(corpus).toEqual({ ...corpusDefaults, minimumCount: 2 });
  expect(recipe).toEqual(wordsRecipeDefaults['negative-sampling']);
  expect(rest).toMatchObject({ architecture: word2vecDefaults.architecture, embeddingSize: 100, seed: 1, exports: [] });
  const softmax = completeWords({ source, output, recipe: { objective: 'softmax', epochs: 2 } });
  expect(softmax.recipe).toEqual({ ...wordsRecipeDefaults.softmax, epochs: 2 });
});

test('what is undefined is left out', () => {
  const undefinedEpochs = { epochs: undefined } as unknown as { epochs: number };
  expect(completeText({ source, output, recipe: undefinedEpochs }).recipe).toEqual(textRecipeDefaults);
});

test('trains in three words', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'pets.txt');
  await writeFile(path, 'the cat sat on the mat and the dog sat on the cat\n'.repeat(20));
  expect(await trainWords({ source: { path }, output: join(folder, 'words') })).toMatchObject({ ending: 'completed' });
});

describe('what cannot be left out is asked for', () => {
  test.each([
    ['sources: expected a list of { images, captions }, got undefined', () => trainCaptioner({ output } as never)],
    [
      'sources[0].captions: expected a string, got undefined',
      () => trainCaptioner({ sources: [{ images: 'photos' } as never], output }),
    ],
    ['data: expected a string, got undefined', () => trainVideoClassifier({ output } as never)],
    ['source: expected an object like { path }, got undefined', () => trainText({ output } as never)],
    [
      'source: expected an object like { path }, got "a.csv"',
      () => trainSentiment({ source: 'a.csv' as never, output }),
    ],
    ['source.path: expected a string, got 3', () => trainWords({ source: { path: 3 as never }, output })],
    ['output: expected a string, got undefined', () => trainText({ source } as never)],
    ['checkpoint: expected a string, got undefined', () => loadCaptioner(undefined as never)],
    ['path: expected a string, got 3', () => loadWordVectors(3 as never)],
    [
      'source: expected an object like { images, captions }, got undefined',
      () => evaluateCaptioner({ checkpoint } as never),
    ],
    ['source: expected an object like { path }, got undefined', () => evaluateSentiment({ checkpoint } as never)],
    ['source: expected an object like { path }, got undefined', () => evaluateText({ checkpoint } as never)],
    ['data: expected a string, got undefined', () => evaluateVideoClassifier({ checkpoint } as never)],
  ])('%s', async (message, ask) => {
    await expect(ask()).rejects.toMatchObject({ name: 'UserError', message, exitCode: 2 });
  });
});
