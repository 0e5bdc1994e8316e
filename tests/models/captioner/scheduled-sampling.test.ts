/** Which words scheduled sampling replaces, and that what is asked for stays as it is. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { captionerLogits, captionerLoss } from '../../../src/models/captioner/index.js';
import { replaceWords } from '../../../src/models/captioner/scheduled-sampling.js';
import { TINY, tinyGrid, tinyParameters } from './tiny.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const INPUTS = [
  [1, 4, 5, 6],
  [1, 5, 7, 0],
];

async function replaced(probability: number, seed = 3): Promise<number[][]> {
  const inputs = tf.tensor2d(INPUTS, undefined, 'int32');
  const words = replaceWords(
    TINY,
    tinyParameters(TINY),
    { grid: tinyGrid(2), inputs, paddingId: 0 },
    { probability: tf.scalar(probability), seed: tf.scalar(seed, 'int32') },
  );
  return (await words.array()) as number[][];
}

test('replaces no word at 0; at 1 each by the likeliest after the true words before it', async () => {
  expect(await replaced(0)).toEqual(INPUTS);
  const inputs = tf.tensor2d(INPUTS, undefined, 'int32');
  const logits = captionerLogits(TINY, tinyParameters(TINY), { grid: tinyGrid(2), tokens: inputs });
  const likeliest = (await tf.argMax(logits, 2).array()) as number[][];
  const all = await replaced(1);
  for (const [row, words] of INPUTS.entries()) {
    words.forEach((word, time) => {
      const expected = time === 0 || word === 0 ? word : likeliest[row]?.[time - 1];
      expect(all[row]?.[time]).toBe(expected);
    });
  }
});

test('in between it replaces some, others with another seed', async () => {
  const words = INPUTS.flat().length - INPUTS.length - 1;
  const all = await replaced(1);
  let count = 0;
  const seen = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const some = await replaced(0.5, seed * 1000);
    seen.add(JSON.stringify(some));
    some.flat().forEach((word, index) => {
      expect([INPUTS.flat()[index], all.flat()[index]]).toContain(word);
    });
    count += some.flat().filter((word, index) => word !== INPUTS.flat()[index]).length;
  }
  const replaceable = all.flat().filter((word, index) => word !== INPUTS.flat()[index]).length;
  expect(replaceable).toBeGreaterThan(words / 2);
  expect(count / (40 * replaceable)).toBeGreaterThan(0.3);
  expect(count / (40 * replaceable)).toBeLessThan(0.7);
  expect(seen.size).toBeGreaterThan(4);
});

test('only what is fed changes, never what is asked for', async () => {
  const grid = tinyGrid(2);
  const tokens = tf.tensor2d(
    [
      [1, 4, 5, 6, 2],
      [1, 5, 7, 2, 0],
    ],
    undefined,
    'int32',
  );
  const lossAt = async (probability: number): Promise<number> => {
    const { loss, tokens: counted } = captionerLoss(
      TINY,
      tinyParameters(TINY),
      { grid, tokens },
      {
        scheduledSampling: { probability: tf.scalar(probability), seed: tf.scalar(1, 'int32') },
      },
    );
    expect((await counted.data())[0]).toBe(7);
    return (await loss.data())[0] ?? NaN;
  };
  const plain = (await captionerLoss(TINY, tinyParameters(TINY), { grid, tokens }).loss.data())[0] ?? NaN;
  expect(await lossAt(0)).toBeCloseTo(plain, 6);
  expect(Math.abs((await lossAt(1)) - plain)).toBeGreaterThan(1e-3);
});
