/** Greedy decoding: the most probable token at every step. */
import type { DecodingOptions, DecodingState, Candidate, SequenceDecoder } from './types.js';
import { createExtender, type Extensions } from './extension.js';
import { extendHypothesis, finishHypothesis, type Hypothesis, repeatingTokens } from './hypothesis.js';
import { requireDecodingOptions, tokensToFetch } from './options.js';
import { decodeRows, type Choice } from './rows.js';

/** Greedy decoding bound to a model; `decode` gives one candidate an image. */
export function createGreedy(options: DecodingOptions): SequenceDecoder {
  requireDecodingOptions(options);
  const extender = createExtender({ ...options, fetch: tokensToFetch(1, options) });
  const choose = (hypothesis: Hypothesis, row: number, extensions: Extensions): Choice => {
    const barred = repeatingTokens(hypothesis, options.noRepeatNgram ?? 0);
    let rank = 0;
    while (rank < extensions.count && barred.has(extensions.tokenOf(row, rank))) rank++;
    const added = rank < extensions.count ? extensions.logProbabilityOf(row, rank) : -Infinity;
    const mayEnd = hypothesis.length >= (options.minimumLength ?? 0);
    const end = extensions.endOf(row);
    const mustEnd = hypothesis.length >= options.maximumLength || added === -Infinity;
    if (mustEnd || (mayEnd && end >= added)) return { finished: finishHypothesis(hypothesis, { logProbability: end }) };
    const [token, attention] = [extensions.tokenOf(row, rank), extensions.attentionOf(row)];
    return { live: extendHypothesis(hypothesis, { token, logProbability: added, attention }) };
  };
  return {
    decode: async (start, images) => {
      const candidates = await decodeRows(extender, options, start, images, choose);
      return candidates.map((candidate) => [candidate]);
    },
    dispose: () => extender.dispose(),
  };
}

/** The greedy sequence of each image. */
export async function greedy(
  options: DecodingOptions & { readonly start: DecodingState; readonly images: number },
): Promise<Candidate[]> {
  const decoder = createGreedy(options);
  try {
    return (await decoder.decode(options.start, options.images)).flat();
  } finally {
    decoder.dispose();
  }
}
