/**
 * Corpus BLEU (Papineni et al. 2002) as the COCO caption toolkit computes it: clipped counts, the closest reference's
 * length (the shorter of two equally close), and its two tiny constants in place of smoothing.
 */
import { countNgrams, MAXIMUM_ORDER } from './ngrams.js';

const TINY = 1e-15;
const SMALL = 1e-9;

function closestLength(length: number, references: readonly (readonly string[])[]): number {
  return references
    .map((tokens) => tokens.length)
    .reduce((best, other) => {
      const gain = Math.abs(best - length) - Math.abs(other - length);
      return gain > 0 || (gain === 0 && other < best) ? other : best;
    });
}

/**
 * BLEU-1 … BLEU-4, each in [0, 1], of tokenised candidates against one or more tokenised references each.
 *
 * @example
 * bleu([['a', 'dog']], [[['a', 'dog'], ['the', 'dog']]])[0]; // 1
 */
export function bleu(
  candidates: readonly (readonly string[])[],
  references: readonly (readonly (readonly string[])[])[],
): readonly number[] {
  const matches = new Float64Array(MAXIMUM_ORDER);
  const guesses = new Float64Array(MAXIMUM_ORDER);
  let length = 0;
  let referenceLength = 0;
  candidates.forEach((candidate, index) => {
    const own = references[index] ?? [];
    const known = own.map(countNgrams);
    length += candidate.length;
    referenceLength += closestLength(candidate.length, own);
    countNgrams(candidate).forEach((counts, order) => {
      for (const [ngram, count] of counts) {
        const most = Math.max(...known.map((reference) => reference[order]?.get(ngram) ?? 0));
        matches[order] = (matches[order] as number) + Math.min(count, most);
      }
      guesses[order] = (guesses[order] as number) + Math.max(0, candidate.length - order);
    });
  });
  const ratio = (length + TINY) / (referenceLength + SMALL);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  return Array.from({ length: MAXIMUM_ORDER }, (_, order) => {
    product *= ((matches[order] as number) + TINY) / ((guesses[order] as number) + SMALL);
    return product ** (1 / (order + 1)) * brevity;
  });
}
