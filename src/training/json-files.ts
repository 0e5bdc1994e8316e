/** Reading JSON files that someone may have edited, cut short or replaced. */
import { constants } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../shared/errors.js';
import { isObject } from '../shared/fields.js';
import { parseBounded } from '../shared/json.js';
import { explainReadErrors, sizeOfFile } from './system-errors.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The text of the file at `path`; `fix` says what to do if it cannot be read. Throws `UserError`. */
export async function readText(path: string, fix: string): Promise<string> {
  return await explainReadErrors(path, fix, async () => {
    const size = await sizeOfFile(path);
    if (size <= constants.MAX_STRING_LENGTH) return await readFile(path, 'utf8');
    throw new UserError(`${path}: expected at most ${constants.MAX_STRING_LENGTH} bytes, found ${size} (${fix})`);
  });
}

/** The value in the JSON `text` of the file at `path`. Throws `UserError` if it is no JSON, or nests too deep. */
export function parseJson(path: string, text: string): unknown {
  try {
    return parseBounded(text);
  } catch (error) {
    throw new UserError(`${path}: expected JSON, ${messageOf(error)} (the file is damaged: copy it again)`);
  }
}

/** `value` as an object. Throws `UserError` that names `where` otherwise. */
export function requireObject(where: string, value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new UserError(`${where}: expected an object, found ${describe(value)} (the file is damaged: copy it again)`);
}

/** The field `key` if it is a number with `check`. Throws `UserError` otherwise. */
export function requireNumber(
  where: string,
  object: JsonObject,
  key: string,
  check: (value: number) => boolean = Number.isFinite,
): number {
  const value = object[key];
  if (typeof value === 'number' && check(value)) return value;
  throw new UserError(`${where}: ${key} has the wrong value ${describe(value)} (the file is damaged: copy it again)`);
}

/** Whole numbers from 0. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A value in an error message: short. */
export function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `value` as it is written: indented, with a newline at the end. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
