/** Scores of captions against those of the COCO caption toolkit, and what perfect and empty captions get. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scoreCaptions } from '../../src/metrics/captions.js';
import { ptbTokenize } from '../../src/metrics/ptb-tokenizer.js';

interface Golden {
  readonly sets: readonly {
    readonly candidate: string;
    readonly references: readonly string[];
    readonly candidateTokens: string;
    readonly referenceTokens: readonly string[];
  }[];
  readonly bleu: readonly number[];
  readonly rougeL: number;
  readonly ciderD: number;
  readonly ciderPerImage: readonly number[];
}

/** Made by captions_golden.py with the COCO caption toolkit. */
const golden = JSON.parse(readFileSync(new URL('fixtures/captions_golden.json', import.meta.url), 'utf8')) as Golden;

describe('against the COCO caption toolkit', () => {
  test('tokens', () => {
    for (const { candidate, references, candidateTokens, referenceTokens } of golden.sets) {
      expect(ptbTokenize(candidate).join(' ')).toBe(candidateTokens);
      expect(references.map((text) => ptbTokenize(text).join(' '))).toEqual(referenceTokens);
    }
  });

  test('scores', () => {
    const scores = scoreCaptions({
      candidates: golden.sets.map(({ candidate }) => candidate),
      references: golden.sets.map(({ references }) => references),
    });
    [scores.bleu1, scores.bleu2, scores.bleu3, scores.bleu4].forEach((value, order) => {
      expect(value).toBeCloseTo(golden.bleu[order] as number, 9);
    });
    expect(scores.rougeL).toBeCloseTo(golden.rougeL, 9);
    expect(scores.ciderD).toBeCloseTo(golden.ciderD, 9);
    scores.perImage.forEach((value, image) => expect(value).toBeCloseTo(golden.ciderPerImage[image] as number, 9));
  });
});

test('a perfect caption has BLEU 1, and the same caption for all is counted once', () => {
  const references = [['A dog runs on the grass.'], ['A cat sits on a chair.']];
  expect(scoreCaptions({ candidates: references.flat(), references }).bleu4).toBeCloseTo(1, 6);
  expect(scoreCaptions({ candidates: ['A dog.', 'A dog.'], references }).distinctCaptions).toBe(1);
});

test('exact is the share of captions that have the words of a reference', () => {
  const references = [['a dog runs'], ['a cat sleeps', 'the cat sleeps']];
  expect(scoreCaptions({ candidates: ['A dog runs.', 'the cat'], references }).exact).toBe(0.5);
  expect(scoreCaptions({ candidates: ['dog runs a', 'The cat sleeps'], references }).exact).toBe(0.5);
});

test('an empty caption scores nothing and breaks nothing', () => {
  const scores = scoreCaptions({ candidates: ['', 'A cat.'], references: [['A dog.'], ['A cat sits.']] });
  expect(Number.isFinite(scores.ciderD)).toBe(true);
  expect(scores.perImage[0]).toBe(0);
});
