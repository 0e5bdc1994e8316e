/**
 * How many characters a second a language model writes, one text and many at once: the model of `--checkpoint`, or an LSTM
 * of 2 × 256 on 65 characters with random weights.
 *
 *     npx tsx benchmarks/generation.ts [--checkpoint FOLDER] [--threads 1]
 */
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { configureBackend } from '../src/backend/index.js';
import { createLanguageModelParameters, languageModelDefaults } from '../src/models/language-model/index.js';
import { Random } from '../src/shared/random.js';
import { createTextGenerator } from '../src/tasks/text/generate.js';
import { loadTextModel, type TextModel } from '../src/tasks/text/model.js';
import { END_ID, Vocabulary } from '../src/text/vocabulary.js';

const LENGTH = 2_000;
const ROUNDS = 5;
/** A logit with which nothing is drawn: a text of random weights would end at once. */
const NEVER = -30;

const { values } = parseArgs({
  options: { checkpoint: { type: 'string' }, threads: { type: 'string', default: '1' } },
});

function randomModel(): TextModel {
  const characters = Array.from({ length: 61 }, (_, index) => String.fromCodePoint(0x41 + index));
  const vocabulary = Vocabulary.build([characters]);
  const model = { ...languageModelDefaults, layers: 2, hiddenSize: 256, vocabularySize: vocabulary.size };
  const config = { unit: 'char', split: { kind: 'none' }, model } as const;
  const weights = createLanguageModelParameters(model, new Random(1));
  weights['output/bias']?.values.fill(NEVER, END_ID, END_ID + 1);
  return { config, vocabulary, weights };
}

await tf.setBackend('onnxruntime');
configureBackend({ threads: Number(values.threads) });
const generator = createTextGenerator(
  values.checkpoint === undefined ? randomModel() : await loadTextModel(values.checkpoint),
);

/** Of the fastest round: characters a second, and by the time that this process had the processor. */
async function speedOf(count: number): Promise<{ readonly bySecond: number; readonly byCpuSecond: number }> {
  let best = { bySecond: 0, byCpuSecond: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const [begin, before] = [performance.now(), process.cpuUsage()];
    const texts = await generator.generate('', { length: Math.ceil(LENGTH / Math.sqrt(count)), count, seed: round });
    const seconds = (performance.now() - begin) / 1e3;
    const { user, system } = process.cpuUsage(before);
    const written = texts.reduce((sum, text) => sum + [...text].length, 0);
    if (written / seconds <= best.bySecond) continue;
    best = { bySecond: Math.round(written / seconds), byCpuSecond: Math.round((1e6 * written) / (user + system)) };
  }
  return best;
}

const { kind, layers, hiddenSize } = generator.model.config.model;
const characters = { oneText: await speedOf(1), sixtyFourTexts: await speedOf(64) };
console.log(JSON.stringify({ model: `${kind} ${layers} × ${hiddenSize}`, characters }));
generator.dispose();
