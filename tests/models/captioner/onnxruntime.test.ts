/** The captioner on the backend it is made for: same numbers as on `cpu`, natively, in one session. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { backendStatistics, compile } from '../../../src/backend/index.js';
import { type Candidate, createBeamSearch } from '../../../src/decoding/index.js';
import {
  type CaptionerConfig,
  captionerLoss,
  createCaptionerParameters,
  startCaptions,
  stepCaptions,
} from '../../../src/models/captioner/index.js';
import { Random } from '../../../src/shared/random.js';
import { toTensors } from '../../layers/helpers/numeric.js';
import { ALL_CONFIGS, tinyGrid } from './tiny.js';

const TOKENS = [
  [1, 4, 5, 6, 2],
  [1, 5, 2, 0, 0],
  [1, 7, 8, 4, 2],
  [1, 6, 6, 2, 0],
];

const RATES = { embedding: 0.2, features: 0.2, layers: 0.2, output: 0.2 };

/** Losses of three steps of gradient descent, with dropout and all. */
async function train(backend: string, config: CaptionerConfig): Promise<number[]> {
  await tf.setBackend(backend);
  const grid = tinyGrid(2, config);
  const tokens = tf.tensor2d(TOKENS, undefined, 'int32');
  const initial = toTensors(createCaptionerParameters(config, new Random(3)));
  const variables = Object.fromEntries(Object.entries(initial).map(([name, tensor]) => [name, tf.variable(tensor)]));
  const optimizer = tf.train.sgd(0.5);
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    const loss = tf.tidy(() => {
      const options = {
        training: { dropoutSeed: tf.scalar(step, 'int32') },
        labelSmoothing: 0.1,
        attentionRegularization: 1,
      };
      const compute = (): tf.Scalar => captionerLoss(config, variables, { grid, tokens }, options).loss;
      return optimizer.minimize(compute, true) as tf.Scalar;
    });
    losses.push((await loss.data())[0] as number);
    loss.dispose();
  }
  tf.dispose([...Object.values(variables), ...Object.values(initial), grid, tokens]);
  return losses;
}

async function search(backend: string, config: CaptionerConfig): Promise<Candidate[][]> {
  await tf.setBackend(backend);
  const parameters = toTensors(createCaptionerParameters(config, new Random(4)));
  const grid = tinyGrid(2, config);
  const beam = createBeamSearch({
    step: (tokens, state) => stepCaptions(config, parameters, state, tokens),
    startId: 1,
    endId: 2,
    suppressedIds: [0, 1, 3],
    beamWidth: 3,
    maximumLength: 5,
    candidates: 3,
    attention: true,
    compile,
  });
  const start = startCaptions(config, parameters, grid);
  const found = await beam.decode(start, 2);
  beam.dispose();
  tf.dispose([...start.perRow, ...start.perImage, ...Object.values(parameters), grid]);
  return found;
}

describe.each(ALL_CONFIGS)('%s', (_, tiny) => {
  const config = { ...tiny, layers: 2, dropout: RATES };

  test('trains as on cpu: one flush a step, one session, no fallback', async () => {
    const expected = await train('cpu', config);
    const before = backendStatistics();
    const found = await train('onnxruntime', config);
    const after = backendStatistics();
    found.forEach((loss, step) => expect(loss).toBeCloseTo(expected[step] as number, 4));
    expect(after.fallbacks).toEqual(before.fallbacks);
    expect(after.flushes - before.flushes).toBe(3);
    expect(after.sessionsCreated - before.sessionsCreated).toBeLessThanOrEqual(2);
  });

  test('decodes as on cpu, compiled', async () => {
    const expected = await search('cpu', config);
    const before = backendStatistics();
    const found = await search('onnxruntime', config);
    expect(backendStatistics().fallbacks).toEqual(before.fallbacks);
    found.forEach((candidates, image) =>
      candidates.forEach(({ tokens, logProbability, attention = [] }, rank) => {
        const other = expected[image]?.[rank];
        expect(tokens).toEqual(other?.tokens);
        expect(logProbability).toBeCloseTo(other?.logProbability ?? NaN, 4);
        attention.forEach((weights, time) =>
          weights.forEach((weight, position) =>
            expect(weight).toBeCloseTo(other?.attention?.[time]?.[position] ?? NaN, 4),
          ),
        );
      }),
    );
  });
});
