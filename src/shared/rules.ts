/** What the values of options must be, in words and as a test: of the command line and of programs alike. */
import { UserError } from './errors.js';

/** What a value must be. */
export interface Rule<Value> {
  readonly expected: string;
  readonly fits: (value: Value) => boolean;
}

/** What a number must be. */
export type NumberRule = Rule<number>;

const isWhole = (least: number) => (value: number) => Number.isInteger(value) && value >= least;

/** A count that memory limits. */
export const countUpTo = (most: number): NumberRule => ({
  expected: `a whole number from 1 to ${most}`,
  fits: (value) => isWhole(1)(value) && value <= most,
});

/** The rules that options share. */
export const NUMBER_RULES = {
  count: { expected: 'a whole number from 1 on', fits: isWhole(1) },
  countFromZero: { expected: 'a whole number from 0 on', fits: isWhole(0) },
  lengthFromTwo: { expected: 'a whole number from 2 on', fits: isWhole(2) },
  positive: { expected: 'a number above 0', fits: (value: number) => value > 0 && Number.isFinite(value) },
  fromZero: { expected: 'a number from 0 on', fits: (value: number) => value >= 0 && Number.isFinite(value) },
  aboveZero: { expected: 'a number above 0', fits: (value: number) => value > 0 },
  finite: { expected: 'a number', fits: (value: number) => Number.isFinite(value) },
  share: { expected: 'a number in [0, 1)', fits: (value: number) => value >= 0 && value < 1 },
} as const satisfies Record<string, NumberRule>;

/** Throws UserError (exit code 2) unless `value` is what `rule` says, or not given. */
export function requireFitting(name: string, { expected, fits }: Rule<never>, value: unknown): void {
  if (value === undefined || fits(value as never)) return;
  const found = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new UserError(`${name}: expected ${expected}, got ${found}`, { exitCode: 2 });
}
