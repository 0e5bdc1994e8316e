/** Counts of n-grams: what BLEU and CIDEr-D are made of. */

/** Longest n-gram that is counted. */
export const MAXIMUM_ORDER = 4;

/** Counts by n-gram, words joined by a space. */
export type NgramCounts = ReadonlyMap<string, number>;

/** The n-grams of `tokens` by order: element n − 1 counts those of n words. */
export function countNgrams(tokens: readonly string[]): readonly NgramCounts[] {
  return Array.from({ length: MAXIMUM_ORDER }, (_, index) => {
    const counts = new Map<string, number>();
    for (let begin = 0; begin + index < tokens.length; begin++) {
      const ngram = tokens.slice(begin, begin + index + 1).join(' ');
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    return counts;
  });
}
