/** The training loop: interrupted anywhere and resumed it gives the weights of an uninterrupted run, bit for bit. */
import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/shared/errors.js';
import { Random } from '../../src/shared/random.js';
import { fit, type BatchRequest, type FitOptions } from '../../src/training/fit.js';
import {
  createVariables,
  disposeVariables,
  readTensors,
  type TrainableParameters,
} from '../../src/training/parameters.js';
import { createSchedule } from '../../src/training/schedule.js';
import { loadTrainingState, saveTrainingState } from '../../src/training/training-checkpoint.js';
import type { EpochRecord, TrainingState } from '../../src/training/training-state.js';

interface Batch {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly (readonly number[])[];
}

const STEPS_PER_EPOCH = 5;
const BATCH_SIZE = 4;
const INPUTS = 3;
const HIDDEN = 6;

let folder = '';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-fit-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A small network with dropout: every kind of state matters to its result. */
function createNetwork(): Record<string, tf.Variable> {
  const random = new Random(1);
  const tensor = (shape: number[]) => ({
    shape,
    values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal()),
  });
  return createVariables({
    'hidden/kernel': tensor([INPUTS, HIDDEN]),
    'hidden/bias': tensor([HIDDEN]),
    'head/kernel': tensor([HIDDEN, 1]),
    'head/bias': tensor([1]),
  });
}

function lossOf(batch: Batch, parameters: TrainableParameters, seed: tf.Scalar): tf.Tensor {
  const weight = (name: string) => parameters[name] as tf.Variable;
  const x = tf.tensor2d(batch.x.map((row) => [...row]));
  const hidden = tf.tanh(tf.add(tf.matMul(x, weight('hidden/kernel') as tf.Tensor2D), weight('hidden/bias')));
  // A mask that depends on the seed tensor alone.
  const phases = tf.mul(tf.range(1, HIDDEN + 1), tf.cast(seed, 'float32'));
  const dropped = tf.mul(hidden, tf.cast(tf.greater(tf.sin(phases), -0.5), 'float32'));
  const y = tf.add(tf.matMul(dropped as tf.Tensor2D, weight('head/kernel') as tf.Tensor2D), weight('head/bias'));
  return tf.mean(tf.squaredDifference(y, tf.tensor2d(batch.y.map((row) => [...row]))));
}

async function* batchesOf({ skip, random }: BatchRequest): AsyncGenerator<Batch> {
  for (let index = 0; index < STEPS_PER_EPOCH; index++) {
    const x = Array.from({ length: BATCH_SIZE }, () => Array.from({ length: INPUTS }, () => random.normal()));
    const y = x.map(([a = 0, , c = 0]) => [a - 0.5 * c]);
    await Promise.resolve();
    if (index >= skip) yield { x, y };
  }
}

interface Trained {
  readonly state: TrainingState;
  readonly history: readonly EpochRecord[];
  readonly ending: string;
  readonly bestEpochs: readonly number[];
}

/** Trains a new network, or goes on from `overrides.resume`, and returns the last state that it saved. */
async function train(overrides: Partial<FitOptions<Batch>> = {}): Promise<Trained> {
  const parameters = createNetwork();
  let state: TrainingState | undefined;
  const bestEpochs: number[] = [];
  try {
    const result = await fit<Batch>({
      parameters,
      optimizer: { clipNorm: 1, weightDecay: 0.01 },
      learningRate: createSchedule({ peak: 0.05, warmUpSteps: 3, decay: { kind: 'cosine', totalSteps: 40 } }),
      epochs: 4,
      seed: 11,
      batches: batchesOf,
      loss: (batch, weights, { dropoutSeed }) => lossOf(batch, weights, dropoutSeed),
      countTokens: () => BATCH_SIZE,
      validate: async () => ({ score: -(await sumOfSquares(parameters)) }),
      saveBest: ({ epoch }) => Promise.resolve(void bestEpochs.push(epoch)),
      // Through JSON, as a file would take it.
      saveState: (saved) => {
        state = { ...saved, position: JSON.parse(JSON.stringify(saved.position)) as TrainingState['position'] };
        return Promise.resolve();
      },
      ...overrides,
    });
    if (state === undefined) throw new Error('no state was saved');
    return { state, history: result.history, ending: result.ending, bestEpochs };
  } finally {
    disposeVariables(parameters);
  }
}

/** A weight before any training. */
async function initialWeights(name: string): Promise<Float32Array> {
  const parameters = createNetwork();
  const weights = await readTensors(parameters);
  disposeVariables(parameters);
  return weights[name]?.values ?? new Float32Array();
}

async function sumOfSquares(parameters: TrainableParameters): Promise<number> {
  const weights = Object.values(await readTensors(parameters));
  return weights.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b * b, 0), 0);
}

/** Everything but the clock. */
function withoutTimes(history: readonly EpochRecord[]): unknown {
  return history.map((record) => ({ ...record, trainingSeconds: 0, validationSeconds: 0 }));
}

function expectSame(found: Trained, expected: Trained): void {
  expect(found.state.parameters).toEqual(expected.state.parameters);
  expect(found.state.optimizer).toEqual(expected.state.optimizer);
  expect(found.state.position.random).toEqual(expected.state.position.random);
  expect(withoutTimes(found.history)).toEqual(withoutTimes(expected.history));
}

/** A signal that is aborted in the loss of the given step of the run. */
function abortAtStep(last: number): Partial<FitOptions<Batch>> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    loss: (batch, weights, { step, dropoutSeed }) => {
      if (step === last) controller.abort();
      return lossOf(batch, weights, dropoutSeed);
    },
  };
}

describe('fit', () => {
  test('makes the loss smaller and reports each epoch', async () => {
    const { history, ending, bestEpochs, state } = await train({ epochs: 8 });
    expect(ending).toBe('completed');
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(history.map(({ step }) => step)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
    expect(history.at(-1)?.loss).toBeLessThan(0.7 * (history[0]?.loss ?? 0));
    expect(history[0]?.tokens).toBe(STEPS_PER_EPOCH * BATCH_SIZE);
    expect(bestEpochs).toEqual(history.filter(({ best }) => best).map(({ epoch }) => epoch));
    expect(state.optimizer.step).toBe(40);
  });

  test('repeats itself bit for bit', async () => {
    expectSame(await train(), await train());
  });

  test('two epochs and two resumed ones give the weights of four', async () => {
    const whole = await train();
    const half = await train({ epochs: 2 });
    expectSame(await train({ resume: half.state }), whole);
  });

  test.each([0, 6, 9, 10])(
    'interrupted at step %i and resumed gives the weights of an uninterrupted run',
    async (step) => {
      const whole = await train();
      const interrupted = await train(abortAtStep(step));
      expect(interrupted.ending).toBe('interrupted');
      expect(interrupted.state.optimizer.step).toBe(step + 1);
      expect(interrupted.state.position.sums.steps).toBe((step % STEPS_PER_EPOCH) + 1);
      expectSame(await train({ resume: interrupted.state }), whole);
    },
  );

  test('interrupted, saved to disk, loaded and resumed: the weights of an uninterrupted run', async () => {
    const configuration = { seed: 11 };
    const saveState = (state: TrainingState) => saveTrainingState(folder, state, configuration);
    await expect(train({ ...abortAtStep(12), saveState })).rejects.toThrow('no state was saved');
    const parameterShapes = {
      'hidden/kernel': [INPUTS, HIDDEN],
      'hidden/bias': [HIDDEN],
      'head/kernel': [HIDDEN, 1],
      'head/bias': [1],
    };
    const resume = await loadTrainingState(folder, { parameterShapes, configuration });
    expect(resume.optimizer.step).toBe(13);
    expectSame(await train({ resume }), await train());
  });

  test('interrupted in the validation, which throws or not, it resumes exactly', async () => {
    const whole = await train();
    for (const throws of [true, false]) {
      const controller = new AbortController();
      const interrupted = await train({
        signal: controller.signal,
        validate: (_, signal) => {
          controller.abort();
          if (throws) signal?.throwIfAborted();
          return Promise.resolve({ score: whole.history[0]?.score ?? 0 });
        },
      });
      expect(interrupted.ending).toBe('interrupted');
      expect(interrupted.history).toHaveLength(throws ? 0 : 1);
      expectSame(await train({ resume: interrupted.state }), whole);
    }
  });

  test('stopped after an epoch and resumed, with averaged weights too: the weights of an uninterrupted run', async () => {
    for (const averageDecay of [0, 0.9]) {
      const stopped = await train({ averageDecay, stopAfter: 1 });
      expect(stopped.ending).toBe('interrupted');
      expect(stopped.history).toHaveLength(1);
      const resumed = await train({ averageDecay, resume: stopped.state });
      expectSame(resumed, await train({ averageDecay }));
      expect(resumed.ending).toBe('completed');
    }
  });

  test('validates and saves the moving average of the weights, and trains on as if there were none', async () => {
    const decay = 0.9;
    const plain: (readonly number[])[] = [];
    const states: TrainingState[] = [];
    const keep = (state: TrainingState) => Promise.resolve(void states.push(state));
    await expect(train({ saveState: keep, saveEverySteps: 1, epochs: 1 })).rejects.toThrow('no state was saved');
    for (const { parameters: own } of states.slice(0, STEPS_PER_EPOCH))
      plain.push([...(own['head/kernel']?.values ?? [])]);
    const averaged = await train({ averageDecay: decay, epochs: 1 });
    let expected = [...(await initialWeights('head/kernel'))];
    plain.forEach((weights, index) => {
      const rate = 1 - Math.min(decay, (2 + index) / (11 + index));
      expected = expected.map((average, i) => average + rate * ((weights[i] ?? 0) - average));
    });
    const found = [...(averaged.state.averages?.['head/kernel']?.values ?? [])];
    expect(found).toHaveLength(HIDDEN);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
    expect(averaged.state.parameters).toEqual((await train({ epochs: 1 })).state.parameters);
    const squares = Object.values(averaged.state.averages ?? {}).flatMap(({ values }) => [...values]);
    expect(-(averaged.history[0]?.score ?? 0)).toBeCloseTo(
      squares.reduce((sum, value) => sum + value * value, 0),
      4,
    );
  });

  test('aborted before it starts, it only saves', async () => {
    const interrupted = await train({ signal: AbortSignal.abort() });
    expect(interrupted.state.optimizer.step).toBe(0);
    expectSame(await train({ resume: interrupted.state }), await train());
  });

  test('a state saved between epochs resumes exactly', async () => {
    const states: TrainingState[] = [];
    const saveState = (state: TrainingState) => Promise.resolve(void states.push(state));
    await expect(train({ saveState, saveEverySteps: 3 })).rejects.toThrow('no state was saved');
    expect(states.map(({ optimizer }) => optimizer.step)).toEqual([3, 5, 6, 9, 10, 12, 15, 15, 18, 20]);
    const middle = states.find(({ optimizer }) => optimizer.step === 12);
    if (middle === undefined) throw new Error('no state after step 12');
    expectSame(await train({ resume: middle }), await train());
  });

  test('stops after `patience` epochs without a better score, also when resumed', async () => {
    const scores = [1, 3, 2, 3, 1, 9];
    const validate = (epoch: number) => Promise.resolve({ score: scores[epoch - 1] ?? 0, metrics: { epoch } });
    const stopped = await train({ epochs: 6, patience: 3, validate });
    expect(stopped.ending).toBe('stopped early');
    expect(stopped.history.map(({ score }) => score)).toEqual([1, 3, 2, 3, 1]);
    expect(stopped.bestEpochs).toEqual([1, 2]);
    const half = await train({ epochs: 3, patience: 3, validate });
    expectSame(await train({ epochs: 6, patience: 3, validate, resume: half.state }), stopped);
  });

  test('a finished run that is resumed is finished', async () => {
    const whole = await train();
    const again = train({ resume: whole.state });
    await expect(again).rejects.toThrow('no state was saved');
  });

  test('tells of each epoch once it is saved; what is thrown then ends it, and it can be gone on with', async () => {
    const told: EpochRecord[] = [];
    const states: TrainingState[] = [];
    const saveState = (state: TrainingState): Promise<void> => Promise.resolve(void states.push(state));
    const refuse = (record: EpochRecord): void => {
      told.push(record);
      expect(states.at(-1)?.position.history.at(-1)).toBe(record);
      if (record.epoch === 2) throw new Error('enough');
    };
    await expect(train({ saveState, onEpoch: refuse })).rejects.toThrow('enough');
    const whole = await train({ resume: states.at(-1) as TrainingState, onEpoch: (record) => told.push(record) });
    expect(told).toEqual(whole.history);
    expectSame(whole, await train());
  });

  test('writes a JSON line an epoch, never twice', async () => {
    const logFile = join(folder, 'log.jsonl');
    const half = await train({ epochs: 2, logFile });
    const whole = await train({ resume: half.state, logFile });
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(whole.history);
  });

  test('a loss that is not finite stops it with the step and a way out, and nothing is saved', async () => {
    let saved = 0;
    const diverging = train({
      loss: (batch, weights, { step, dropoutSeed }) =>
        tf.mul(lossOf(batch, weights, dropoutSeed), step === 7 ? NaN : 1),
      saveState: () => Promise.resolve(void saved++),
    });
    await expect(diverging).rejects.toThrow(UserError);
    await expect(diverging).rejects.toThrow(
      /training step 8 \(epoch 2, batch 3\): the loss is NaN.*lower learning rate/,
    );
    expect(saved).toBe(1);
  });

  test('so do gradients that are not finite under a finite loss', async () => {
    const diverging = train({
      loss: (batch, weights, { dropoutSeed }) => {
        const zero = tf.sum(tf.mul(weights['head/bias'] as tf.Variable, 0));
        return tf.add(lossOf(batch, weights, dropoutSeed), tf.sqrt(zero));
      },
    });
    await expect(diverging).rejects.toThrow(/the gradients are not finite/);
  });

  test('an epoch without batches is a defect', async () => {
    await expect(train({ batches: () => [] })).rejects.toThrow('epoch 1 had no batches');
  });

  test('keeps the number of tensors constant, and leaves none behind', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await train({
      epochs: 6,
      batches: async function* (request: BatchRequest) {
        for await (const batch of batchesOf(request)) {
          counts.push(tf.memory().numTensors);
          yield batch;
        }
      },
    });
    expect(counts).toHaveLength(6 * STEPS_PER_EPOCH);
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    await expect(train({ loss: () => tf.scalar(NaN) })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('reads one tensor a step, at its end', async () => {
    const reads: number[][] = [];
    const backend = tf.backend() as unknown as { read: (dataId: object) => Promise<Float32Array> };
    const read = backend.read.bind(backend);
    let tensorsInStep = 0;
    backend.read = async (dataId) => {
      const values = await read(dataId);
      reads.push([values.length, tf.memory().numTensors - tensorsInStep]);
      return values;
    };
    try {
      await train({
        epochs: 1,
        validate: () => Promise.resolve({ score: 0 }),
        batches: async function* (request: BatchRequest) {
          for await (const batch of batchesOf(request)) {
            tensorsInStep = tf.memory().numTensors;
            yield batch;
          }
          reads.push([]);
        },
      });
    } finally {
      backend.read = read;
    }
    // Loss and norm, and nothing else is alive.
    const steps = reads.slice(
      0,
      reads.findIndex((entry) => entry.length === 0),
    );
    expect(steps).toEqual(Array.from({ length: STEPS_PER_EPOCH }, () => [2, 1]));
  });
});
