/** Checks the fields of configurations that were read from files, which someone may have edited or damaged. */
import { UserError } from './errors.js';

export type Fields = Readonly<Record<string, unknown>>;

/** Whether `value` is an object, and no list. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` as an object. Throws `UserError` that names `where` otherwise. */
export function requireFields(value: unknown, where: string): Fields {
  if (isObject(value)) return value;
  throw new UserError(`${where}: expected an object, got ${JSON.stringify(value) ?? String(value)}`);
}

/** Throws `UserError` when `fields` has a name that is not in `known`. */
export function requireNames(fields: Fields, known: readonly string[], where: string): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(
    `${where}: unknown field ${JSON.stringify(unknown)} (the fields are ${known.join(', ')}; a newer version of looksay ` +
      'may know more)',
  );
}

/** Gives fields that are as expected, and throws `UserError` about others. */
export interface FieldReader {
  choice<T extends string>(name: string, choices: readonly T[]): T;
  boolean(name: string): boolean;
  /** A whole number in [minimum, maximum]; the default maximum is 1,000,000. */
  integer(name: string, minimum: number, maximum?: number): number;
  rate(name: string): number;
  /** A finite number above 0. */
  positive(name: string): number;
}

/** Limits what a damaged file can make us allocate. */
const LARGEST_SIZE = 1_000_000;

/** Reads the fields of the object that `where` names. */
export function fieldReader(fields: Fields, where: string): FieldReader {
  const wrong = (name: string, rule: string): UserError => {
    const found = fields[name] === undefined ? 'nothing' : JSON.stringify(fields[name]);
    return new UserError(`${where}.${name}: expected ${rule}, got ${found}`);
  };
  return {
    choice: (name, choices) => {
      const found = choices.find((choice) => choice === fields[name]);
      if (found === undefined) throw wrong(name, `one of ${choices.join(', ')}`);
      return found;
    },
    boolean: (name) => {
      const value = fields[name];
      if (typeof value !== 'boolean') throw wrong(name, 'true or false');
      return value;
    },
    integer: (name, minimum, maximum = LARGEST_SIZE) => {
      const value = fields[name];
      const fits = Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
      if (!fits) throw wrong(name, `a whole number from ${minimum} to ${maximum}`);
      return value as number;
    },
    rate: (name) => {
      const value = fields[name];
      if (typeof value !== 'number' || !(value >= 0 && value < 1)) throw wrong(name, 'a number in [0, 1)');
      return value;
    },
    positive: (name) => {
      const value = fields[name];
      if (typeof value !== 'number' || !(value > 0 && value < Infinity)) throw wrong(name, 'a number above 0');
      return value;
    },
  };
}
