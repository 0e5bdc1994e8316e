/** Beam search and greedy decoding against brute force and plain searches: sentences, scores, the work they take. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  beamSearch,
  type BeamSearchOptions,
  type Candidate,
  type CostOf,
  createBeamSearch,
  greedy,
  type LengthFormula,
} from '../../src/decoding/index.js';
import { createToyModel, END, START, type ToyModel } from './toy-model.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Rules {
  readonly maximumLength: number;
  readonly minimumLength: number;
  readonly noRepeatNgram: number;
  readonly lengthPenalty: number;
  readonly lengthFormula: LengthFormula;
  readonly candidates: number;
  readonly costOf?: CostOf;
}

const anyRules = fc
  .record({
    maximumLength: fc.integer({ min: 1, max: 4 }),
    minimumLength: fc.integer({ min: 0, max: 4 }),
    noRepeatNgram: fc.integer({ min: 0, max: 3 }),
    lengthPenalty: fc.constantFrom(-1, 0, 0.6, 1, 2.5),
    lengthFormula: fc.constantFrom<LengthFormula>('wu', 'average'),
    candidates: fc.integer({ min: 1, max: 6 }),
  })
  .map((rules) => ({ ...rules, minimumLength: Math.min(rules.minimumLength, rules.maximumLength) }));

const anySeed = fc.integer({ min: 0, max: 1e6 });

const SUPPRESSED = [START];

function optionsFor(model: ToyModel, rules: Rules, beamWidth: number): BeamSearchOptions {
  return { ...rules, step: model.step, startId: START, endId: END, suppressedIds: SUPPRESSED, beamWidth };
}

function scoreOf(logProbability: number, length: number, { lengthPenalty, lengthFormula }: Rules): number {
  const base = lengthFormula === 'wu' ? (5 + length) / 6 : length;
  return logProbability / base ** lengthPenalty;
}

function hasRepeat(tokens: readonly number[], size: number): boolean {
  if (size === 0) return false;
  const grams = tokens.slice(size - 1).map((_, begin) => tokens.slice(begin, begin + size).join());
  return new Set(grams).size < grams.length;
}

interface Partial {
  readonly tokens: readonly number[];
  readonly logProbability: number;
  readonly cost: number;
}

/** Each hypothesis extended by each permitted token, or ended. */
function extensionsOf(model: ToyModel, image: number, live: readonly Partial[], rules: Rules) {
  return live.flatMap(({ tokens, logProbability: before, cost: paid }) => {
    const all = model.logProbabilities(image, tokens);
    return all.flatMap((added, token) => {
      const logProbability = before + added;
      const cost = paid + (rules.costOf?.([START, ...tokens])(token) ?? 0);
      if (token === END) {
        return tokens.length >= rules.minimumLength ? [{ tokens, logProbability, cost, ended: true }] : [];
      }
      const longer = [...tokens, token];
      const barred = SUPPRESSED.includes(token) || tokens.length >= rules.maximumLength;
      return barred || hasRepeat(longer, rules.noRepeatNgram) ? [] : [{ tokens: longer, logProbability, cost, ended: false }]; // prettier-ignore
    });
  });
}

/** Beam search as the docstring has it, with no thought for speed and without stopping early. */
function plainBeamSearch(model: ToyModel, image: number, rules: Rules, beamWidth: number): Candidate[] {
  let live: Partial[] = [{ tokens: [], logProbability: 0, cost: 0 }];
  const worthOf = ({ logProbability, cost }: Partial): number => logProbability - cost;
  const finished: Candidate[] = [];
  while (live.length > 0) {
    const ranked = extensionsOf(model, image, live, rules).sort((a, b) => worthOf(b) - worthOf(a));
    for (const { ended, ...found } of ranked.slice(0, beamWidth)) {
      const { tokens, logProbability } = found;
      if (ended) finished.push({ tokens, logProbability, score: scoreOf(worthOf(found), tokens.length + 1, rules) });
    }
    live = ranked.filter(({ ended }) => !ended).slice(0, beamWidth);
  }
  return finished.sort((a, b) => b.score - a.score).slice(0, rules.candidates);
}

/** All sentences there are. */
function bruteForce(model: ToyModel, image: number, rules: Rules): Candidate[] {
  return plainBeamSearch(model, image, rules, Infinity);
}

/** Of the tokens and END. */
function logProbabilityOf(model: ToyModel, image: number, tokens: readonly number[]): number {
  return [...tokens, END].reduce(
    (sum, token, at) => sum + (model.logProbabilities(image, tokens.slice(0, at))[token] ?? NaN),
    0,
  );
}

function expectSame(found: readonly Candidate[] | undefined, expected: readonly Candidate[]): void {
  expect(found?.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
  found?.forEach(({ logProbability, score }, index) => {
    expect(logProbability).toBeCloseTo(expected[index]?.logProbability ?? NaN, 3);
    expect(score).toBeCloseTo(expected[index]?.score ?? NaN, 3);
  });
}

describe('beam search', () => {
  test('equals brute force when the beam holds every sentence', async () => {
    const property = fc.asyncProperty(anySeed, anyRules, async (seed, rules) => {
      const model = createToyModel(5, seed);
      const beamWidth = 4 ** rules.maximumLength;
      const images = 2;
      const start = model.start(images);
      const found = await beamSearch({ ...optionsFor(model, rules, beamWidth), start, images });
      found.forEach((candidates, image) => expectSame(candidates, bruteForce(model, image, rules)));
    });
    await fc.assert(property, { numRuns: 60, seed: 1 });
  });

  test('with narrow beams equals a plain search that never stops early', async () => {
    const property = fc.asyncProperty(anySeed, anyRules, fc.integer({ min: 1, max: 5 }), async (seed, rules, width) => {
      const longer = { ...rules, maximumLength: rules.maximumLength * 3 };
      const model = createToyModel(8, seed);
      const images = 3;
      const found = await beamSearch({ ...optionsFor(model, longer, width), start: model.start(images), images });
      found.forEach((candidates, image) => expectSame(candidates, plainBeamSearch(model, image, longer, width)));
    });
    await fc.assert(property, { numRuns: 80, seed: 2 });
  });

  test('costs of tokens after others rank and score, and leave log-probabilities as they are', async () => {
    const widths = fc.constantFrom(1, 2, 3, 4 ** 4);
    const property = fc.asyncProperty(
      anySeed,
      anyRules,
      widths,
      fc.double({ min: 0, max: 3, noNaN: true }),
      async (seed, rules, width, most) => {
        // Depends on the two tokens before, where there are so many, and on END too.
        const costOf: CostOf = (before) => (token) => (most * ((7 * token + 5 * (before.at(-1) ?? 0) + 3 * (before.at(-2) ?? 0)) % 4)) / 3; // prettier-ignore
        const costly = { ...rules, costOf };
        const model = createToyModel(5, seed);
        const images = 2;
        const found = await beamSearch({ ...optionsFor(model, costly, width), start: model.start(images), images });
        found.forEach((candidates, image) => {
          expectSame(candidates, plainBeamSearch(model, image, costly, width));
          for (const { tokens, logProbability } of candidates) {
            expect(logProbability).toBeCloseTo(logProbabilityOf(model, image, tokens), 3);
          }
        });
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 3 });
  });

  const RULES: Rules = {
    maximumLength: 8,
    minimumLength: 3,
    noRepeatNgram: 0,
    lengthPenalty: 0.7,
    lengthFormula: 'wu',
    candidates: 3,
  };

  test('an image gets what it gets alone; steps do not grow with images, rows do linearly', async () => {
    const model = createToyModel(12, 5);
    const calls: number[][] = [];
    for (const images of [1, 4, 16]) {
      const rows: number[] = [];
      const step: ToyModel['step'] = (tokens, state) => {
        rows.push(tokens.size);
        return model.step(tokens, state);
      };
      const options = { ...optionsFor(model, RULES, 3), step };
      const found = await beamSearch({ ...options, start: model.start(images), images });
      found.forEach((candidates, image) => expectSame(candidates, plainBeamSearch(model, image, RULES, 3)));
      expect(new Set(rows)).toEqual(new Set([3 * images]));
      calls.push(rows);
    }
    for (const rows of calls) expect(rows.length).toBeLessThanOrEqual(RULES.maximumLength + 1);
  });

  test('stops as soon as nothing can change', async () => {
    let steps = 0;
    const step: ToyModel['step'] = (tokens, state) => {
      steps++;
      return { logits: tf.tile(tf.tensor2d([[0, 8, 1, 0]]), [tokens.size, 1]), state };
    };
    const options = { step, startId: START, endId: END, maximumLength: 50, beamWidth: 2 };
    const [found] = await beamSearch({ ...options, start: { perRow: [], perImage: [] }, images: 1 });
    expect(found?.[0]?.tokens).toEqual([]);
    expect(steps).toBe(1);
  });

  test('carries the attention of each token', async () => {
    const model = createToyModel(6, 9);
    const options = { ...optionsFor(model, RULES, 4), attention: true };
    const [found = []] = await beamSearch({ ...options, start: model.start(1), images: 1 });
    for (const { tokens, attention = [] } of found) {
      expect(attention).toHaveLength(tokens.length);
      // The attention of the toy model depends on the whole prefix: following it alone must give the same.
      let state = model.start(1);
      tokens.forEach((_, time) => {
        const step = model.step(tf.tensor1d([time === 0 ? START : (tokens[time - 1] as number)], 'int32'), state);
        state = step.state;
        const expected = step.attention?.dataSync() ?? [];
        attention[time]?.forEach((weight, position) => expect(weight).toBeCloseTo(expected[position] as number, 5));
      });
    }
  });

  test('compiles one function, and leaves no tensor behind', async () => {
    const model = createToyModel(12, 5);
    const shapes = new Set<string>();
    let compiled = 0;
    let disposed = 0;
    const search = createBeamSearch({
      ...optionsFor(model, RULES, 3),
      attention: true,
      compile: (fn) => {
        compiled++;
        const call = (...inputs: tf.Tensor[]): tf.Tensor[] => {
          shapes.add(inputs.map(({ shape }) => shape.join()).join(';'));
          return fn(...inputs);
        };
        return Object.assign(call, { dispose: () => void disposed++ });
      },
    });
    const start = model.start(4);
    const before = tf.memory().numTensors;
    await search.decode(start, 4);
    await search.decode(start, 4);
    expect(tf.memory().numTensors).toBe(before);
    search.dispose();
    expect([compiled, disposed, shapes.size]).toEqual([1, 1, 1]);
  });

  test('leaves no tensor behind when the model fails', async () => {
    const model = createToyModel(6, 1);
    let steps = 0;
    const step: ToyModel['step'] = (tokens, state) => {
      const { logits, ...rest } = model.step(tokens, state);
      return { logits: tf.mul(logits, tf.scalar(++steps > 2 ? NaN : 1)), ...rest };
    };
    const start = model.start(2);
    const before = tf.memory().numTensors;
    const options = { ...optionsFor(model, RULES, 3), step };
    await expect(beamSearch({ ...options, start, images: 2 })).rejects.toThrow(/no numbers/);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of no images gives nothing', async () => {
    const model = createToyModel(6, 1);
    expect(await beamSearch({ ...optionsFor(model, RULES, 3), start: model.start(1), images: 0 })).toEqual([]);
  });

  test.each([
    [{ beamWidth: 0 }, 'beamWidth: expected a whole number from 1 on, got 0'],
    [{ candidates: 1.5 }, 'candidates: expected a whole number from 1 on, got 1.5'],
    [{ maximumLength: 0 }, 'maximumLength: expected a whole number from 1 on, got 0'],
    [{ minimumLength: 9 }, 'minimumLength: expected a whole number from 0 to 8, got 9'],
    [{ noRepeatNgram: -1 }, 'noRepeatNgram: expected a whole number from 0 on, got -1'],
    [
      { maximumLength: undefined as unknown as number },
      'maximumLength: expected a whole number from 1 on, got undefined',
    ],
    [{ groups: 2 }, 'groups: expected a divisor of the beam width 3, got 2'],
    [{ groups: 0.5 }, 'groups: expected a whole number from 1 on, got 0.5'],
    [{ diversityPenalty: -1 }, 'diversityPenalty: expected a number from 0 on, got -1'],
    [{ lengthPenalty: NaN }, 'lengthPenalty: expected a finite number, got NaN'],
  ])('refuses %j', (change, message) => {
    const model = createToyModel(6, 1);
    expect(() => createBeamSearch({ ...optionsFor(model, RULES, 3), ...change })).toThrow(message);
  });
});

describe('greedy decoding', () => {
  test('takes the best token at every step', async () => {
    const property = fc.asyncProperty(anySeed, anyRules, async (seed, rules) => {
      const model = createToyModel(7, seed);
      const images = 3;
      const start = model.start(images);
      const before = tf.memory().numTensors;
      const found = await greedy({ ...optionsFor(model, rules, 1), start, images });
      expect(tf.memory().numTensors).toBe(before);
      found.forEach(({ tokens, logProbability }, image) => {
        let total = 0;
        for (let length = 0; length <= tokens.length; length++) {
          const prefix = { tokens: tokens.slice(0, length), logProbability: 0, cost: 0 };
          const ranked = extensionsOf(model, image, [prefix], rules).sort(
            (a, b) => b.logProbability - a.logProbability,
          );
          const best = ranked[0];
          const added = model.logProbabilities(image, prefix.tokens)[tokens[length] ?? END] ?? NaN;
          // When everything is barred, the sentence ends too early.
          if (best !== undefined) expect(added).toBeCloseTo(best.logProbability, 4);
          total += added;
        }
        expect(logProbability).toBeCloseTo(total, 3);
      });
      tf.dispose([...start.perRow, ...start.perImage]);
    });
    await fc.assert(property, { numRuns: 40, seed: 3 });
  });
});
