/** Sequences under way: chains in which each token points to the one before it, so that beams share their beginnings. */
import type { Candidate } from './types.js';

export interface Hypothesis {
  readonly token: number;
  /** Undefined at the start, whose token is START. */
  readonly previous: Hypothesis | undefined;
  /** Tokens after START. */
  readonly length: number;
  readonly logProbability: number;
  readonly attention: Float32Array | undefined;
}

export function startHypothesis(startId: number): Hypothesis {
  return { token: startId, previous: undefined, length: 0, logProbability: 0, attention: undefined };
}

/** `previous` with one token more, which has the log-probability `added`. */
export function extendHypothesis(
  previous: Hypothesis,
  token: number,
  added: number,
  attention: Float32Array | undefined,
): Hypothesis {
  const { length, logProbability } = previous;
  return { token, previous, length: length + 1, logProbability: logProbability + added, attention };
}

/** The steps of a hypothesis after START, in order. */
function stepsOf(hypothesis: Hypothesis): readonly Hypothesis[] {
  const steps: Hypothesis[] = [];
  for (let at = hypothesis; at.previous !== undefined; at = at.previous) steps.push(at);
  return steps.reverse();
}

/** `hypothesis`, ended by an END of the log-probability `end`. */
export function finishHypothesis(
  hypothesis: Hypothesis,
  end: number,
  scoreOf: (logProbability: number, length: number) => number = (logProbability) => logProbability,
): Candidate {
  const steps = stepsOf(hypothesis);
  const logProbability = hypothesis.logProbability + end;
  const attention = steps.flatMap((step) => (step.attention === undefined ? [] : [step.attention]));
  return {
    tokens: steps.map(({ token }) => token),
    logProbability,
    score: scoreOf(logProbability, hypothesis.length + 1),
    ...(attention.length > 0 ? { attention } : {}),
  };
}

/** Tokens that would complete an n-gram of `size` tokens which the hypothesis has already. */
export function repeatingTokens(hypothesis: Hypothesis, size: number): ReadonlySet<number> {
  const barred = new Set<number>();
  if (size === 0 || hypothesis.length < size) return barred;
  const tokens = stepsOf(hypothesis).map(({ token }) => token);
  const tail = tokens.slice(tokens.length - size + 1);
  for (let begin = 0; begin + size <= tokens.length; begin++) {
    if (tail.every((token, index) => token === tokens[begin + index])) barred.add(tokens[begin + size - 1] as number);
  }
  return barred;
}
