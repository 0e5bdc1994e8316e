/**
 * Beam search over many images at once (Lowerre 1976; for sequence models Graves 2012, Sutskever et al. 2014).
 *
 * Every step extends each of an image's `beamWidth` hypotheses by each token and ranks the results by log-probability.
 * Those among the best `beamWidth` that end are finished; the best `beamWidth` of those that do not end go on. (A
 * hypothesis that ends gives its place away: the beam does not get narrower.)
 *
 * Stopping: an image is done as soon as `candidates` hypotheses are finished and no live one can still beat the worst of
 * them, whatever follows: a live hypothesis of log-probability p can reach at most the score p / penalty(n), at the
 * length n at which that is largest. So stopping early changes no result. The batch ends when all images are done, or
 * with `maximumLength`.
 *
 * Diverse beam search (Vijayakumar et al. 2018) divides the beams into groups, each a search of its own; at every step
 * the groups of an image go one after another, and a token is ranked lower by the penalty λ for each beam of an earlier
 * group that has just taken it (Hamming diversity). Log-probabilities and scores stay those of the model.
 *
 * Costs of the caller's own for a token after others, such as those of a language model (shallow fusion, Gülçehre et al. 2015),
 * are taken off what hypotheses are ranked by and off their scores, not off their log-probabilities.
 */
import * as tf from '@tensorflow/tfjs-core';
import { defined } from '../shared/assert.js';
import { NUMBER_RULES, type NumberRule, requireFitting, requireNumbers } from '../shared/rules.js';
import { createExtender, type Extensions } from './extension.js';
import {
  extendHypothesis,
  finishHypothesis,
  type Hypothesis,
  repeatingTokens,
  startHypothesis,
  tokensOf,
} from './hypothesis.js';
import { type LengthFormula, lengthPenaltyOf } from './length-penalty.js';
import { requireDecodingOptions, tokensToFetch } from './options.js';
import type { Candidate, DecodingOptions, DecodingState, SequenceDecoder } from './types.js';

/** What beam search follows, and how it ranks it. */
export interface BeamSearchOptions extends DecodingOptions {
  /** Hypotheses that are followed for each image. Default 5. */
  readonly beamWidth?: number;
  /** α of the length penalty: above 0 favours longer sequences, below 0 shorter ones. Default 0. */
  readonly lengthPenalty?: number;
  /** Default `wu`. */
  readonly lengthFormula?: LengthFormula;
  /** How many results to give for each image. Fewer come back if fewer exist. Default 1. */
  readonly candidates?: number;
  /** Groups that the beams are divided into evenly. Default 1. */
  readonly groups?: number;
  /** λ, from 0 on: what a token loses for each beam of an earlier group that takes it at the same step. Default 0. */
  readonly diversityPenalty?: number;
  /**
   * What a token, or END, costs after those before it (START first): nats, from 0 on. Beside those that the beams need, at least
   * 16 more of each row's most probable tokens are looked at (those that take the place of barred ones among them), which may
   * become the best by it. Default: nothing costs.
   */
  readonly costOf?: CostOf;
}

/** Asked once for what comes before, then for each token that may follow. */
export type CostOf = (before: readonly number[]) => (token: number) => number;

/** Tokens of each row that costs may bring forward. */
const FURTHER_TOKENS = 16;

/** The options with their defaults, and the score they define. */
interface Rules {
  readonly options: DecodingOptions;
  /** Hypotheses that a group follows. */
  readonly beamWidth: number;
  readonly groups: number;
  readonly diversityPenalty: number;
  readonly candidates: number;
  readonly costOf: CostOf | undefined;
  /** Of a finished sequence's log-probability less costs; its length counts END. */
  readonly scoreOf: (worth: number, length: number) => number;
}

const RULES = {
  beamWidth: NUMBER_RULES.count,
  candidates: NUMBER_RULES.count,
  groups: NUMBER_RULES.count,
  diversityPenalty: NUMBER_RULES.fromZero,
  lengthPenalty: NUMBER_RULES.finite,
};

const divisorOf = (beamWidth: number): NumberRule => ({
  expected: `a divisor of the beam width ${beamWidth}`,
  fits: (groups) => beamWidth % groups === 0,
});

function rulesOf(options: BeamSearchOptions): Rules {
  const { beamWidth = 5, lengthPenalty = 0, lengthFormula = 'wu', candidates = 1 } = options;
  const { groups = 1, diversityPenalty = 0 } = options;
  requireDecodingOptions(options);
  requireNumbers(RULES, { ...options });
  requireFitting('groups', divisorOf(beamWidth), groups);
  const scoreOf = (worth: number, length: number): number =>
    worth / lengthPenaltyOf(length, lengthPenalty, lengthFormula);
  const { costOf } = options;
  return { options, beamWidth: beamWidth / groups, groups, diversityPenalty, candidates, costOf, scoreOf };
}

/** The search of one group of an image's beams. */
interface Search {
  /** At most `beamWidth`; none when the group is done. Row i of the group belongs to the i-th. */
  readonly live: readonly Hypothesis[];
  /** For each live one, the row of the group (in 0 … beamWidth - 1) that it went on from. */
  readonly parents: readonly number[];
  /** At most `candidates`, best first. */
  readonly finished: readonly Candidate[];
}

/** Beam search bound to a model: compiled once, for any number of batches. */
export function createBeamSearch(options: BeamSearchOptions): SequenceDecoder {
  const rules = rulesOf(options);
  const { groups } = rules;
  // Tokens that earlier groups took may fall behind others: as many more are needed as there are beams.
  const wanted = rules.beamWidth * groups;
  const fetch = Math.max(tokensToFetch(wanted, options), rules.costOf === undefined ? wanted : wanted + FURTHER_TOKENS);
  const extender = createExtender({ ...options, fetch });
  return {
    async decode(start, images) {
      if (images === 0) return [];
      const root = startHypothesis(options.startId);
      let searches: readonly Search[] = Array.from({ length: images * groups }, () => ({
        live: [root],
        parents: [0],
        finished: [],
      }));
      let perRow = repeatRows(start, images, rules.beamWidth * groups);
      try {
        while (searches.some(({ live }) => live.length > 0)) {
          const { tokens, parents } = rowsOf(searches, rules);
          const extended = await extender.extend(tokens, parents, { perRow, perImage: start.perImage });
          tf.dispose([...perRow]);
          perRow = extended.perRow;
          searches = advanceAll(searches, extended.extensions, rules);
        }
      } finally {
        tf.dispose([...perRow]);
      }
      return Array.from({ length: images }, (_, image) =>
        bestOf(searches.slice(image * groups, (image + 1) * groups), rules),
      );
    },
    dispose: () => extender.dispose(),
  };
}

/**
 * The best sequences of each image, best first.
 *
 * @example
 * // A model without memory that prefers token 2, then END (1), then token 3.
 * const step: DecodingStep = (tokens, state) => ({
 *   logits: tf.tile(tf.tensor2d([[-9, 1, 2, 0]]), [tokens.size, 1]),
 *   state,
 * });
 * const options = { step, startId: 0, endId: 1, maximumLength: 3, beamWidth: 2 };
 * const [best] = await beamSearch({ ...options, start: { perRow: [], perImage: [] }, images: 1 });
 * console.log(best[0].tokens); // [] : END at once, with log P = -1.41
 */
export async function beamSearch(
  options: BeamSearchOptions & { readonly start: DecodingState; readonly images: number },
): Promise<Candidate[][]> {
  const search = createBeamSearch(options);
  try {
    return await search.decode(options.start, options.images);
  } finally {
    search.dispose();
  }
}

/** The states of `start` [images, …] for beamWidth rows an image: all steps then have one shape. */
function repeatRows({ perRow }: DecodingState, images: number, beamWidth: number): readonly tf.Tensor[] {
  return tf.tidy(() => {
    const rows = Int32Array.from({ length: images * beamWidth }, (_, row) => Math.floor(row / beamWidth));
    const indices = tf.tensor1d(rows, 'int32');
    return perRow.map((state) => tf.gather(state, indices));
  });
}

/** What to feed: each [searches · beamWidth]. Rows without a hypothesis repeat the group's first. */
function rowsOf(
  searches: readonly Search[],
  { beamWidth, options }: Rules,
): { readonly tokens: Int32Array; readonly parents: Int32Array } {
  const tokens = new Int32Array(searches.length * beamWidth).fill(options.endId);
  const parents = new Int32Array(searches.length * beamWidth);
  searches.forEach(({ live, parents: from }, search) => {
    for (let beam = 0; beam < beamWidth; beam++) {
      const row = search * beamWidth + beam;
      parents[row] = search * beamWidth + (from[beam] ?? 0);
      tokens[row] = live[beam]?.token ?? options.endId;
    }
  });
  return { tokens, parents };
}

/** A way to go on: `rank` is that of the token among the row's, or 'end'. */
interface Extension {
  readonly beam: number;
  readonly rank: number | 'end';
  /** Of the token. */
  readonly cost: number;
  /** What it is ranked by. */
  readonly worth: number;
}

/** One step of all groups of all images; the groups of an image stand beside each other. */
function advanceAll(searches: readonly Search[], extensions: Extensions, rules: Rules): readonly Search[] {
  let taken = new Map<number, number>();
  return searches.map((search, index) => {
    if (index % rules.groups === 0) taken = new Map();
    if (search.live.length === 0) return search;
    const next = advance(search, { index, taken }, extensions, rules);
    for (const { token } of next.live) taken.set(token, (taken.get(token) ?? 0) + 1);
    return next;
  });
}

/** The best of what the groups of an image found, each sequence once. */
function bestOf(searches: readonly Search[], { candidates }: Rules): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const candidate of searches.flatMap(({ finished }) => finished)) {
    const key = candidate.tokens.join(' ');
    if (!found.has(key)) found.set(key, candidate);
  }
  return [...found.values()].sort((a, b) => b.score - a.score).slice(0, candidates);
}

/** Where a search stands in the batch, and the tokens that earlier groups of its image took at this step. */
interface Place {
  readonly index: number;
  readonly taken: ReadonlyMap<number, number>;
}

function advance(search: Search, place: Place, extensions: Extensions, rules: Rules): Search {
  const { beamWidth } = rules;
  const live: Hypothesis[] = [];
  const parents: number[] = [];
  const finished = [...search.finished];
  const ranked = rankedExtensions(search, place, extensions, rules);
  for (const [order, { beam, rank, cost }] of ranked.entries()) {
    const row = place.index * beamWidth + beam;
    const hypothesis = defined(search.live[beam], 'hypothesis');
    if (rank !== 'end') {
      const [token, logProbability] = [extensions.tokenOf(row, rank), extensions.logProbabilityOf(row, rank)];
      live.push(extendHypothesis(hypothesis, { token, logProbability, cost, attention: extensions.attentionOf(row) }));
      parents.push(beam);
    } else if (order < beamWidth) {
      finished.push(
        finishHypothesis(hypothesis, { logProbability: extensions.endOf(row), cost, scoreOf: rules.scoreOf }),
      );
    }
    if (live.length === beamWidth) break;
  }
  finished.sort((a, b) => b.score - a.score);
  finished.length = Math.min(finished.length, rules.candidates);
  return isDone(live, finished, rules) ? { live: [], parents: [], finished } : { live, parents, finished };
}

/** All permitted extensions of a group's hypotheses, the best first, after their costs and the penalty for tokens taken. */
function rankedExtensions(
  search: Search,
  { index, taken }: Place,
  extensions: Extensions,
  rules: Rules,
): readonly Extension[] {
  const { maximumLength, minimumLength = 0, noRepeatNgram = 0 } = rules.options;
  const found: Extension[] = [];
  search.live.forEach((hypothesis, beam) => {
    const row = index * rules.beamWidth + beam;
    const costAfter = rules.costOf?.(tokensOf(hypothesis));
    const add = (rank: number | 'end', token: number, added: number): number => {
      const cost = costAfter?.(token) ?? 0;
      const worth = hypothesis.logProbability - hypothesis.cost + added - cost;
      if (worth > -Infinity) found.push({ beam, rank, cost, worth });
      return cost;
    };
    if (hypothesis.length >= minimumLength) add('end', rules.options.endId, extensions.endOf(row));
    if (hypothesis.length >= maximumLength) return;
    const barred = repeatingTokens(hypothesis, noRepeatNgram);
    let unbeaten = 0; // Tokens at their full worth: the ones after them, which are less probable, are behind them.
    for (let rank = 0; rank < extensions.count && unbeaten < rules.beamWidth; rank++) {
      const token = extensions.tokenOf(row, rank);
      if (barred.has(token)) continue;
      const penalty = rules.diversityPenalty * (taken.get(token) ?? 0);
      const cost = add(rank, token, extensions.logProbabilityOf(row, rank) - penalty);
      if (penalty === 0 && cost === 0) unbeaten++;
    }
  });
  return found.sort((a, b) => b.worth - a.worth);
}

/** Whether no live hypothesis can still enter the results. */
function isDone(live: readonly Hypothesis[], finished: readonly Candidate[], rules: Rules): boolean {
  const worst = finished[rules.candidates - 1];
  if (worst === undefined) return live.length === 0;
  const longest = rules.options.maximumLength + 1;
  return live.every(({ logProbability, cost, length }) => {
    // The penalty is monotone in the length: its extremes are at the ends.
    const shortest = rules.scoreOf(logProbability - cost, length + 1);
    return Math.max(shortest, rules.scoreOf(logProbability - cost, longest)) <= worst.score;
  });
}
