/** Language models: full and truncated back-propagation, interruptions, scores, and what is written. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { languageModelDefaults } from '../../../src/models/language-model/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { evaluateText } from '../../../src/tasks/text/evaluate.js';
import { loadTextGenerator } from '../../../src/tasks/text/generate.js';
import { loadTextModel } from '../../../src/tasks/text/model.js';
import { textRecipeDefaults } from '../../../src/tasks/text/recipe.js';
import { trainText, type TrainTextOptions } from '../../../src/tasks/text/train.js';

let folder: string;
let lines: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-train-text-'));
  lines = join(folder, 'lines.txt');
  const sentences = ['the cat sat.', 'a dog ran.', 'we go home.'];
  await writeFile(lines, Array.from({ length: 120 }, (_, i) => `${sentences[(i * i + i) % 3] ?? ''}\n`).join(''));
});

afterAll(() => setQuiet(false));

function optionsFor(output: string, changes: Partial<TrainTextOptions> = {}): TrainTextOptions {
  return {
    source: { path: lines },
    unit: 'char',
    model: { ...languageModelDefaults, kind: 'gru', layers: 1, hiddenSize: 16 },
    recipe: { ...textRecipeDefaults, epochs: 2, batchSize: 4, bptt: 12, warmUpSteps: 5, learningRate: 0.02 },
    seed: 1,
    output: join(folder, output),
    precision: 'F32',
    ...changes,
  };
}

test('a window as long as the text trains as full back-propagation does', async () => {
  const path = join(folder, 'one.txt');
  await writeFile(path, 'hello hello, yellow cello');
  const train = async (bptt: 'sequence' | number): Promise<unknown> => {
    const recipe = { ...textRecipeDefaults, epochs: 3, batchSize: 1, bptt, warmUpSteps: 0 };
    const options = optionsFor(`full-${bptt}`, { source: { path }, split: { kind: 'none' }, recipe });
    await trainText(options);
    return (await loadTextModel(options.output)).weights;
  };
  const full = await train('sequence');
  expect(await train(26)).toEqual(full);
  expect(await train(1000)).toEqual(full);
  expect(await train(5)).not.toEqual(full);
  const checkpoint = join(folder, 'full-sequence');
  expect(await evaluateText({ checkpoint, source: { path } })).toMatchObject({ part: 'all', characters: 25 });
});

test('interrupted in an epoch, the state is carried on as if it had not been', async () => {
  const whole = optionsFor('whole');
  await trainText(whole);
  const parts = optionsFor('parts');
  const { signal } = new AbortController();
  let questions = 0;
  Object.defineProperty(signal, 'aborted', { get: () => ++questions > 6 });
  expect(await trainText({ ...parts, signal })).toMatchObject({ ending: 'interrupted', epoch: 0 });
  const state = JSON.parse(await readFile(join(parts.output, 'training.json'), 'utf8')) as {
    position: { sums: { steps: number } };
  };
  expect(state.position.sums.steps).toBeGreaterThan(1);
  const done = await trainText({ ...parts, resume: true });
  expect(done.ending).toBe('completed');
  expect((await loadTextModel(parts.output)).weights).toEqual((await loadTextModel(whole.output)).weights);
  await expect(trainText(parts)).rejects.toThrow('--continue');
  await expect(trainText({ ...parts, resume: true, seed: 2 })).rejects.toThrow('seed was 1, is 2');
});

test('a stop text of letters and accents ends a text as the composed letters do', async () => {
  const path = join(folder, 'accents.txt');
  await writeFile(path, 'ab\u00e9 '.repeat(100));
  const recipe = { ...textRecipeDefaults, epochs: 8, batchSize: 4, bptt: 12, warmUpSteps: 0, learningRate: 0.03 };
  const options = optionsFor('accents', { source: { path }, recipe });
  await trainText(options);
  const generator = await loadTextGenerator(options.output);
  const likeliest = { length: 6, temperature: 0 };
  expect(await generator.generate('a', likeliest)).toEqual(['b\u00e9 ab\u00e9']);
  expect(await generator.generate('a', { ...likeliest, stop: 'e\u0301' })).toEqual(['b']);
  generator.dispose();
});

describe('a small model', () => {
  let output: string;

  beforeAll(async () => {
    const options = optionsFor('small', {
      recipe: { ...textRecipeDefaults, epochs: 12, batchSize: 4, bptt: 24, warmUpSteps: 5, learningRate: 0.03 },
      model: { ...languageModelDefaults, layers: 1, hiddenSize: 24 },
    });
    ({ output } = options);
    const result = await trainText(options);
    expect(result.ending).toBe('completed');
    expect(await readFile(join(output, 'README.md'), 'utf8')).toContain('the last 10 % of the text');
  });

  test('is scored on what was held out, as at the end of training', async () => {
    const scores = await evaluateText({ checkpoint: output, source: { path: lines }, part: 'held-out' });
    expect(scores).toMatchObject({ documents: 1, unknownUnits: 0, part: 'held out: the last 10 % of the text' });
    expect(scores.natsPerCharacter).toBeLessThan(0.6);
    expect(scores.bitsPerCharacter).toBeCloseTo(scores.natsPerCharacter / Math.LN2, 10);
    const perWord = (scores.natsPerCharacter * scores.characters) / scores.words;
    expect(scores.perplexityPerWord).toBeCloseTo(Math.exp(perWord), 6);
    const source = { path: lines };
    const pieces = await evaluateText({ checkpoint: output, source, part: 'held-out', chunk: 5 });
    expect(pieces.natsPerCharacter).toBeGreaterThan(scores.natsPerCharacter);
    expect(await evaluateText({ checkpoint: output, source, part: 'held-out', chunk: 9999 })).toEqual(scores);
    const all = await evaluateText({ checkpoint: output, source: { path: lines }, part: 'all' });
    const train = await evaluateText({ checkpoint: output, source: { path: lines }, part: 'train' });
    expect(all.characters).toBe(train.characters + scores.characters);
  });

  test('is scored on all of another text, and with a warning where it does not know its text', async () => {
    const warnings: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => warnings.push(String(text)) > 0);
    const prefix = join(folder, 'prefix.txt');
    await writeFile(prefix, (await readFile(lines, 'utf8')).slice(0, 200));
    const source = { path: prefix };
    expect(await evaluateText({ checkpoint: output, source })).toMatchObject({ part: 'all', characters: 200 });
    expect(await evaluateText({ checkpoint: output, source: { path: lines } })).toMatchObject({
      part: 'held out: the last 10 % of the text',
    });
    expect(warnings).toEqual([]);
    expect(await evaluateText({ checkpoint: output, source, part: 'held-out' })).toMatchObject({ characters: 20 });
    expect(warnings.join('')).toContain('prefix.txt: is not the text that the model was trained on');
    const copy = join(folder, 'copy');
    await cp(output, copy, { recursive: true });
    await rm(join(copy, 'settings.json'));
    expect(await evaluateText({ checkpoint: copy, source })).toMatchObject({ characters: 20 });
    expect(warnings.at(-1)).toContain('copy: does not say which text it was trained on');
    spy.mockRestore();
  });

  test('writes on, the same for the same seed, in pieces as it goes', async () => {
    const generator = await loadTextGenerator(output);
    const pieces: string[] = [];
    const [text] = await generator.generate('the c', { length: 40, onText: (piece) => pieces.push(piece) });
    expect(pieces.join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(10);
    expect(await generator.generate('the c', { length: 40 })).toEqual([text]);
    expect(await generator.generate('the c', { length: 7, temperature: 0 })).toEqual(['at sat.']);
    expect(await generator.generate('the c', { length: 90, temperature: 0, stop: 'sat' })).toEqual(['at ']);
    const several = await generator.generate('', { length: 30, count: 5, temperature: 1.5 });
    expect(new Set(several).size).toBe(5);
    expect(await generator.generate('', { length: 30, count: 5, temperature: 1.5 })).toEqual(several);
    generator.dispose();
  });

  test('passes over what it has never seen, and refuses what makes no sense', async () => {
    const generator = await loadTextGenerator(output);
    expect(generator.unknownIn('the 👍🏽 שלום')).toEqual(['👍', '🏽', 'ש', 'ל', 'ו', 'ם']);
    const options = { length: 5, temperature: 0 };
    expect(await generator.generate('the👍 c', options)).toEqual(await generator.generate('the c', options));
    await expect(generator.generate('', { temperature: -1 })).rejects.toThrow('temperature: expected');
    await expect(generator.generate('', { topP: 0 })).rejects.toThrow('topP: expected');
    await expect(generator.generate('', { topK: 0 })).rejects.toThrow('topK: expected');
    await expect(generator.generate('', { count: 2, temperature: 0 })).rejects.toThrow('always writes the same');
    generator.dispose();
  });
});
