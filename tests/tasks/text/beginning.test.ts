/** A language model begun from another predicts at first what that one predicts, whatever characters the new text adds. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LanguageModelConfig, languageModelDefaults } from '../../../src/models/language-model/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { evaluateText } from '../../../src/tasks/text/evaluate.js';
import { loadTextModel } from '../../../src/tasks/text/model.js';
import { textRecipeDefaults } from '../../../src/tasks/text/recipe.js';
import { trainText } from '../../../src/tasks/text/train.js';

let folder: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-begin-text-'));
});

afterAll(async () => {
  setQuiet(false);
  await rm(folder, { recursive: true });
});

interface Training {
  readonly text: string;
  readonly model?: Partial<LanguageModelConfig>;
  readonly startFrom?: string;
  readonly epochs?: number;
  readonly learningRate?: number;
}

async function train(name: string, training: Training): Promise<string> {
  const { text, model = {}, startFrom, epochs = 2, learningRate = 0.02 } = training;
  const path = join(folder, `${name}.txt`);
  await writeFile(path, text);
  const output = join(folder, name);
  await trainText({
    source: { path },
    unit: 'char',
    ...(startFrom === undefined ? {} : { startFrom }),
    model: { ...languageModelDefaults, kind: 'gru', layers: 1, hiddenSize: 16, embeddingSize: 16, ...model },
    recipe: { ...textRecipeDefaults, epochs, batchSize: 4, bptt: 12, warmUpSteps: 2, learningRate },
    seed: 1,
    output,
    precision: 'F32',
  });
  return output;
}

async function natsOf(checkpoint: string, text: string): Promise<number> {
  const path = join(folder, 'scored.txt');
  await writeFile(path, text);
  const { natsPerCharacter } = await evaluateText({ checkpoint, source: { path }, part: 'all' });
  return natsPerCharacter;
}

const CATS = 'the cat sat on a mat. '.repeat(60);
const QUESTIONS = 'was the cat fat? '.repeat(60);

describe.each([
  ['one-hot', { input: 'one-hot' }],
  ['embedding', { input: 'embedding' }],
  ['tied', { input: 'embedding', tiedOutput: true }],
] as const)('with the input %s', (name, model) => {
  test('it has the characters of both, and predicts as before until it has learned', async () => {
    const first = await train(`first-${name}`, { text: CATS, model, epochs: 4 });
    const known = await loadTextModel(first);
    const [untouched, learned] = [1e-12, 0.02].map((learningRate) =>
      train(`second-${name}-${learningRate}`, { text: QUESTIONS, model, startFrom: first, learningRate }),
    ) as [Promise<string>, Promise<string>];
    const { vocabulary } = await loadTextModel(await untouched);
    expect(vocabulary.tokens.slice(0, known.vocabulary.size)).toEqual(known.vocabulary.tokens);
    expect(vocabulary.tokens.slice(known.vocabulary.size).sort()).toEqual(['?', 'f', 'w']);
    // The new characters share in the probability that the unknown one had, which is next to nothing.
    expect(await natsOf(await untouched, CATS)).toBeCloseTo(await natsOf(first, CATS), 1);
    expect(await natsOf(await learned, QUESTIONS)).toBeLessThan(0.7 * (await natsOf(await untouched, QUESTIONS)));
  });
});

test('one begun from a model of the same language is ahead of one begun anew', async () => {
  const first = await train('ahead-first', { text: CATS, epochs: 6 });
  const begun = await train('ahead-begun', { text: QUESTIONS, startFrom: first, epochs: 1 });
  const anew = await train('ahead-anew', { text: QUESTIONS, epochs: 1 });
  expect(await natsOf(begun, QUESTIONS)).toBeLessThan(await natsOf(anew, QUESTIONS));
});
