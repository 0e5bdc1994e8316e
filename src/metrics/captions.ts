/** All scores of a set of captions at once, tokenised and computed as the COCO caption toolkit does. */
import { bleu } from './bleu.js';
import { CiderScorer } from './cider.js';
import { ptbTokenize } from './ptb-tokenizer.js';
import { rougeL } from './rouge.js';

/** BLEU and ROUGE-L from 0 to 1, CIDEr-D from 0 to 10. */
export interface CaptionScores {
  readonly bleu1: number;
  readonly bleu2: number;
  readonly bleu3: number;
  readonly bleu4: number;
  readonly rougeL: number;
  readonly ciderD: number;
  /** The share of captions that say, word for word, what a reference says; 0 to 1. */
  readonly exact: number;
  /** How many different captions there are: a model that always says the same has 1. */
  readonly distinctCaptions: number;
  /** CIDEr-D of each image, in order. */
  readonly perImage: readonly number[];
}

/** Captions, and what people said of the same images. */
export interface ScoredSet {
  /** One caption an image. */
  readonly candidates: readonly string[];
  /** What people said of each image, at least one sentence. */
  readonly references: readonly (readonly string[])[];
}

/** Whether one of `sentences` has the very words. */
const isAmong = (tokens: readonly string[], sentences: readonly (readonly string[])[]): boolean =>
  sentences.some((sentence) => sentence.join(' ') === tokens.join(' '));

/**
 * Scores captions against references.
 *
 * @example
 * const scores = scoreCaptions({ candidates: ['A dog runs.'], references: [['A dog runs.', 'A running dog.']] });
 * scores.bleu1; // 1
 */
export function scoreCaptions({ candidates, references }: ScoredSet): CaptionScores {
  const own = candidates.map(ptbTokenize);
  const known = references.map((sentences) => sentences.map(ptbTokenize));
  const [bleu1 = 0, bleu2 = 0, bleu3 = 0, bleu4 = 0] = bleu(own, known);
  const scorer = new CiderScorer(known);
  const perImage = own.map((tokens, image) => scorer.score(tokens, image));
  const rouge = own.map((tokens, image) => rougeL(tokens, known[image] ?? []));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    bleu1,
    bleu2,
    bleu3,
    bleu4,
    rougeL: mean(rouge),
    ciderD: mean(perImage),
    exact: mean(own.map((tokens, image) => (isAmong(tokens, known[image] ?? []) ? 1 : 0))),
    distinctCaptions: new Set(candidates).size,
    perImage,
  };
}
