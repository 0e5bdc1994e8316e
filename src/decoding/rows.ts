/** Decoding in which every row goes its own way: greedy decoding and sampling. */
import * as tf from '@tensorflow/tfjs-core';
import { defined } from '../shared/assert.js';
import type { Extender, Extensions } from './extension.js';
import { type Hypothesis, startHypothesis } from './hypothesis.js';
import type { Candidate, DecodingOptions, DecodingState } from './types.js';

/** How a row goes on. */
export type Choice = { readonly live: Hypothesis } | { readonly finished: Candidate };

/**
 * Follows `rows` hypotheses, one for each row of `start`, until `choose` has ended all of them.
 * The states of `start` stay with the caller.
 */
export async function decodeRows(
  extender: Extender,
  { startId, endId }: DecodingOptions,
  start: DecodingState,
  rows: number,
  choose: (hypothesis: Hypothesis, row: number, extensions: Extensions) => Choice,
): Promise<Candidate[]> {
  let choices: readonly Choice[] = Array.from({ length: rows }, () => ({ live: startHypothesis(startId) }));
  let state = start;
  try {
    while (choices.some((choice) => 'live' in choice)) {
      const tokens = Int32Array.from(choices, (choice) => ('live' in choice ? choice.live.token : endId));
      const { extensions, perRow } = await extender.extend(tokens, undefined, state);
      if (state !== start) tf.dispose([...state.perRow]);
      state = { perRow, perImage: start.perImage };
      choices = choices.map((choice, row) => ('live' in choice ? choose(choice.live, row, extensions) : choice));
    }
  } finally {
    if (state !== start) tf.dispose([...state.perRow]);
  }
  return choices.map((choice) => defined('finished' in choice ? choice.finished : undefined, 'candidate'));
}
