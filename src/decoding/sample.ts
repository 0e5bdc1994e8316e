/**
 * Sampling with a temperature, among the top k tokens (Fan et al. 2018) and the nucleus of probability p (Holtzman et
 * al. 2020). The same seed gives the same sequences, whatever else is in the batch after them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../shared/random.js';
import { NUMBER_RULES, requireGiven, requireNumbers } from '../shared/rules.js';
import { createExtender, type Extensions } from './extension.js';
import { extendHypothesis, finishHypothesis, type Hypothesis, repeatingTokens } from './hypothesis.js';
import { requireDecodingOptions, tokensToFetch } from './options.js';
import { type Choice, decodeRows } from './rows.js';
import type { Candidate, DecodingOptions, DecodingState, SequenceDecoder } from './types.js';

/** How sequences are drawn. */
export interface SamplingOptions extends DecodingOptions {
  /** A whole number. Row i of a batch draws from stream i of this seed. */
  readonly seed: number;
  /** Logits are divided by it: below 1 is bolder, above 1 more varied. More than 0; default 1. */
  readonly temperature?: number;
  /** Only the so many most probable tokens, END among them. Default: all. */
  readonly topK?: number;
  /** Only the fewest most probable tokens whose probabilities, after temperature, sum to this. In (0, 1]; default 1. */
  readonly topP?: number;
  /** Sequences drawn for each image. Default 1. */
  readonly candidates?: number;
  /** Told of each token as it is drawn, END not; `true` ends the row's sequence after it, without asking for END. */
  readonly onToken?: (token: number, row: number) => boolean;
}

/** Something to draw: a token of the row's, or END. */
interface Ticket {
  readonly rank: number | 'end';
  readonly logProbability: number;
}

const STREAM = 2 ** 32;

/** Sampling bound to a model; the candidates of an image come in the order in which they were drawn. */
export function createSampler(options: SamplingOptions): SequenceDecoder {
  requireSamplingOptions(options);
  const { seed, candidates = 1, topK = Infinity } = options;
  const extender = createExtender({ ...options, fetch: tokensToFetch(topK, options) });
  return {
    decode: async (start, images) => {
      const rows = images * candidates;
      const randoms = Array.from({ length: rows }, (_, row) => new Random((seed >>> 0) + row * STREAM));
      const choose = (hypothesis: Hypothesis, row: number, extensions: Extensions): Choice =>
        drawNext(options, hypothesis, row, extensions, randoms[row] as Random);
      const states = repeatStates(start, images, candidates);
      try {
        const sequences = await decodeRows(extender, options, states, rows, choose);
        return Array.from({ length: images }, (_, image) =>
          sequences.slice(image * candidates, (image + 1) * candidates),
        );
      } finally {
        if (states !== start) tf.dispose([...states.perRow]);
      }
    },
    dispose: () => extender.dispose(),
  };
}

/**
 * Sequences drawn for each image.
 *
 * @example
 * const drawn = await sample({ ...options, start, images: 1, seed: 7, temperature: 0.8, topP: 0.9, candidates: 3 });
 */
export async function sample(
  options: SamplingOptions & { readonly start: DecodingState; readonly images: number },
): Promise<Candidate[][]> {
  const sampler = createSampler(options);
  try {
    return await sampler.decode(options.start, options.images);
  } finally {
    sampler.dispose();
  }
}

const RULES = {
  temperature: NUMBER_RULES.positive,
  topK: NUMBER_RULES.count,
  topP: NUMBER_RULES.upToOne,
  candidates: NUMBER_RULES.count,
};

function requireSamplingOptions(options: SamplingOptions): void {
  requireDecodingOptions(options);
  requireGiven('seed', NUMBER_RULES.whole, options.seed);
  requireNumbers(RULES, { ...options });
}

function repeatStates(start: DecodingState, images: number, candidates: number): DecodingState {
  if (candidates === 1) return start;
  const perRow = tf.tidy(() => {
    const rows = Int32Array.from({ length: images * candidates }, (_, row) => Math.floor(row / candidates));
    const indices = tf.tensor1d(rows, 'int32');
    return start.perRow.map((state) => tf.gather(state, indices));
  });
  return { perRow, perImage: start.perImage };
}

function drawNext(
  options: SamplingOptions,
  hypothesis: Hypothesis,
  row: number,
  extensions: Extensions,
  random: Random,
): Choice {
  const tickets = ticketsOf(options, hypothesis, row, extensions);
  const end = extensions.endOf(row);
  if (tickets.length === 0) return { finished: finishHypothesis(hypothesis, { logProbability: end }) };
  const { rank, logProbability } = draw(tickets, options, random);
  if (rank === 'end') return { finished: finishHypothesis(hypothesis, { logProbability: end }) };
  const token = extensions.tokenOf(row, rank);
  const live = extendHypothesis(hypothesis, { token, logProbability, attention: extensions.attentionOf(row) });
  return options.onToken?.(token, row) === true
    ? { finished: finishHypothesis(live, { logProbability: 0 }) }
    : { live };
}

/** What may be drawn, the most probable first; nothing when the sequence has to end. */
function ticketsOf(
  { maximumLength, minimumLength = 0, noRepeatNgram = 0, topK = Infinity }: SamplingOptions,
  hypothesis: Hypothesis,
  row: number,
  extensions: Extensions,
): readonly Ticket[] {
  if (hypothesis.length >= maximumLength) return [];
  const barred = repeatingTokens(hypothesis, noRepeatNgram);
  const tickets: Ticket[] = [];
  for (let rank = 0; rank < extensions.count; rank++) {
    if (barred.has(extensions.tokenOf(row, rank))) continue;
    tickets.push({ rank, logProbability: extensions.logProbabilityOf(row, rank) });
  }
  if (hypothesis.length >= minimumLength) {
    const logProbability = extensions.endOf(row);
    const place = tickets.findIndex((ticket) => ticket.logProbability < logProbability);
    tickets.splice(place < 0 ? tickets.length : place, 0, { rank: 'end', logProbability });
  }
  return tickets.slice(0, topK);
}

function draw(tickets: readonly Ticket[], { temperature = 1, topP = 1 }: SamplingOptions, random: Random): Ticket {
  const [first] = tickets as readonly [Ticket];
  const weights = tickets.map(({ logProbability }) => Math.exp((logProbability - first.logProbability) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let nucleus = 0;
  let size = 0;
  while (size < weights.length && (size === 0 || nucleus < topP * total)) nucleus += weights[size++] as number;
  let left = random.uniform() * nucleus;
  for (let index = 0; index < size; index++) {
    left -= weights[index] as number;
    if (left < 0) return tickets[index] as Ticket;
  }
  return tickets[size - 1] as Ticket;
}
