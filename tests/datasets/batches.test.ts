/** Properties of caption batches: whole, complete, deterministic, and little padding. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CaptionBatch, type CaptionBatchOptions, createCaptionBatches } from '../../src/datasets/batches.js';
import { Random } from '../../src/shared/random.js';

const IDS = { padding: 0, start: 1, end: 2 };
const FIRST_WORD = 4;

/** Captions whose first word tells photo and caption apart, unless they are empty. */
function makeCaptions(lengths: readonly (readonly number[])[]): number[][][] {
  return lengths.map((own, image) =>
    own.map((length, j) => Array.from({ length }, (_, i) => (i === 0 ? FIRST_WORD + image * 100 + j : FIRST_WORD + i))),
  );
}

const anyOptions: fc.Arbitrary<CaptionBatchOptions> = fc.record({
  captions: fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 60 }).map(makeCaptions),
  imagesPerBatch: fc.integer({ min: 1, max: 12 }),
  captionsPerImage: fc.integer({ min: 1, max: 6 }),
  maximumLength: fc.integer({ min: 1, max: 24 }),
  lengthMultiple: fc.integer({ min: 1, max: 5 }),
  batchesPerPool: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  ids: fc.constant(IDS),
});

const rowsOf = ({ tokens, length }: CaptionBatch): number[][] =>
  Array.from({ length: tokens.length / length }, (_, row) => [...tokens.subarray(row * length, (row + 1) * length)]);

/** What a row must be for a caption. */
function expectedRow(words: readonly number[], length: number): number[] {
  const row = [IDS.start, ...words, IDS.end, ...Array<number>(length).fill(IDS.padding)];
  return row.slice(0, length);
}

describe('createCaptionBatches', () => {
  it('makes whole batches of true captions, each photo at least once', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(50), (options, epoch) => {
        const { captions, imagesPerBatch: n, captionsPerImage: k, maximumLength, lengthMultiple = 2 } = options;
        const batches = createCaptionBatches(options);
        const all = [...batches.epoch(epoch)];
        expect(all).toHaveLength(batches.batchesPerEpoch);
        const seen = new Set<number>();
        for (const batch of all) {
          expect(batch.imageIndices).toHaveLength(n);
          expect(new Set(batch.imageIndices).size).toBe(Math.min(n, captions.length));
          expect([batch.captionCount, batch.tokens.length]).toEqual([n * k, n * k * batch.length]);
          const steps = batch.length - 1;
          expect(steps <= maximumLength && (steps % lengthMultiple === 0 || steps === maximumLength)).toBe(true);
          const rows = rowsOf(batch);
          const longest = Math.max(...rows.map((row) => row.filter((id) => id !== IDS.padding).length));
          expect(batch.length - longest).toBeLessThan(lengthMultiple);
          for (const [i, image] of batch.imageIndices.entries()) {
            seen.add(image);
            const own = (captions[image] ?? []).map((words) => expectedRow(words, batch.length).join());
            const chosen = rows.slice(i * k, (i + 1) * k).map((row) => row.join());
            expect(chosen.every((row) => own.includes(row))).toBe(true);
            if (steps > 1) expect(new Set(chosen).size).toBe(Math.min(k, own.length)); // first words differ
          }
        }
        expect(seen.size).toBe(captions.length);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for the same seed and epoch, whatever was asked before', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(20), (options, epoch) => {
        const batches = createCaptionBatches(options);
        const first = [...batches.epoch(epoch)];
        void [...batches.epoch(epoch + 1)];
        expect([...batches.epoch(epoch)]).toEqual(first);
        expect([...createCaptionBatches(options).epoch(epoch)]).toEqual(first);
      }),
      { numRuns: 50 },
    );
  });

  it('shows all captions of a photo equally often over the epochs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 6 }), fc.nat(1000), (count, k, seed) => {
        const captions = makeCaptions([Array<number>(count).fill(3)]);
        const batches = createCaptionBatches({ captions, imagesPerBatch: 1, captionsPerImage: k, maximumLength: 9, seed, ids: IDS });
        const times = new Map<number, number>();
        for (let epoch = 0; epoch < count; epoch++) {
          for (const batch of batches.epoch(epoch)) {
            for (const row of rowsOf(batch)) times.set(row[1] as number, (times.get(row[1] as number) ?? 0) + 1);
          }
        }
        expect([...times.values()]).toEqual(Array<number>(count).fill(k));
      }),
    );
  });

  it('shuffles: other epochs and seeds have another order', () => {
    const captions = makeCaptions(Array.from({ length: 200 }, (_, i) => [5 + (i % 9)]));
    const order = (seed: number, epoch: number): string => {
      const batches = createCaptionBatches({ captions, imagesPerBatch: 10, captionsPerImage: 1, maximumLength: 20, seed, ids: IDS });
      return [...batches.epoch(epoch)].flatMap(({ imageIndices }) => imageIndices).join();
    };
    expect(new Set([order(1, 0), order(1, 1), order(2, 0), order(2, 1)]).size).toBe(4);
  });

  it('pads little, and has few lengths', () => {
    const random = new Random(5);
    const length = (): number => Math.max(4, Math.round(10.8 + 3.8 * random.normal()));
    const captions = makeCaptions(Array.from({ length: 3000 }, () => Array.from({ length: 5 }, length)));
    const padding = (batchesPerPool: number): number => {
      const batches = createCaptionBatches({
        captions, imagesPerBatch: 32, captionsPerImage: 2, maximumLength: 22, batchesPerPool, seed: 1, ids: IDS,
      });
      const all = [...batches.epoch(0)];
      expect(new Set(all.map((batch) => batch.length)).size).toBeLessThanOrEqual(11);
      const tokens = all.flatMap((batch) => [...batch.tokens]);
      return tokens.filter((id) => id === IDS.padding).length / tokens.length;
    };
    expect(padding(32)).toBeLessThan(0.2);
    expect(padding(32)).toBeLessThan(0.6 * padding(1));
  });

  it('cuts long captions, without END, and keeps empty ones', () => {
    const options = { imagesPerBatch: 1, captionsPerImage: 1, maximumLength: 3, seed: 0, ids: IDS };
    const [cut] = createCaptionBatches({ ...options, captions: [[[7, 8, 9, 10]]] }).epoch(0);
    expect([...(cut?.tokens ?? [])]).toEqual([1, 7, 8, 9]);
    const [whole] = createCaptionBatches({ ...options, captions: [[[7, 8]]] }).epoch(0);
    expect([...(whole?.tokens ?? [])]).toEqual([1, 7, 8, 2]);
    const [empty] = createCaptionBatches({ ...options, captions: [[[]]] }).epoch(0);
    expect([...(empty?.tokens ?? [])]).toEqual([1, 2, 0]);
  });

  it('refuses what cannot be batched', () => {
    const options = { captions: [[[7]]], imagesPerBatch: 1, captionsPerImage: 1, maximumLength: 3, seed: 0, ids: IDS };
    expect(() => createCaptionBatches({ ...options, captions: [] })).toThrow('no photos');
    expect(() => createCaptionBatches({ ...options, captions: [[[7]], []] })).toThrow('photo 1 has no caption');
    expect(() => createCaptionBatches({ ...options, imagesPerBatch: 0 })).toThrow('imagesPerBatch');
    expect(() => createCaptionBatches({ ...options, seed: -1 })).toThrow('seed');
  });
});
