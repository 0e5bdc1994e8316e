/** Language models of every kind: windows, steps and whole texts agree; gradients, feedback, sizes and dropout. */
import '../../../src/backend/index.js';
import '../../../src/shared/gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  countLanguageModelParameters,
  createLanguageModelParameters,
  type Feedback,
  LANGUAGE_MODEL_KINDS,
  type LanguageModelConfig,
  languageModelDefaults,
  type LanguageModelKind,
  languageModelLoss,
  type LanguageModelLossOptions,
  languageModelParameterShapes,
  startLanguageModel,
  stepLanguageModel,
  validateLanguageModelConfig,
  withParameterCount,
} from '../../../src/models/language-model/index.js';
import { Random } from '../../../src/shared/random.js';
import { fit } from '../../../src/training/fit.js';
import { createVariables, disposeVariables, type TrainableParameters } from '../../../src/training/parameters.js';
import { toTensors } from '../../layers/helpers/numeric.js';

beforeAll(() => tf.setBackend('onnxruntime'));

const tiny = (kind: LanguageModelKind, changes: Partial<LanguageModelConfig> = {}): LanguageModelConfig => ({
  ...languageModelDefaults,
  kind,
  input: kind === 'feed-forward' ? 'embedding' : 'one-hot',
  hiddenSize: 6,
  embeddingSize: 4,
  vocabularySize: 7,
  context: 3,
  ...changes,
});

const weightsOf = (config: LanguageModelConfig): Record<string, tf.Tensor> =>
  toTensors(createLanguageModelParameters(config, new Random(3)));

/** Two texts of nine tokens, time first. */
const TOKENS = [
  [1, 1],
  [4, 6],
  [5, 5],
  [6, 4],
  [6, 5],
  [4, 4],
  [5, 6],
  [6, 6],
  [2, 2],
];
const tokens = (from: number, to: number): tf.Tensor => tf.tensor2d(TOKENS.slice(from, to), undefined, 'int32');

async function lossAndGradients(
  config: LanguageModelConfig,
  weights: Record<string, tf.Tensor>,
  options: LanguageModelLossOptions,
): Promise<Record<string, number[]>> {
  const names = Object.keys(weights);
  const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
    const parameters = Object.fromEntries(names.map((name, index) => [name, values[index] as tf.Tensor]));
    return languageModelLoss(config, parameters, options).loss;
  })(Object.values(weights));
  const found: Record<string, number[]> = { loss: [...(await value.data())] };
  for (const [index, name] of names.entries()) found[name] = [...(await (grads[index] as tf.Tensor).data())];
  return found;
}

function expectClose(found: Record<string, number[]>, expected: Record<string, number[]>, digits = 5): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, index) => expect(found[name]?.[index], name).toBeCloseTo(value, digits));
  }
}

describe.each(LANGUAGE_MODEL_KINDS)('%s', (kind) => {
  test('a window as long as the text is full back-propagation', async () => {
    const config = tiny(kind);
    const weights = weightsOf(config);
    const whole = { tokens: tokens(0, 8), targets: tokens(1, 9) };
    const full = await lossAndGradients(config, weights, whole);
    const window = await lossAndGradients(config, weights, { ...whole, state: startLanguageModel(config, 2) });
    expectClose(window, full, 6);
  });

  test('windows that carry the state on predict what the whole text predicts', async () => {
    const config = tiny(kind);
    const weights = weightsOf(config);
    const whole = await languageModelLoss(config, weights, { tokens: tokens(0, 8), targets: tokens(1, 9) }).each.data();
    const first = languageModelLoss(config, weights, { tokens: tokens(0, 3), targets: tokens(1, 4) });
    const second = languageModelLoss(config, weights, {
      tokens: tokens(3, 8),
      targets: tokens(4, 9),
      state: first.state,
    });
    const parts = [...(await first.each.data()), ...(await second.each.data())];
    parts.forEach((value, index) => expect(value).toBeCloseTo(whole[index] as number, 5));
  });

  test('its gradient is that of its loss', async () => {
    const config = tiny(kind, { hiddenSize: 3, layers: 1 });
    const weights = weightsOf(config);
    const options = { tokens: tokens(0, 5), targets: tokens(1, 6) };
    const found = await lossAndGradients(config, weights, options);
    const epsilon = 1e-2;
    for (const [name, tensor] of Object.entries(weights)) {
      const values = (await tensor.data()).slice() as Float32Array;
      const at = (values.length * 3) >> 2;
      const lossAt = async (change: number): Promise<number> => {
        const moved = values.slice();
        moved[at] = (values[at] as number) + change;
        const changed = { ...weights, [name]: tf.tensor(moved, tensor.shape) };
        return (await languageModelLoss(config, changed, options).loss.data())[0] as number;
      };
      const slope = ((await lossAt(epsilon)) - (await lossAt(-epsilon))) / (2 * epsilon);
      expect(found[name]?.[at], name).toBeCloseTo(slope, 3);
    }
  });

  test('step by step it says what it says at once', async () => {
    const config = tiny(kind);
    const weights = weightsOf(config);
    const each = await languageModelLoss(config, weights, { tokens: tokens(0, 8), targets: tokens(1, 9) }).each.data();
    let state: readonly tf.Tensor[] = startLanguageModel(config, 2);
    for (let time = 0; time < 8; time++) {
      const step = stepLanguageModel(config, weights, tf.tensor1d(TOKENS[time] as number[], 'int32'), state);
      state = step.state;
      const logProbabilities = await tf.logSoftmax(step.logits as tf.Tensor2D).array();
      (TOKENS[time + 1] as number[]).forEach((target, row) =>
        expect(-(logProbabilities[row]?.[target] as number)).toBeCloseTo(each[2 * time + row] as number, 4),
      );
    }
  });
});

test('one-hot input is an embedding whose table is the unit matrix', async () => {
  const oneHot = tiny('gru');
  const embedded = { ...oneHot, input: 'embedding' as const, embeddingSize: 7 };
  const weights = weightsOf(oneHot);
  const options = { tokens: tokens(0, 8), targets: tokens(1, 9) };
  const a = await languageModelLoss(oneHot, weights, options).each.data();
  const b = await languageModelLoss(embedded, { ...weights, 'embedding/table': tf.eye(7) }, options).each.data();
  b.forEach((value, index) => expect(value).toBeCloseTo(a[index] as number, 5));
});

test('padding does not count', async () => {
  const config = tiny('lstm');
  const weights = weightsOf(config);
  const short = languageModelLoss(config, weights, { tokens: tokens(0, 4), targets: tokens(1, 5) });
  const padded = tf.concat([tokens(1, 5), tf.zeros([3, 2], 'int32')], 0);
  const long = languageModelLoss(config, weights, { tokens: tokens(0, 7), targets: padded });
  expect((await long.loss.data())[0]).toBeCloseTo((await short.loss.data())[0] as number, 5);
});

test('sampled feedback draws from what the model predicts, by seed', async () => {
  const config = tiny('lstm', { layers: 1 });
  const sure = weightsOf(config);
  // The model is sure of token 5 whatever it reads: feeding samples is feeding fives.
  sure['output/bias'] = tf.tensor1d([0, 0, 0, 0, 0, 60, 0]);
  const targets = tokens(1, 9);
  const sampled = languageModelLoss(config, sure, { tokens: tokens(0, 8), targets, feedback: 'sampled' });
  const fives = TOKENS.slice(0, 8).map((row, time) => (time === 0 ? row : [5, 5]));
  const taught = languageModelLoss(config, sure, { tokens: tf.tensor2d(fives, undefined, 'int32'), targets });
  const expected = await taught.each.data();
  (await sampled.each.data()).forEach((value, index) => expect(value).toBeCloseTo(expected[index] as number, 4));

  const unsure = weightsOf(config);
  const drawn = async (seed: number): Promise<number[]> => [
    ...(await languageModelLoss(config, unsure, {
      tokens: tokens(0, 8),
      targets,
      feedback: 'sampled',
      sampleSeed: tf.scalar(seed, 'int32'),
    }).each.data()),
  ];
  expect(await drawn(1)).toEqual(await drawn(1));
  expect(await drawn(1)).not.toEqual(await drawn(2));
});

const LETTERS = ['h', 'e', 'l', 'o'];
const HELLO = [...'hello'].map((letter) => LETTERS.indexOf(letter));

async function learnHello(kind: LanguageModelKind, feedback: Feedback): Promise<string> {
  const config = tiny(kind, { vocabularySize: 4, layers: 1, hiddenSize: 8 });
  const variables: TrainableParameters = createVariables(createLanguageModelParameters(config, new Random(5)));
  const column = (ids: readonly number[]): tf.Tensor => tf.tensor2d(ids as number[], [ids.length, 1], 'int32');
  await fit<null>({
    parameters: variables,
    learningRate: () => 0.03,
    optimizer: { clipNorm: 5 },
    epochs: 1,
    seed: 1,
    batches: () => Array.from({ length: 150 }, () => null),
    loss: (_, parameters, { dropoutSeed }) =>
      languageModelLoss(config, parameters, {
        tokens: column(HELLO.slice(0, 4)),
        targets: column(HELLO.slice(1)),
        paddingId: -1,
        feedback,
        sampleSeed: dropoutSeed,
      }).loss,
    validate: () => Promise.resolve({ score: 0 }),
  });
  let state: readonly tf.Tensor[] = startLanguageModel(config, 1);
  let said = '';
  for (const letter of HELLO.slice(0, 4)) {
    const step = stepLanguageModel(config, variables, tf.tensor1d([letter], 'int32'), state);
    state = step.state;
    said += LETTERS[(await tf.argMax(step.logits, 1).data())[0] as number];
  }
  disposeVariables(variables);
  return said;
}

test.each([
  ['rnn', 'teacher'],
  ['lstm', 'teacher'],
  ['gru', 'teacher'],
  ['feed-forward', 'teacher'],
  ['rnn', 'sampled'],
  ['lstm', 'sampled'],
] as const)('%s with %s feedback learns h-e-l-l -> e-l-l-o', async (kind, feedback) => {
  expect(await learnHello(kind, feedback)).toBe('ello');
});

test('equal parameters: the hidden size that comes nearest', () => {
  for (const kind of LANGUAGE_MODEL_KINDS) {
    const config = withParameterCount(tiny(kind, { vocabularySize: 60 }), 50_000);
    const at = (hiddenSize: number): number =>
      Math.abs(countLanguageModelParameters({ ...config, hiddenSize }) - 50_000);
    expect(at(config.hiddenSize)).toBeLessThanOrEqual(Math.min(at(config.hiddenSize - 1), at(config.hiddenSize + 1)));
  }
});

test('the output layer may share the embedding, projected where sizes differ', async () => {
  const config = tiny('lstm', { input: 'embedding', tiedOutput: true });
  expect(languageModelParameterShapes(config)).toMatchObject({
    'embedding/table': [7, 4],
    'output/projection': [6, 4],
  });
  expect(languageModelParameterShapes(config)).not.toHaveProperty('output/table');
  const { loss } = languageModelLoss(config, weightsOf(config), { tokens: tokens(0, 8), targets: tokens(1, 9) });
  expect((await loss.data())[0]).toBeCloseTo(Math.log(7), 0);
});

test('dropout changes the loss by its seed, and only in training', async () => {
  const config = tiny('gru', { input: 'embedding', dropout: 0.5 });
  const weights = weightsOf(config);
  const lossWith = async (seed?: number): Promise<number> => {
    const options = { tokens: tokens(0, 8), targets: tokens(1, 9) };
    const dropped = seed === undefined ? options : { ...options, dropoutSeed: tf.scalar(seed, 'int32') };
    return (await languageModelLoss(config, weights, dropped).loss.data())[0] as number;
  };
  expect(await lossWith(1)).toBe(await lossWith(1));
  expect(await lossWith(1)).not.toBe(await lossWith(2));
  expect(await lossWith()).toBe(await lossWith());
});

test.each([
  [{ kind: 'transformer' }, 'kind: expected one of rnn, lstm, gru, feed-forward'],
  [{ layers: 0 }, 'layers: expected a whole number'],
  [{ dropout: 1 }, 'dropout: expected a number in [0, 1)'],
  [{ tiedOutput: true }, 'a tied output layer needs an embedding'],
  [{ kind: 'feed-forward' }, 'a feed-forward model needs an embedding'],
])('a config with %j is refused', (changes, message) => {
  const value = { ...languageModelDefaults, vocabularySize: 5, ...changes };
  expect(() => validateLanguageModelConfig(value, 'model')).toThrow(message);
});
