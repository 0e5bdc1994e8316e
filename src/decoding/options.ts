/** The options that all ways of decoding share: what they must be, and what follows from them. */
import { NUMBER_RULES, requireFitting, requireGiven, wholeBetween } from '../shared/rules.js';
import type { DecodingOptions } from './types.js';

/** Throws UserError (exit code 2) unless what all ways of decoding share makes sense. */
export function requireDecodingOptions({ maximumLength, minimumLength, noRepeatNgram }: DecodingOptions): void {
  requireGiven('maximumLength', NUMBER_RULES.count, maximumLength);
  requireFitting('minimumLength', wholeBetween(0, maximumLength), minimumLength);
  requireFitting('noRepeatNgram', NUMBER_RULES.countFromZero, noRepeatNgram);
}

/**
 * How many tokens the graph must give for each row so that `wanted` are left after n-gram blocking, which bars at most
 * one token for each place in the sequence where an n-gram begins.
 */
export function tokensToFetch(wanted: number, { noRepeatNgram = 0, maximumLength }: DecodingOptions): number {
  return noRepeatNgram === 0 ? wanted : wanted + Math.max(0, maximumLength - noRepeatNgram);
}
