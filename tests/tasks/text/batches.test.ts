/** How texts become batches: by sequences, and by windows whose state goes on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/shared/random.js';
import {
  countSequenceBatches,
  countWindowBatches,
  padSequence,
  sequenceBatches,
  stretchesOf,
  type TextBatch,
  windowBatches,
} from '../../../src/tasks/text/batches.js';
import { END_ID, START_ID } from '../../../src/text/vocabulary.js';

/** A sequence of START, distinct numbers from `first` on, END. */
const sequence = (first: number, length: number): Int32Array =>
  Int32Array.from([START_ID, ...Array.from({ length }, (_, i) => first + i), END_ID]);

const someSequences = fc
  .array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 })
  .map((lengths) => lengths.map((length, index) => sequence(100 * (index + 1), length)));

/** The targets that count, and what is fed for each. */
function pairsOf(batches: Iterable<TextBatch>): string[] {
  return [...batches].flatMap(({ tokens, targets }) =>
    [...targets].flatMap((target, at) => (target === 0 ? [] : [`${tokens[at]}>${target}`])),
  );
}

const expectedPairs = (sequences: readonly Int32Array[]): string[] =>
  sequences.flatMap((ids) => [...ids.slice(1)].map((target, at) => `${ids[at]}>${target}`));

describe('by sequence', () => {
  test('every token is predicted once, from the one before it', () => {
    fc.assert(
      fc.property(
        someSequences,
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.integer({ min: 1, max: 20 })),
        (all, batchSize, chunk) => {
          const stretches = stretchesOf(all, chunk ?? undefined, 'x');
          const batches = [...sequenceBatches(stretches, { batchSize, random: new Random(1) })];
          expect(batches.length).toBe(countSequenceBatches(stretches, batchSize));
          expect(pairsOf(batches).sort()).toEqual(expectedPairs(all).sort());
          for (const { counted, targets } of batches) expect(counted).toBe(targets.filter((id) => id !== 0).length);
        },
      ),
    );
  });

  test('one too long for a graph is refused', () => {
    expect(() => stretchesOf([sequence(9, 5000)], undefined, 'a.txt')).toThrow('a.txt: has a document of 5001 units');
    expect(stretchesOf([sequence(9, 5000)], 100, 'a.txt')).toHaveLength(51);
  });

  test('padding that is learned takes the place of END', () => {
    expect([...padSequence(sequence(10, 3), 4, 7)]).toEqual([START_ID, 10, 11, 12, 7]);
    expect([...padSequence(sequence(10, 4), 4, 7)]).toEqual([START_ID, 10, 11, 12, 13]);
  });
});

describe('in windows', () => {
  test('rows go on where they ended, and nothing is fed twice', () => {
    fc.assert(
      fc.property(
        someSequences,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 40 }),
        (all, batchSize, window) => {
          const batches = [...windowBatches(all, { batchSize, window, random: new Random(2) })];
          expect(batches.length).toBe(countWindowBatches(all, batchSize, window));
          expect(batches.map(({ fresh }) => fresh)).toEqual(batches.map((_, index) => index === 0));
          const pairs = pairsOf(batches);
          const expected = new Set(expectedPairs(all));
          expect(pairs.every((pair) => expected.has(pair))).toBe(true);
          const { rows } = batches[0] as TextBatch;
          // What does not fill all rows is left out; START is never predicted.
          expect(pairs.length).toBeGreaterThan(expected.size - rows - all.length);
          for (let row = 0; row < rows; row++) {
            const fed = batches.flatMap(({ tokens, time }) =>
              Array.from({ length: time }, (_, step) => tokens[step * rows + row] as number),
            );
            const stream = new Random(2).shuffled(all).flatMap((ids) => [...ids]);
            const start = row * fed.length;
            expect(fed).toEqual(stream.slice(start, start + fed.length));
          }
        },
      ),
    );
  });

  test('with one row, nothing is left out', () => {
    const all = [sequence(10, 5)];
    expect(pairsOf(windowBatches(all, { batchSize: 1, window: 4, random: new Random(1) }))).toEqual(expectedPairs(all));
  });
});
