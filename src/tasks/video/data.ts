/** From what a user names to clips for training and for validation, and the labels. */
import {
  type ClipSet,
  type ClipSplit,
  groupBy,
  type LabelledClip,
  readClips,
  splitByFold,
  splitByFraction,
  splitByNames,
} from '../../datasets/clips/index.js';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { realPathOf } from '../../media/media-paths.js';
import { UserError } from '../../shared/errors.js';
import { note, warn, warnOfProblems } from '../../shared/log.js';

/** How validation is set aside: exactly one way. */
export type ClipValidation =
  | { readonly kind: 'source'; readonly source: string }
  /** A list of the clips to validate on. */
  | { readonly kind: 'list'; readonly list: string }
  | { readonly kind: 'groups'; readonly names: readonly string[] }
  | { readonly kind: 'fraction'; readonly fraction: number }
  | { readonly kind: 'fold'; readonly fold: number; readonly folds: number };

/** What is held out when nothing is said. */
export const DEFAULT_CLIP_VALIDATION = { kind: 'fraction', fraction: 0.2 } as const satisfies ClipValidation;

/** Labelled clips. */
export interface ClipSource {
  /** A folder with a folder a class, a CSV file, or a list of UCF101. */
  readonly data: string;
  /** Where the paths of a list are relative to. */
  readonly root?: string;
}

/** Labelled clips, and how they are split. */
export interface ClipDataOptions extends ClipSource {
  readonly validation: ClipValidation;
  /** A regular expression for file names; its parentheses name the recording. */
  readonly groupPattern?: string;
  readonly seed: number;
}

export interface ClipData extends ClipSplit {
  /** In the order of their numbers. */
  readonly labels: readonly string[];
}

/** Reads clips and reports what was left out. */
export function readSource({ data, root }: ClipSource): ClipSet {
  const set = readClips(data, root);
  warnOfProblems(data, set.problems);
  return set;
}

/** Reads and splits. Throws UserError when there is one class only, or a side of the split has no clip. */
export function readClipData(options: ClipDataOptions): ClipData {
  const { clips, labels } = readSource(options);
  if (labels.length < 2) {
    throw new UserError(`${options.data}: expected clips of two classes or more, found one class (${labels.join()})`);
  }
  const split = splitClips(clips, options);
  for (const [name, part] of Object.entries(split) as [string, readonly LabelledClip[]][]) {
    if (part.length === 0) throw new UserError(`${options.data}: the split leaves no clip for ${name}`);
  }
  warnOfOverlap(split, options);
  noteOfRecordings(options);
  const trained = new Set(split.train.map(({ label }) => label));
  const untrained = labels.filter((label) => !trained.has(label));
  if (untrained.length > 0) warn(`${options.data}: no clip to train ${untrained.join(', ')} by`);
  return { ...split, labels };
}

function splitClips(clips: readonly LabelledClip[], options: ClipDataOptions): ClipSplit {
  const { validation, groupPattern, seed } = options;
  const groupOf = groupBy(groupPattern, clips);
  switch (validation.kind) {
    case 'source':
      return { train: clips, validation: knownOnly(readSource({ data: validation.source }).clips, clips) };
    case 'list': {
      const listed = readSource({ data: validation.list, root: rootOf(options) }).clips;
      const chosen = new Set(listed.map(({ path }) => resolve(path)));
      const isChosen = ({ path }: LabelledClip): boolean => chosen.has(resolve(path));
      return { train: clips.filter((clip) => !isChosen(clip)), validation: clips.filter(isChosen) };
    }
    case 'groups':
      return splitByNames(clips, groupOf, { names: validation.names, option: '--val-groups' });
    case 'fraction':
      return splitByFraction(clips, groupOf, { fraction: validation.fraction, seed });
    case 'fold':
      return splitByFold(clips, groupOf, { ...validation, seed });
  }
}

/** What is on both sides is known by heart when it is validated on: scores would be too good. */
function warnOfOverlap({ train, validation }: ClipSplit, { groupPattern }: ClipDataOptions): void {
  const files = new Set(train.map(({ path }) => realPathOf(path)));
  const clips = validation.filter(({ path }) => files.has(realPathOf(path)));
  if (clips.length > 0) warn(overlapOf(clips.length, 'clips', clips[0]?.path));
  else if (groupPattern !== undefined) {
    const groupOf = groupBy(groupPattern, [...train, ...validation]);
    const trained = new Set(train.map(groupOf));
    const groups = [...new Set(validation.map(groupOf))].filter((group) => trained.has(group));
    if (groups.length > 0) warn(overlapOf(groups.length, 'groups', groups[0]));
  }
}

/** Nothing tells here what was cut from one recording. */
function noteOfRecordings({ groupPattern, validation: { kind } }: ClipDataOptions): void {
  if (groupPattern !== undefined || !(kind === 'fraction' || kind === 'fold')) return;
  note(
    'clips are split one by one: where several were cut from one recording, scores say little of others ' +
      "(--group-pattern says what in a name tells the recording, 'g(\\d+)')",
  );
}

function overlapOf(count: number, what: string, example: string | undefined): string {
  return (
    `validation: expected other ${what} than training's, found ${count} of both (such as ${example}); ` +
    'scores will be too good (leave them out on one side)'
  );
}

/** The folder that paths in lists are relative to. */
export function rootOf({ data, root }: ClipSource): string {
  return root ?? (statSync(data).isDirectory() ? data : dirname(data));
}

/** Clips of classes that training knows. */
export function knownOnly(clips: readonly LabelledClip[], known: readonly LabelledClip[]): readonly LabelledClip[] {
  const labels = new Set(known.map(({ label }) => label));
  const strangers = new Set(clips.map(({ label }) => label).filter((label) => !labels.has(label)));
  if (strangers.size > 0) warn(`validation: left out clips of classes without training: ${[...strangers].join(', ')}`);
  return clips.filter(({ label }) => labels.has(label));
}
