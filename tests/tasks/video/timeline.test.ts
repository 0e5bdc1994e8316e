/** At which frames a timeline looks, and what it says. */
import { describe, expect, test } from 'vitest';
import type { VideoModelConfig } from '../../../src/tasks/video/model.js';
import { samplingOf, timelineOf } from '../../../src/tasks/video/timeline.js';

const CONFIG = { frames: 8, windows: 2 } as VideoModelConfig;

describe('frames', () => {
  test('without a timeline are those of the windows', () => {
    expect(samplingOf(CONFIG, {})).toEqual({ frames: 8, windows: 2, samplings: [{ frames: 8, windows: 2 }] });
  });

  test('a timeline has some of its own, no fewer than the windows have', () => {
    const { samplings } = samplingOf(CONFIG, { timeline: true });
    expect(samplings).toEqual([
      { frames: 8, windows: 2 },
      { rate: 8, atLeast: 16, atMost: 240 },
    ]);
  });

  test.each([{ frames: 32 }, { windows: 1 }])('those that are asked for (%j) serve the timeline too', (chosen) => {
    const expected = { ...CONFIG, ...chosen };
    expect(samplingOf(CONFIG, { ...chosen, timeline: true })).toEqual({ ...expected, samplings: [expected] });
  });
});

describe('a timeline', () => {
  const at = (time: number, ...probabilities: number[]) => ({
    time,
    probabilities: Float32Array.from(probabilities),
  });

  test('changes where many moments agree, not for a single one', () => {
    const seen = Array.from({ length: 40 }, (_, index) =>
      index < 20 !== (index === 5) ? at(index / 8, 0.9, 0.1) : at(index / 8, 0.1, 0.9),
    );
    const timeline = timelineOf(seen, ['one', 'other']);
    expect(timeline.map(({ label }) => label)).toEqual([
      ...new Array<string>(20).fill('one'),
      ...new Array<string>(20).fill('other'),
    ]);
    expect(timeline[5]).toEqual({ time: 0.625, label: 'one', probability: 0.1 });
  });

  test('tells a frame that repeats once', () => {
    const timeline = timelineOf([at(0, 1, 0), at(0, 1, 0), at(0.5, 1, 0)], ['one', 'other']);
    expect(timeline.map(({ time }) => time)).toEqual([0, 0.5]);
  });

  test('of one moment is what that shows', () => {
    expect(timelineOf([at(0, 0.25, 0.75)], ['one', 'other'])).toEqual([{ time: 0, label: 'other', probability: 0.75 }]);
  });
});
