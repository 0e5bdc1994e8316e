/**
 * Log-probabilities fall with each token, so that plain sums favour short sequences. Scores are divided by
 *
 *     wu         ((5 + n) / 6)^α      Wu et al. 2016, 7; α in 0.6 … 1 is usual
 *     average    n^α                  α = 1: the mean log-probability of a token
 *
 * where n counts the tokens with END. α = 0 leaves the log-probability, whatever the formula.
 */
import { unreachable } from '../shared/assert.js';

/** `wu`: ((5 + length) / 6)^α (Wu et al. 2016); `average`: length^α. */
export type LengthFormula = 'wu' | 'average';

/** What a log-probability of a sequence of `length` tokens, END included, is divided by. */
export function lengthPenaltyOf(length: number, alpha: number, formula: LengthFormula): number {
  switch (formula) {
    case 'wu':
      return ((5 + length) / 6) ** alpha;
    case 'average':
      return length ** alpha;
    default:
      return unreachable(formula, 'length formula');
  }
}
