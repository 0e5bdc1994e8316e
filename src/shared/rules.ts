/** What the values of options must be, in words and as a test: of the command line and of programs alike. */
import { UserError } from './errors.js';
import { isObject } from './fields.js';

/** What a number must be. */
export interface NumberRule {
  readonly expected: string;
  readonly fits: (value: number) => boolean;
}

const isWhole = (least: number) => (value: number) => Number.isInteger(value) && value >= least;

/** A whole number in [least, most]. */
export const wholeBetween = (least: number, most: number): NumberRule => ({
  expected: `a whole number from ${least} to ${most}`,
  fits: (value) => isWhole(least)(value) && value <= most,
});

/** A count that memory limits. */
export const countUpTo = (most: number): NumberRule => wholeBetween(1, most);

/** The rules that options share. */
export const NUMBER_RULES = {
  count: { expected: 'a whole number from 1 on', fits: isWhole(1) },
  countFromZero: { expected: 'a whole number from 0 on', fits: isWhole(0) },
  lengthFromTwo: { expected: 'a whole number from 2 on', fits: isWhole(2) },
  positive: { expected: 'a number above 0', fits: (value: number) => value > 0 && Number.isFinite(value) },
  fromZero: { expected: 'a number from 0 on', fits: (value: number) => value >= 0 && Number.isFinite(value) },
  aboveZero: { expected: 'a number above 0', fits: (value: number) => value > 0 },
  finite: { expected: 'a finite number', fits: (value: number) => Number.isFinite(value) },
  whole: { expected: 'a whole number', fits: (value: number) => Number.isSafeInteger(value) },
  upToOne: { expected: 'a number above 0 and at most 1', fits: (value: number) => value > 0 && value <= 1 },
  share: { expected: 'a number in [0, 1)', fits: (value: number) => value >= 0 && value < 1 },
} as const satisfies Record<string, NumberRule>;

/** Rules by the names of options. */
export type NumberRules = Readonly<Record<string, NumberRule>>;

/** Throws UserError (exit code 2) unless `value` is a number as `rule` says. */
export function requireGiven(name: string, { expected, fits }: NumberRule, value: unknown): void {
  if (typeof value !== 'number' || !fits(value)) throw wrongValue(name, expected, value);
}

/** Throws UserError (exit code 2) unless `value` is a number as `rule` says, or not given. */
export function requireFitting(name: string, rule: NumberRule, value: unknown): void {
  if (value !== undefined) requireGiven(name, rule, value);
}

/** Throws UserError (exit code 2) at the first of `options` that is given and not what its rule says. */
export function requireNumbers(rules: NumberRules, options: Readonly<Record<string, unknown>>): void {
  for (const [name, rule] of Object.entries(rules)) requireFitting(name, rule, options[name]);
}

/** Throws UserError (exit code 2) unless `value` is true, false or not given. */
export function requireBoolean(name: string, value: unknown): void {
  requireThat(name, 'true or false', value, typeof value === 'boolean');
}

/** Throws UserError (exit code 2) unless `value` is one of `choices`, or not given. */
export function requireChoice(name: string, choices: readonly unknown[], value: unknown): void {
  requireThat(name, choices.map(describeValue).join(' or '), value, choices.includes(value));
}

function requireThat(name: string, expected: string, value: unknown, fits: boolean): void {
  if (value !== undefined && !fits) throw wrongValue(name, expected, value);
}

function wrongValue(name: string, expected: string, found: unknown, hint = ''): UserError {
  return new UserError(`${name}: expected ${expected}, got ${describeValue(found)}${hint}`, { exitCode: 2 });
}

/** Throws UserError (exit code 2) unless `items` is a list of strings; `name` says of what (`texts`). */
export function requireStrings(name: string, items: unknown): void {
  const kind = { name, expected: name };
  if (!Array.isArray(items)) throw notListOf(kind, items);
  for (const item of items as unknown[]) if (typeof item !== 'string') throw notListOf(kind, item, ' in it');
}

/** Throws UserError (exit code 2) unless `value` is a string. */
export function requireString(name: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongValue(name, 'a string', value);
}

/** Throws UserError (exit code 2) unless `value` is an object with a string for each of `keys`. */
export function requireStringsOf(name: string, keys: readonly string[], value: unknown): void {
  if (!isObject(value)) throw wrongValue(name, `an object like { ${keys.join(', ')} }`, value);
  for (const key of keys) requireString(`${name}.${key}`, value[key]);
}

/** What a list is called, and what it is expected to hold. */
export interface ListKind {
  readonly name: string;
  readonly expected: string;
}

/** The error for what was `found` instead of a list, or, with `place`, in one. */
export function notListOf({ name, expected }: ListKind, found: unknown, place?: string): UserError {
  const isOne = typeof found === 'string' || found instanceof Uint8Array;
  const hint = place ?? (isOne ? ` (write [${describeValue(found)}])` : '');
  return wrongValue(name, `a list of ${expected}`, found, hint);
}

/** A value as messages show it. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
