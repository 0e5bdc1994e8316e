/** Sequences under way: chains in which each token points to the one before it, so that beams share their beginnings. */
import type { Candidate } from './types.js';

export interface Hypothesis {
  readonly token: number;
  /** Undefined at the start, whose token is START. */
  readonly previous: Hypothesis | undefined;
  /** Tokens after START. */
  readonly length: number;
  readonly logProbability: number;
  /** What its tokens cost beside that. */
  readonly cost: number;
  readonly attention: Float32Array | undefined;
}

/** A token that goes on. */
export interface NextToken {
  readonly token: number;
  readonly logProbability: number;
  /** Default 0. */
  readonly cost?: number;
  readonly attention: Float32Array | undefined;
}

export function startHypothesis(startId: number): Hypothesis {
  return { token: startId, previous: undefined, length: 0, logProbability: 0, cost: 0, attention: undefined };
}

/** `previous` with one token more. */
export function extendHypothesis(previous: Hypothesis, next: NextToken): Hypothesis {
  const { token, cost = 0, attention } = next;
  return {
    token,
    previous,
    attention,
    length: previous.length + 1,
    logProbability: previous.logProbability + next.logProbability,
    cost: previous.cost + cost,
  };
}

/** The steps of a hypothesis after START, in order. */
function stepsOf(hypothesis: Hypothesis): readonly Hypothesis[] {
  const steps: Hypothesis[] = [];
  for (let at = hypothesis; at.previous !== undefined; at = at.previous) steps.push(at);
  return steps.reverse();
}

/** The tokens of a hypothesis, START first. */
export function tokensOf(hypothesis: Hypothesis): readonly number[] {
  const tokens: number[] = [];
  for (let at: Hypothesis | undefined = hypothesis; at !== undefined; at = at.previous) tokens.push(at.token);
  return tokens.reverse();
}

/** How a hypothesis ends. */
export interface End {
  readonly logProbability: number;
  /** What END costs; default 0. */
  readonly cost?: number;
  /** The score of a log-probability less costs and a length that counts END; default: the former. */
  readonly scoreOf?: (worth: number, length: number) => number;
}

/** `hypothesis`, ended by END. */
export function finishHypothesis(hypothesis: Hypothesis, end: End): Candidate {
  const { cost = 0, scoreOf = (worth) => worth } = end;
  const steps = stepsOf(hypothesis);
  const logProbability = hypothesis.logProbability + end.logProbability;
  const attention = steps.flatMap((step) => (step.attention === undefined ? [] : [step.attention]));
  return {
    tokens: steps.map(({ token }) => token),
    logProbability,
    score: scoreOf(logProbability - hypothesis.cost - cost, hypothesis.length + 1),
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
