/** What is held out of training to score by, as it is chosen, told, and read from a file. */
import { unreachable } from '../shared/assert.js';
import { fieldReader, requireFields } from '../shared/fields.js';

/**
 * What is held out of training: the last share of the documents (of a single text its last characters), the documents whose
 * index, from 0, is divisible by `count`, or nothing.
 */
export type HeldOut =
  | { readonly kind: 'last'; readonly share: number }
  | { readonly kind: 'every'; readonly count: number }
  | { readonly kind: 'none' };

/** What is held out when nothing is said: of one document its last tenth, of several every tenth. */
export function defaultHeldOut(documents: number): HeldOut {
  return documents === 1 ? { kind: 'last', share: 0.1 } : { kind: 'every', count: 10 };
}

export interface SplitItems<T> {
  readonly train: readonly T[];
  readonly heldOut: readonly T[];
}

/** `items` in two, each part in its order. */
export function splitItems<T>(items: readonly T[], split: HeldOut): SplitItems<T> {
  switch (split.kind) {
    case 'last': {
      const at = Math.floor(items.length * (1 - split.share));
      return { train: items.slice(0, at), heldOut: items.slice(at) };
    }
    case 'every':
      return {
        train: items.filter((_, index) => index % split.count !== 0),
        heldOut: items.filter((_, index) => index % split.count === 0),
      };
    case 'none':
      return { train: items, heldOut: [] };
    default:
      return unreachable(split, 'split');
  }
}

/** `held-out` and `train` are parted as they were for training; `all` is everything. */
export const SPLIT_PARTS = ['held-out', 'train', 'all'] as const;
/** Which part of documents that were split for training. */
export type SplitPart = (typeof SPLIT_PARTS)[number];

export function describeHeldOut(split: HeldOut): string {
  switch (split.kind) {
    case 'last':
      return `the last ${+(split.share * 100).toFixed(2)} % of the text`;
    case 'every':
      return `documents whose index (from 0) is divisible by ${split.count}`;
    case 'none':
      return 'nothing';
    default:
      return unreachable(split, 'split');
  }
}

/** Throws `UserError` with `where` unless `value` is one. */
export function parseHeldOut(value: unknown, where: string): HeldOut {
  const fields = requireFields(value, where);
  const reader = fieldReader(fields, where);
  const kind = reader.choice('kind', ['last', 'every', 'none'] as const);
  switch (kind) {
    case 'last':
      return { kind, share: reader.rate('share') };
    case 'every':
      return { kind, count: reader.integer('count', 2) };
    case 'none':
      return { kind };
  }
}
