/** At which times a clip is looked at: pure functions, seconds in, seconds out, in rising order. */
import { assert } from '../../shared/assert.js';
import type { Random } from '../../shared/random.js';

/** A stretch of a clip, in seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The middles of `count` equal parts of the span: all of it is seen, whatever its length. */
export function evenTimes({ from, to }: Span, count: number): readonly number[] {
  const step = (to - from) / checked(count);
  return Array.from({ length: count }, (_, index) => from + (index + 0.5) * step);
}

/** A time drawn uniformly from each of `count` equal parts of the span (Wang et al. 2016, temporal segment networks). */
export function randomTimes({ from, to }: Span, count: number, random: Random): readonly number[] {
  const step = (to - from) / checked(count);
  return Array.from({ length: count }, (_, index) => from + (index + random.uniform()) * step);
}

/** The middles of `count` equal parts of a window, drawn uniformly, that has `share` (0 to 1) of the span's length. */
export function denseTimes(span: Span, count: number, share: number, random: Random): readonly number[] {
  assert(share > 0 && share <= 1, () => `share of a window: expected (0, 1], got ${share}`);
  const length = (span.to - span.from) * share;
  const from = span.from + (span.to - span.from - length) * random.uniform();
  return evenTimes({ from, to: from + length }, count);
}

/** `count` windows beside each other that cover the span. */
export function windowsOf({ from, to }: Span, count: number): readonly Span[] {
  const step = (to - from) / checked(count);
  return Array.from({ length: count }, (_, index) => ({ from: from + index * step, to: from + (index + 1) * step }));
}

/** The times of `frames` frames in each of `windows` windows. */
export function windowTimes(span: Span, { frames, windows }: { frames: number; windows: number }): readonly number[] {
  return windowsOf(span, windows).flatMap((window) => evenTimes(window, frames));
}

/** How many frames are spread evenly over a clip. */
export type FrameSampling =
  /** So many in each of `windows` (default 1) windows beside each other that cover the clip. */
  | { readonly frames: number; readonly windows?: number }
  /** So many a second, but no fewer and no more than this. */
  | { readonly rate: number; readonly atLeast: number; readonly atMost: number };

/** The times that `samplings` mean, one sampling after the other. */
export function sampledTimes(span: Span, samplings: readonly FrameSampling[]): readonly number[] {
  return samplings.flatMap((sampling) => timesOf(span, sampling));
}

function timesOf(span: Span, sampling: FrameSampling): readonly number[] {
  if ('frames' in sampling) return windowTimes(span, { windows: 1, ...sampling });
  const { rate, atLeast, atMost } = sampling;
  return evenTimes(span, Math.min(atMost, Math.max(atLeast, Math.round((span.to - span.from) * rate))));
}

/** The most frames that `samplings` take of a clip, however long that is. */
export function mostSampled(samplings: readonly FrameSampling[]): number {
  const mostOf = (sampling: FrameSampling): number =>
    'frames' in sampling ? sampling.frames * (sampling.windows ?? 1) : sampling.atMost;
  return samplings.reduce((sum, sampling) => sum + mostOf(sampling), 0);
}

function checked(count: number): number {
  assert(Number.isInteger(count) && count >= 1, () => `count: expected a whole number from 1 on, got ${count}`);
  return count;
}
