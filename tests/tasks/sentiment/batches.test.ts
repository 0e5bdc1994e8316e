/** Batches of texts: padding, windows, unknown words, and the halves of long texts. */
import { expect, test } from 'vitest';
import { Random } from '../../../src/shared/random.js';
import { batchOf, stepsFor, trainingBatches } from '../../../src/tasks/sentiment/batches.js';
import { readTokens } from '../../../src/tasks/sentiment/tokens.js';

const config = { window: 4 };

test('a batch is padded to whole windows, time first', () => {
  const batch = batchOf(config, [Int32Array.of(5, 6, 7, 8, 9), Int32Array.of(4)], 3);
  expect({ time: batch.time, rows: batch.rows, lengths: [...batch.lengths] }).toEqual({
    time: 8,
    rows: 3,
    lengths: [5, 1, 0],
  });
  expect([...batch.tokens.slice(0, 6)]).toEqual([5, 4, 0, 6, 0, 0]);
  expect([stepsFor({ window: 0 }, 17), stepsFor(config, 0)]).toEqual([32, 4]);
});

test('an epoch has every text, goes on after what is skipped, and makes words unknown', () => {
  const texts = Array.from({ length: 10 }, (_, i) => ({ ids: new Int32Array(1 + (i % 5)).fill(10 + i), label: i % 2 }));
  const batches = (skip: number, wordDropout = 0) => [
    ...trainingBatches(texts, { config, batchSize: 4, wordDropout, random: new Random(1), skip }),
  ];
  const all = batches(0);
  expect(all.map(({ rows }) => rows)).toEqual([4, 4, 4]);
  expect(new Set(all.flatMap(({ tokens }) => [...tokens]).filter((id) => id > 0)).size).toBe(10);
  expect(batches(2)).toEqual(all.slice(2));
  expect(batches(2, 0.5)).toEqual(batches(0, 0.5).slice(2));
  const ids = batches(0, 0.5).flatMap(({ tokens }) => [...tokens].filter((id) => id > 0));
  const unknown = ids.filter((id) => id === 3).length / ids.length;
  expect(unknown).toBeGreaterThan(0.2);
  expect(unknown).toBeLessThan(0.8);
});

test('of a long text the first and the last half are read', () => {
  const text = Array.from({ length: 9 }, (_, i) => `w${i}`).join(' ');
  const read = readTokens(text, { unit: 'word', maximumLength: 5 });
  expect(read.cut).toBe(true);
  expect(read.tokens.map(({ token }) => token)).toEqual(['w0', 'w1', 'w2', 'w7', 'w8']);
  expect(readTokens(text, { unit: 'word', maximumLength: 9 }).cut).toBe(false);
});
