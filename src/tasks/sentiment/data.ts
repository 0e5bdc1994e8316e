/** The labelled texts of a training or an evaluation: read, reported on, split. */
import {
  type LabelledText,
  type LabelledTexts,
  type LabelledTextSource,
  readLabelledTexts,
} from '../../datasets/texts/index.js';
import { UserError } from '../../shared/errors.js';
import { warn, warnOfProblems } from '../../shared/log.js';
import { fingerprintOf } from '../fingerprint.js';
import { describeHeldOut, type HeldOut, splitItems } from '../held-out.js';

export type { LabelledTextSource } from '../../datasets/texts/index.js';

/** What is held out: a part of the texts, or others. */
export type SentimentValidation = HeldOut | ({ readonly kind: 'source' } & LabelledTextSource);

/** What is held out when nothing is said. */
const DEFAULT_HELD_OUT: HeldOut = { kind: 'every', count: 10 };
/** Classes that a warning names at most. */
const SHOWN_CLASSES = 10;

export interface SentimentData {
  /** In the order of their numbers. */
  readonly labels: readonly string[];
  readonly train: readonly LabelledText[];
  readonly heldOut: readonly LabelledText[];
  /** What is held out, to be told and kept. */
  readonly split: HeldOut;
  /** What the texts are told apart by. */
  readonly sha256: string;
}

/** Reads texts and reports what was left out. Throws UserError when there are none. */
export async function readSource(source: LabelledTextSource): Promise<LabelledTexts> {
  const read = await readLabelledTexts(source);
  warnOfProblems(source.path, read.problems);
  return read;
}

/** What texts and their labels are told apart by. */
export function fingerprintOfLabelled(texts: readonly LabelledText[]): string {
  return fingerprintOf(texts.flatMap(({ text, label }) => [text, label]));
}

/** Reads and splits. Throws UserError when there is one class only, or a side of the split has no text. */
export async function readSentimentData(
  source: LabelledTextSource,
  validation: SentimentValidation | undefined,
): Promise<SentimentData> {
  const { texts, labels } = await readSource(source);
  if (labels.length < 2) {
    throw new UserError(
      `${source.path}: expected texts of two classes or more, found one class (${labels.join()}); is --label-column the right one?`,
    );
  }
  const { split, train, heldOut } = await splitTexts(texts, validation ?? DEFAULT_HELD_OUT);
  if (train.length === 0 || (heldOut.length === 0 && split.kind !== 'none')) {
    throw new UserError(`${source.path}: the split leaves no text to ${train.length === 0 ? 'train on' : 'hold out'}`);
  }
  const trained = new Set(train.map(({ label }) => label));
  if (trained.size < 2)
    throw new UserError(`${source.path}: the split leaves one class to train on (${[...trained].join()})`);
  const known = labels.filter((label) => trained.has(label));
  const scored = knownOnly(heldOut, known);
  if (split.kind !== 'none' || scored.length > 0) warnOfUnscored(source.path, known, scored);
  return { labels: known, train, heldOut: scored, split, sha256: fingerprintOfLabelled(texts) };
}

/** Warns of classes that no text decides about: the epoch is chosen without them. */
function warnOfUnscored(path: string, labels: readonly string[], heldOut: readonly LabelledText[]): void {
  const held = new Set(heldOut.map(({ label }) => label));
  const missing = labels.filter((label) => !held.has(label));
  if (missing.length === 0) return;
  const names = missing.slice(0, SHOWN_CLASSES).join(', ') + (missing.length > SHOWN_CLASSES ? ', …' : '');
  warn(
    `${path}: what is held out has no text of ${missing.length} of ${labels.length} classes (${names}): epochs are scored ` +
      'without them (shuffle the texts, or hold out others)',
  );
}

async function splitTexts(
  texts: readonly LabelledText[],
  validation: SentimentValidation,
): Promise<Pick<SentimentData, 'split' | 'train' | 'heldOut'>> {
  if (validation.kind !== 'source') return { split: validation, ...splitItems(texts, validation) };
  return { split: { kind: 'none' }, train: texts, heldOut: (await readSource(validation)).texts };
}

/** Texts of classes that training knows; warns of the others, and throws UserError when nothing is left. */
export function knownOnly(texts: readonly LabelledText[], labels: readonly string[]): readonly LabelledText[] {
  const known = texts.filter(({ label }) => labels.includes(label));
  if (known.length === texts.length) return known;
  const strangers = [...new Set(texts.map(({ label }) => label).filter((label) => !labels.includes(label)))];
  const what = `${texts.length - known.length} texts of classes that training did not see (${strangers.slice(0, 10).join(', ')})`;
  if (known.length === 0) {
    throw new UserError(`nothing left to score: ${what}; the model's classes are ${labels.join(', ')}`);
  }
  warn(`left out ${what}`);
  return known;
}

export function describeValidation(validation: SentimentValidation | undefined): string {
  if (validation?.kind === 'source') return 'texts of their own';
  return describeHeldOut(validation ?? DEFAULT_HELD_OUT);
}
