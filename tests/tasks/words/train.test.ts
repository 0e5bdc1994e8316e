/** Word vectors by both objectives: what they learn, and that runs go on. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { setQuiet } from '../../../src/shared/log.js';
import { corpusDefaults } from '../../../src/tasks/words/corpus.js';
import {
  type Word2VecArchitecture,
  type Objective,
  type WordsRecipe,
  wordsRecipeDefaults,
} from '../../../src/tasks/words/recipe.js';
import { trainWords, type TrainWordsOptions } from '../../../src/tasks/words/train.js';
import { loadWordVectors } from '../../../src/tasks/words/vectors.js';
import { WordIndex } from '../../../src/tasks/words/word-index.js';
import { readWordVectors } from '../../../src/text/word-vectors.js';

let folder: string;
let pets: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-train-words-'));
  pets = join(folder, 'pets.txt');
  const others = ['we drive the car home', 'we drive the bus home', 'she drinks tea', 'she drinks water'];
  await writeFile(
    pets,
    ['I pet my cat', 'I pet my dog', ...others]
      .map((line) => `${line}\n`)
      .join('')
      .repeat(20),
  );
});

afterAll(() => setQuiet(false));

const recipes: Record<Objective, WordsRecipe> = {
  'negative-sampling': {
    ...wordsRecipeDefaults['negative-sampling'],
    epochs: 40,
    subsample: 0,
    learningRate: 0.1,
  },
  softmax: {
    ...wordsRecipeDefaults.softmax,
    epochs: 12,
    subsample: 0,
    batchSize: 32,
    warmUpSteps: 5,
    learningRate: 0.02,
  },
};

function optionsFor(output: string, architecture: Word2VecArchitecture, objective: Objective): TrainWordsOptions {
  return {
    source: { path: pets },
    corpus: { ...corpusDefaults, minimumCount: 1 },
    architecture,
    embeddingSize: 10,
    recipe: recipes[objective],
    threads: 1,
    seed: 1,
    output: join(folder, output),
  };
}

describe.each(['negative-sampling', 'softmax'] as const)('%s', (objective) => {
  test.each(['skip-gram', 'cbow'] as const)('%s finds that cats and dogs are petted alike', async (architecture) => {
    const options = optionsFor(`${objective}-${architecture}`, architecture, objective);
    const result = await trainWords({ ...options, exports: [join(folder, 'out.bin'), join(folder, 'out.txt')] });
    expect(result).toMatchObject({ ending: 'completed', vocabulary: 15, epochs: recipes[objective].epochs });
    const vectors = await loadWordVectors(options.output);
    const index = new WordIndex(vectors, 'pets');
    expect(index.similar('cat', 1)[0]?.word).toBe('dog');
    expect(index.similar('dog', 1)[0]?.word).toBe('cat');
    expect(await readWordVectors(join(folder, 'out.bin'))).toEqual(vectors);
    expect(await readWordVectors(join(folder, 'out.txt'))).toEqual(vectors);
    for (const name of ['README.md', 'settings.json', 'log.jsonl']) {
      expect(existsSync(join(options.output, name)), name).toBe(true);
    }
    const some = await loadWordVectors(options.output, ['cat', 'horse']);
    expect([...some.vectors.keys()]).toEqual(['cat']);
  });

  test('stopped after an epoch and continued, it comes to the same vectors', async () => {
    const whole = optionsFor(`${objective}-whole`, 'skip-gram', objective);
    const recipe = { ...recipes[objective], epochs: 3 };
    await trainWords({ ...whole, recipe });
    const told: object[] = [];
    const onEpoch = (record: object): void => void told.push(record);
    const parts = { ...optionsFor(`${objective}-parts`, 'skip-gram', objective), recipe, onEpoch };
    expect(await trainWords({ ...parts, stopAfter: 1 })).toMatchObject({ ending: 'interrupted', epochs: 1 });
    await expect(trainWords(parts)).rejects.toThrow('--continue');
    await expect(trainWords({ ...parts, resume: true, seed: 2 })).rejects.toThrow('seed was 1, is 2');
    expect(await trainWords({ ...parts, resume: true })).toMatchObject({ ending: 'completed', epochs: 3 });
    expect(await loadWordVectors(parts.output)).toEqual(await loadWordVectors(whole.output));
    const lines = (await readFile(join(parts.output, 'log.jsonl'), 'utf8')).trim().split('\n');
    const log = lines.map((line) => JSON.parse(line) as { readonly epoch: number });
    expect(log.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(told).toEqual(log);
  });
});

test('interrupted in an epoch, it saves what is done and goes on from there', async () => {
  const controller = new AbortController();
  const long = join(folder, 'long.txt');
  await writeFile(long, (await readFile(pets, 'utf8')).repeat(2000));
  const base = { ...optionsFor('interrupted', 'cbow', 'negative-sampling'), source: { path: long } };
  const options = { ...base, recipe: { ...recipes['negative-sampling'], epochs: 100 } };
  setQuiet(false);
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    if (String(text).includes('training on')) setTimeout(() => controller.abort(), 700);
    return true;
  });
  const stopped = await trainWords({ ...options, signal: controller.signal });
  spy.mockRestore();
  setQuiet(true);
  expect(stopped.ending).toBe('interrupted');
  const stopAfter = stopped.epochs + 1;
  expect(await trainWords({ ...options, resume: true, stopAfter })).toMatchObject({ epochs: stopAfter });
  const whole = { ...options, output: join(folder, 'uninterrupted') };
  await trainWords({ ...whole, stopAfter });
  expect(await loadWordVectors(options.output)).toEqual(await loadWordVectors(whole.output));
});

test('vectors of absurd length are refused before they are made', async () => {
  const options = { ...optionsFor('huge', 'cbow', 'negative-sampling'), embeddingSize: 100_000_000 };
  await expect(trainWords(options)).rejects.toThrow('embeddingSize: expected a whole number from 1 to 10000');
});
