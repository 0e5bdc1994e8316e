/** ROUGE-L (Lin 2004) as the COCO caption toolkit computes it: the F-measure of longest common subsequences, β = 1.2. */

const BETA = 1.2;

/** Length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const token of a) {
    const next = new Uint32Array(b.length + 1);
    b.forEach((other, column) => {
      next[column + 1] =
        token === other ? (row[column] as number) + 1 : Math.max(row[column + 1] as number, next[column] as number);
    });
    row = next;
  }
  return row[b.length] as number;
}

/** ROUGE-L of one candidate in [0, 1]: the best precision and the best recall over its references. */
export function rougeL(candidate: readonly string[], references: readonly (readonly string[])[]): number {
  const lengths = references.map((reference) => commonLength(candidate, reference));
  // The toolkit splits an empty caption into one empty word.
  const precision = Math.max(...lengths.map((length) => length / Math.max(1, candidate.length)));
  const recall = Math.max(...lengths.map((length, index) => length / Math.max(1, references[index]?.length ?? 0)));
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
}
