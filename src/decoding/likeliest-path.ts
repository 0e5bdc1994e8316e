/** The likeliest sequence of classes where each stays for a while (Viterbi 1967; Forney 1973, "The Viterbi algorithm"). */
import { assert } from '../shared/assert.js';

/** Keeps log(0) finite: what was thought impossible can be outvoted by what lies around it. */
const SMALLEST_PROBABILITY = 1e-9;

/**
 * For each time step a class, so that the sum of the log probabilities, less `changeCost` (nats, from 0 on) for each change
 * from one class to another, is largest: what would last for a moment only is taken for what lies around it.
 * @param probabilities for each time step those of all classes
 *
 * @example
 * likeliestPath([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]], 1); // [0, 0, 0]
 */
export function likeliestPath(probabilities: readonly ArrayLike<number>[], changeCost: number): readonly number[] {
  assert(changeCost >= 0, () => `cost of a change: expected a number from 0 on, got ${changeCost}`);
  const [first, ...rest] = probabilities.map((row) => Array.from(row, logOf));
  if (first === undefined) return [];
  const origins: (readonly number[])[] = [];
  let scores = first;
  for (const row of rest) {
    const best = largest(scores);
    const changed = (scores[best] as number) - changeCost;
    const origin = scores.map((score, index) => (score >= changed ? index : best));
    scores = row.map((value, index) => value + Math.max(scores[index] as number, changed));
    origins.push(origin);
  }
  const path = [largest(scores)];
  for (const origin of origins.reverse()) path.push(origin[path.at(-1) as number] as number);
  return path.reverse();
}

const logOf = (probability: number): number => Math.log(Math.max(probability, SMALLEST_PROBABILITY));

function largest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > (values[best] as number) ? index : best), 0);
}
