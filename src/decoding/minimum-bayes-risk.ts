/**
 * Minimum-Bayes-risk choice (Kumar & Byrne 2004): not the most probable candidate, but the one that is expected to be
 * most like the truth, when the truth is taken to be one of the candidates, each as probable as the model says.
 *
 *     value(c) = Σ_c' P(c') similarity(c, c'),    P(c) = exp(score(c) / temperature) / Σ_c' exp(score(c') / temperature)
 *
 * What similarity is, the caller says: nothing here knows of words.
 */
import { NUMBER_RULES, requireFitting } from '../shared/rules.js';

/** A candidate as the choice sees it. */
export interface ScoredCandidate<T> {
  readonly value: T;
  /** A log-probability, or one divided by a length penalty. */
  readonly score: number;
}

/** What similarity is, and how much the candidates are believed. */
export interface MinimumBayesRiskOptions<T> {
  /** How good `candidate` would be if `truth` were right: the larger the better. */
  readonly similarity: (candidate: T, truth: T) => number;
  /** Above 0: small ones leave the choice to the most probable candidates, large ones ask all alike. Default 1. */
  readonly temperature?: number;
}

/** The expected similarity of each candidate to the truth, in the order given. Throws UserError for a bad temperature. */
export function expectedSimilarities<T>(
  candidates: readonly ScoredCandidate<T>[],
  { similarity, temperature = 1 }: MinimumBayesRiskOptions<T>,
): number[] {
  requireFitting('temperature', NUMBER_RULES.positive, temperature);
  const best = candidates.reduce((most, { score }) => Math.max(most, score), -Infinity);
  const weights = candidates.map(({ score }) => Math.exp((score - best) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return candidates.map(({ value }) =>
    candidates.reduce((sum, truth, index) => {
      const probability = (weights[index] as number) / total;
      return sum + probability * similarity(value, truth.value);
    }, 0),
  );
}
