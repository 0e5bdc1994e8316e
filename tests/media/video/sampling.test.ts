/** At which times clips are looked at: evenly, at random and in windows, always inside the span, in rising order. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  denseTimes,
  evenTimes,
  mostSampled,
  randomTimes,
  sampledTimes,
  windowsOf,
  windowTimes,
} from '../../../src/media/video/index.js';
import { Random } from '../../../src/shared/random.js';

test('even times are the middles of equal parts', () => {
  expect(evenTimes({ from: 0, to: 4 }, 4)).toEqual([0.5, 1.5, 2.5, 3.5]);
  expect(evenTimes({ from: 2, to: 3 }, 1)).toEqual([2.5]);
  expect(windowsOf({ from: 0, to: 4 }, 2)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 4 },
  ]);
  expect(windowTimes({ from: 0, to: 4 }, { frames: 2, windows: 2 })).toEqual([0.5, 1.5, 2.5, 3.5]);
});

test('drawn times rise, stay inside, and are the same for the same seed', () => {
  const spans = fc.record({
    from: fc.double({ min: 0, max: 100, noNaN: true }),
    length: fc.double({ min: 0.01, max: 1e4, noNaN: true }),
  });
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 50 }), fc.nat(), ({ from, length }, count, seed) => {
      const span = { from, to: from + length };
      for (const draw of [
        (random: Random) => randomTimes(span, count, random),
        (random: Random) => denseTimes(span, count, 0.5, random),
      ]) {
        const times = draw(new Random(seed));
        expect(times).toEqual(draw(new Random(seed)));
        expect(times).toHaveLength(count);
        times.forEach((time, index) => {
          expect(time).toBeGreaterThanOrEqual(index === 0 ? span.from : (times[index - 1] as number));
          expect(time).toBeLessThanOrEqual(span.to + 1e-9);
        });
      }
    }),
  );
});

describe('how many frames are taken', () => {
  const sampling = { rate: 4, atLeast: 3, atMost: 20 };

  test.each([
    [0.1, 3],
    [2, 8],
    [60, 20],
  ])('of %d s: %d', (seconds, count) => {
    const span = { from: 1, to: 1 + seconds };
    expect(sampledTimes(span, [sampling])).toEqual(evenTimes(span, count));
  });

  test('in windows', () => {
    const span = { from: 0, to: 4 };
    expect(sampledTimes(span, [{ frames: 2, windows: 2 }])).toEqual(windowTimes(span, { frames: 2, windows: 2 }));
    expect(sampledTimes(span, [{ frames: 3 }, { frames: 2 }])).toEqual([...evenTimes(span, 3), ...evenTimes(span, 2)]);
  });

  test('at most', () => {
    expect(mostSampled([sampling, { frames: 5 }, { frames: 5, windows: 3 }])).toBe(40);
  });
});
