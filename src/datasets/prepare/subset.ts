/** A part of a captioned set: so many photos of each split, drawn by a seed. A smaller draw is part of a larger one. */
import { Random } from '../../shared/random.js';
import { canonicalSplit } from '../captions/index.js';
import { count, type PrepareOptions } from './recipe.js';

/** Anything that may belong to a split. */
export interface Splittable {
  readonly split: string | undefined;
}

export interface Subset<T> {
  /** In the order given. */
  readonly chosen: readonly T[];
  /** Where there were fewer than asked for. */
  readonly remarks: readonly string[];
}

export const PARTS = ['train', 'val', 'test'] as const;

/**
 * At most so many items of each split as `options` say, all of those that they do not mention. Items without splits (all
 * of them, with `resplit`) are given some where a number of `val` or `test` is asked for: the rest is `train`.
 */
export function chooseSubset<T extends Splittable>(
  items: readonly T[],
  options: Pick<PrepareOptions, 'train' | 'val' | 'test' | 'resplit' | 'seed'>,
): Subset<T> {
  const { resplit = false, seed = 1, val, test } = options;
  const unsplit = resplit || items.every(({ split }) => split === undefined);
  const draws = unsplit && (val !== undefined || test !== undefined);
  const shuffled = new Random(seed).shuffled(items.map((item, index) => ({ item, index })));
  const named = shuffled.map(({ item, index }, rank) => {
    if (!unsplit) return { index, item, split: item.split };
    return { index, item, split: draws ? drawnSplit(rank, options) : undefined };
  });
  const kept = [];
  const taken = new Map<string, number>();
  for (const { index, item, split } of named) {
    const part = split === undefined ? 'train' : canonicalSplit(split);
    const soFar = taken.get(part) ?? 0;
    if (soFar >= limitOf(part, options)) continue;
    taken.set(part, soFar + 1);
    kept.push({ index, item: unsplit ? { ...item, split } : item });
  }
  kept.sort((a, b) => a.index - b.index);
  return { chosen: kept.map(({ item }) => item), remarks: shortages(taken, options) };
}

function drawnSplit(rank: number, { val = 0, test = 0 }: PrepareOptions): string {
  if (rank < val) return 'val';
  return rank < val + test ? 'test' : 'train';
}

function limitOf(part: string, options: PrepareOptions): number {
  const known = PARTS.find((name) => name === part);
  return (known === undefined ? undefined : options[known]) ?? Infinity;
}

function shortages(taken: ReadonlyMap<string, number>, options: PrepareOptions): readonly string[] {
  return PARTS.flatMap((part) => {
    const [wanted = 0, got] = [options[part], taken.get(part) ?? 0];
    return got < wanted ? [`${part}: ${count(wanted, 'photo')} were asked for, there are ${got}`] : [];
  });
}
