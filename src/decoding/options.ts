/** Checks of the numbers that steer decoding. */
import { UserError } from '../shared/errors.js';
import type { DecodingOptions } from './types.js';

/** Throws `UserError` unless `value` is a whole number in [minimum, maximum]. */
export function requireInteger(name: string, value: number, minimum: number, maximum = Infinity): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  const rule = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new UserError(`${name}: expected a whole number ${rule}, got ${value}`, { exitCode: 2 });
}

/** Throws `UserError` unless `fits`. */
export function requireNumber(name: string, value: number, rule: string, fits: boolean): void {
  if (!fits) throw new UserError(`${name}: expected ${rule}, got ${value}`, { exitCode: 2 });
}

/** Checks what all ways of decoding share. */
export function requireDecodingOptions({ maximumLength, minimumLength = 0, noRepeatNgram = 0 }: DecodingOptions): void {
  requireInteger('maximumLength', maximumLength, 1);
  requireInteger('minimumLength', minimumLength, 0, maximumLength);
  requireInteger('noRepeatNgram', noRepeatNgram, 0);
}

/**
 * How many tokens the graph must give for each row so that `wanted` are left after n-gram blocking, which bars at most
 * one token for each place in the sequence where an n-gram begins.
 */
export function tokensToFetch(wanted: number, { noRepeatNgram = 0, maximumLength }: DecodingOptions): number {
  return noRepeatNgram === 0 ? wanted : wanted + Math.max(0, maximumLength - noRepeatNgram);
}
