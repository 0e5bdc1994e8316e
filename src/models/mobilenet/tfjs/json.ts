/** Looking into JSON that came from a file or from the network: nothing about it is taken for granted. */
import { UserError } from '../../../shared/errors.js';
import { isObject } from '../../../shared/fields.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The field `key` of an object, its own; undefined where there is none or `value` is no object. */
export function field(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** `value` if it is an array, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value in an error message: short. */
export function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The error about a model file that is not what it should be. */
export function damaged(where: string, expected: string, found: unknown): UserError {
  return new UserError(
    `${where}: expected ${expected}, found ${describe(found)} (the model is damaged or of a kind that is not known: ` +
      'get it again, or another one)',
  );
}
