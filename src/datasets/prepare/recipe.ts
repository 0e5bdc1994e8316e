/** What a data set's preparation gets and gives. */
import type { Source } from './extract.js';

/** What a user may say about a preparation; a recipe names those that mean something to it. */
export interface PrepareOptions {
  /** Photos of each part, at most. */
  readonly train?: number;
  readonly val?: number;
  readonly test?: number;
  /** Draw the parts anew instead of taking the publisher's. */
  readonly resplit?: boolean;
  /** Seed of what is drawn. */
  readonly seed?: number;
  /** Only photos that show one of these. */
  readonly categories?: readonly string[];
  /** The captions file among the sources. */
  readonly captions?: string;
  /** The column with the texts. */
  readonly column?: string;
  /** Which of the official splits. */
  readonly split?: number;
  /** Only these classes. */
  readonly classes?: readonly string[];
}

export type OptionName = keyof PrepareOptions;

export interface Job extends Source {
  /** The folder in which the set is made; it is there. */
  readonly output: string;
  readonly options: PrepareOptions;
}

/** What was made, for the summary. */
export interface Outcome {
  /** What was written, by what it is. */
  readonly files: Readonly<Record<string, string>>;
  /** What each part holds: `train: { photos, captions }`. */
  readonly parts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What was found besides. */
  readonly counts: Readonly<Record<string, number>>;
  /** Where what was found is not what the publisher says, or not what was asked for. */
  readonly remarks: readonly string[];
  /** A command that trains on it. */
  readonly next: string;
}

export interface Recipe {
  readonly name: string;
  /** What to give as sources, for people. */
  readonly sources: string;
  readonly options: readonly OptionName[];
  /** Prepares the set. Throws UserError when something that must be there is not. */
  prepare(job: Job): Promise<Outcome>;
}

/** `n` with the word for so many. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** A remark for each number that is not what the publisher says; `what` says what is counted. */
export function compareCounts(
  what: string,
  expected: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): readonly string[] {
  return Object.entries(expected).flatMap(([name, number]) => {
    const own = found[name] ?? 0;
    return own === number ? [] : [`${name}: the publisher has ${number.toLocaleString('en')} ${what}, here are ${own}`];
  });
}
