/**
 * Splits of clips into training and validation, by groups: clips of one recording are so alike that they must not be on
 * both sides.
 */
import { basename } from 'node:path';
import { messageOf, UserError } from '../../shared/errors.js';
import { Random } from '../../shared/random.js';
import type { LabelledClip } from './types.js';

export interface ClipSplit {
  readonly train: readonly LabelledClip[];
  readonly validation: readonly LabelledClip[];
}

/** The group of a clip: what the pattern's first parentheses match in its file name; a clip that does not match is alone. */
export type GroupOf = (clip: LabelledClip) => string;

/**
 * Throws UserError (exit code 2) when the pattern is no regular expression with parentheses, or matches none of `clips`:
 * each would be alone, and clips of one recording on both sides.
 */
export function groupBy(pattern: string | undefined, clips: readonly LabelledClip[]): GroupOf {
  if (pattern === undefined) return ({ path }) => `\0${path}`;
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, 'u');
  } catch (error) {
    throw new UserError(`--group-pattern: ${messageOf(error)}`, { exitCode: 2, cause: error });
  }
  if (new RegExp(`${pattern}|`, 'u').exec('')?.length === 1) {
    throw new UserError(`--group-pattern: expected parentheses around what names the group, found ${pattern}`, {
      exitCode: 2,
    });
  }
  const [first] = clips;
  if (first !== undefined && !clips.some(({ path }) => expression.test(basename(path)))) {
    throw new UserError(
      `--group-pattern: ${pattern} matches no name of a clip (such as ${basename(first.path)}); mend it, or leave it out`,
      { exitCode: 2 },
    );
  }
  return ({ path }) => {
    const found = expression.exec(basename(path));
    return found === null ? `\0${path}` : (found.slice(1).find((part) => part !== undefined) ?? `\0${path}`);
  };
}

/** Groups with their clips, in the order in which they first occur. */
function groupsOf(clips: readonly LabelledClip[], groupOf: GroupOf): ReadonlyMap<string, readonly LabelledClip[]> {
  const groups = new Map<string, LabelledClip[]>();
  for (const clip of clips) {
    const name = groupOf(clip);
    groups.set(name, [...(groups.get(name) ?? []), clip]);
  }
  return groups;
}

export interface NamedGroups {
  readonly names: readonly string[];
  /** The option that named them (`--val-groups`), for errors. */
  readonly option: string;
}

/** Validates on the clips of the groups that are named. Throws UserError when one of them has no clip. */
export function splitByNames(
  clips: readonly LabelledClip[],
  groupOf: GroupOf,
  { names, option }: NamedGroups,
): ClipSplit {
  const groups = groupsOf(clips, groupOf);
  const unknown = names.find((name) => !groups.has(name));
  if (unknown !== undefined) {
    const known = [...groups.keys()].filter((name) => !name.startsWith('\0')).slice(0, 20);
    const found = known.length > 0 ? known.join(', ') : 'none, --group-pattern says what names them';
    throw new UserError(`${option}: no clip is of group "${unknown}" (groups: ${found})`, { exitCode: 2 });
  }
  const chosen = new Set(names);
  return partition(clips, (clip) => chosen.has(groupOf(clip)));
}

/** Validates on whole groups, drawn until they hold `fraction` of the clips of each class as nearly as groups allow. */
export function splitByFraction(
  clips: readonly LabelledClip[],
  groupOf: GroupOf,
  { fraction, seed }: { readonly fraction: number; readonly seed: number },
): ClipSplit {
  // Few groups cannot be split as finely: one of them is held out then.
  const folds = Math.max(2, Math.min(groupsOf(clips, groupOf).size, Math.round(1 / fraction)));
  return splitByFold(clips, groupOf, { fold: 0, folds, seed });
}

export interface FoldOptions {
  /** From 0. */
  readonly fold: number;
  readonly folds: number;
  readonly seed: number;
}

/**
 * Fold `fold` of k-fold cross validation by groups: groups go, the largest first and equals in drawn order, to the fold
 * that has the fewest clips of their classes. Throws UserError when there are fewer groups than folds.
 */
export function splitByFold(
  clips: readonly LabelledClip[],
  groupOf: GroupOf,
  { fold, folds, seed }: FoldOptions,
): ClipSplit {
  const groups = new Random(seed).shuffled([...groupsOf(clips, groupOf)]);
  if (groups.length < folds) {
    const found = groups.length === 1 ? '1 group of clips' : `${groups.length} groups of clips`;
    throw new UserError(`${found} cannot be split into ${folds} parts (fewer --folds, or another --group-pattern)`, {
      exitCode: 2,
    });
  }
  groups.sort(([, a], [, b]) => b.length - a.length);
  const counts = Array.from({ length: folds }, () => new Map<string, number>());
  const assigned = new Map<string, number>();
  for (const [name, own] of groups) {
    const load = counts.map((count) => own.reduce((sum, { label }) => sum + (count.get(label) ?? 0), 0) + sizeOf(count) / 1e3);
    const target = load.indexOf(Math.min(...load));
    assigned.set(name, target);
    const count = counts[target] as Map<string, number>;
    for (const { label } of own) count.set(label, (count.get(label) ?? 0) + 1);
  }
  return partition(clips, (clip) => assigned.get(groupOf(clip)) === fold);
}

const sizeOf = (count: ReadonlyMap<string, number>): number => [...count.values()].reduce((sum, value) => sum + value, 0);

function partition(clips: readonly LabelledClip[], isValidation: (clip: LabelledClip) => boolean): ClipSplit {
  return { train: clips.filter((clip) => !isValidation(clip)), validation: clips.filter(isValidation) };
}
