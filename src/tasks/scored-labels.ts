/** Classes with their probabilities, as results tell them. */
import { ranked } from '../metrics/classification.js';

/** A class with its probability. */
export interface ScoredLabel {
  readonly label: string;
  readonly probability: number;
}

/** The `count` most probable of `labels`, the likeliest first; at least one. */
export function likeliestLabels(
  probabilities: Float32Array,
  labels: readonly string[],
  count: number,
): readonly [ScoredLabel, ...ScoredLabel[]] {
  const best = ranked(probabilities)
    .slice(0, Math.max(1, count))
    .map((index) => ({ label: labels[index] as string, probability: rounded(probabilities[index] as number) }));
  return best as [ScoredLabel, ...ScoredLabel[]];
}

/** To four digits: more say nothing. */
export const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;

/** `label 97.3 %`. */
export const withProbability = ({ label, probability }: ScoredLabel): string =>
  `${label} ${(100 * probability).toFixed(1)} %`;
