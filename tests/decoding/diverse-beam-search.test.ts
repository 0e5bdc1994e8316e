/** Diverse beam search against a plain version of its paper's algorithm, and what its penalty brings about. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { beamSearch } from '../../src/decoding/index.js';
import { createToyModel, END, START, type ToyModel } from './toy-model.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Beam {
  readonly tokens: readonly number[];
  readonly logProbability: number;
}

interface Settings {
  readonly groups: number;
  readonly groupWidth: number;
  readonly penalty: number;
  readonly maximumLength: number;
}

/** One step of one group, written as the paper has it: no batches, no early stop, the whole vocabulary ranked. */
function stepGroup(
  model: ToyModel,
  image: number,
  live: readonly Beam[],
  taken: readonly number[],
  { groupWidth, penalty, maximumLength }: Settings,
): { readonly live: readonly Beam[]; readonly finished: readonly Beam[] } {
  const ranked = live.flatMap(({ tokens, logProbability }) =>
    model.logProbabilities(image, tokens).flatMap((added, token) => {
      if (token === START || (token !== END && tokens.length >= maximumLength)) return [];
      const extended = { tokens: token === END ? tokens : [...tokens, token], logProbability: logProbability + added };
      const loss = token === END ? 0 : penalty * taken.filter((other) => other === token).length;
      return [{ token, extended, rank: extended.logProbability - loss }];
    }),
  );
  ranked.sort((a, b) => b.rank - a.rank);
  const finished = ranked.slice(0, groupWidth).filter(({ token }) => token === END);
  const going = ranked.filter(({ token }) => token !== END).slice(0, groupWidth);
  return { live: going.map(({ extended }) => extended), finished: finished.map(({ extended }) => extended) };
}

function naive(model: ToyModel, image: number, settings: Settings): Beam[] {
  let groups: (readonly Beam[])[] = Array.from({ length: settings.groups }, () => [{ tokens: [], logProbability: 0 }]);
  const finished: Beam[] = [];
  for (let time = 0; time <= settings.maximumLength; time++) {
    const taken: number[] = [];
    groups = groups.map((live) => {
      const next = stepGroup(model, image, live, taken, settings);
      taken.push(...next.live.map(({ tokens }) => tokens.at(-1) ?? END));
      finished.push(...next.finished);
      return next.live;
    });
  }
  const distinct = new Map(finished.map((beam) => [beam.tokens.join(), beam]));
  return [...distinct.values()].sort((a, b) => b.logProbability - a.logProbability);
}

const diverse = (model: ToyModel, images: number, { groups, groupWidth, penalty, maximumLength }: Settings) =>
  beamSearch({
    step: model.step,
    startId: START,
    endId: END,
    suppressedIds: [START],
    maximumLength,
    beamWidth: groups * groupWidth,
    groups,
    diversityPenalty: penalty,
    // As many as there can be: no search stops early.
    candidates: 100,
    start: model.start(images),
    images,
  });

test('groups with a penalty find what a plain implementation finds, for many images at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1e6 }),
      fc.record({
        groups: fc.integer({ min: 1, max: 3 }),
        groupWidth: fc.integer({ min: 1, max: 2 }),
        penalty: fc.constantFrom(0, 0.3, 1, 4),
        maximumLength: fc.integer({ min: 1, max: 4 }),
      }),
      async (seed, settings) => {
        const model = createToyModel(6, seed);
        const found = await diverse(model, 2, settings);
        for (const [image, candidates] of found.entries()) {
          const expected = naive(model, image, settings);
          expect(candidates.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
          candidates.forEach(({ logProbability }, index) =>
            expect(logProbability).toBeCloseTo(expected[index]?.logProbability ?? NaN, 4),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a strong penalty makes every group begin with another word', async () => {
  const beginnings = async (penalty: number): Promise<number> => {
    const settings = { groups: 3, groupWidth: 1, penalty, maximumLength: 3 };
    const [candidates = []] = await diverse(createToyModel(7, 3), 1, settings);
    return new Set(candidates.flatMap(({ tokens }) => tokens.slice(0, 1))).size;
  };
  expect(await beginnings(0)).toBe(1);
  expect(await beginnings(50)).toBe(3);
});

test.each([
  [{ groups: 2, groupWidth: 1.5 }, 'groups'],
  [{ groups: 2, groupWidth: 1, penalty: -1 }, 'diversityPenalty'],
])('%j is refused', async (change, name) => {
  const settings = { penalty: 0, maximumLength: 3, ...change };
  await expect(diverse(createToyModel(6, 1), 1, settings)).rejects.toThrow(name);
});
