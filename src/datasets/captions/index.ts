/**
 * Captioned photos from the caption formats in the wild, recognised by content: Flickr8k's token file with its split
 * lists, COCO captions, Karpathy's splits, CSV, JSONL and a JSON list. Each reader's file describes its format.
 */
import { statSync } from 'node:fs';
import { systemReason, UserError } from '../../shared/errors.js';
import { type Group, groupByImage, locateImages } from './collect.js';
import { readCsv } from './csv.js';
import { readFlickr } from './flickr.js';
import { readJson } from './json.js';
import { readJsonl } from './jsonl.js';
import { type CaptionFormat, recogniseCaptions } from './recognise.js';
import { canonicalSplit, findListed, readListsBeside, readSplitLists, type SplitLists } from './splits.js';
import type { CaptionedImage, CaptionReader, Problem, Report } from './types.js';

export type { Group } from './collect.js';
export { canonicalSplit, isSplitList, readLists, splitInName } from './splits.js';
export type { CaptionedImage, Problem, Report } from './types.js';

const READERS: Readonly<Record<CaptionFormat, CaptionReader>> = {
  flickr: readFlickr,
  csv: readCsv,
  jsonl: readJsonl,
  json: readJson,
};

export interface CaptionSource {
  /** Folder in which the photos lie; names in the captions file are relative to it and cannot leave it. */
  readonly images: string;
  /** The captions file. */
  readonly captions: string;
  /** A list of photos, or a folder of such lists (`Flickr_8k.devImages.txt`); photos on no list are left out. */
  readonly splits?: string;
  /**
   * Which part to read (`dev` and `val` mean the same). A source that names no splits is read whole. For a Flickr
   * token file without `splits`, lists beside it are used.
   */
  readonly split?: 'train' | 'val' | 'dev' | 'test';
  /** Whether any problem is an error; default false. */
  readonly strict?: boolean;
}

export interface CaptionData {
  /** In the order of the file; never empty. */
  readonly examples: readonly CaptionedImage[];
  /** What was left out, and why. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a source of captioned photos. Lines that cannot be used are left out and reported; UserError when nothing is
 * left, when the format is not recognised, when the split is not there, or with `strict` on any problem.
 */
export async function readCaptionSource(source: CaptionSource): Promise<CaptionData> {
  requireFolder(source.images);
  const problems: Problem[] = [];
  const report: Report = (where, message) => void problems.push({ where, message });
  const { format, groups } = await readCaptionGroups(source.captions, report);
  const lists = await listsOf(source, format, report);
  const assigned = lists === undefined ? groups : assignSplits(groups, lists, source.captions);
  const chosen = chooseSplit(source, assigned, report);
  if (lists !== undefined) reportUnused(lists, groups, source, report);
  const examples = locateImages(chosen, source.images, report);
  if (source.strict === true && problems.length > 0) throw new UserError(`${summaryOf(problems)} (strict: nothing may be left out)`);
  if (examples.length === 0) throw new UserError(`${source.captions}: no captioned file is left; ${summaryOf(problems)}`);
  return { examples, problems };
}

function requireFolder(images: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(images, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    throw new UserError(`${images}: ${systemReason(error)}`, { cause: error });
  }
  if (!isFolder) throw new UserError(`${images}: no such folder of images`);
}

/** The captions of a file by photo, whether or not the photos are there, and the format that they came in. */
export async function readCaptionGroups(
  path: string,
  report: Report,
): Promise<{ readonly format: CaptionFormat; readonly groups: readonly Group[] }> {
  const format = await recogniseCaptions(path);
  return { format, groups: await groupByImage(READERS[format](path, report), report) };
}

function listsOf(source: CaptionSource, format: CaptionFormat, report: Report): Promise<SplitLists | undefined> {
  if (source.splits !== undefined) return readSplitLists(source.splits, report, source.split);
  if (format === 'flickr') return readListsBeside(source.captions, report);
  return Promise.resolve(undefined);
}

/** The groups with the splits that the lists give them; without those on no list. UserError when none is on one. */
export function assignSplits(groups: readonly Group[], lists: SplitLists, captions: string): readonly Group[] {
  const listed = groups.flatMap((group) => {
    const entry = findListed(lists, group.image);
    return entry === undefined ? [] : [{ ...group, split: entry[1].split }];
  });
  if (listed.length > 0 || groups.length === 0) return listed;
  throw new UserError(`${lists.files.join(', ')}: none of the listed names occurs in ${captions}`);
}

function chooseSplit({ captions, split }: CaptionSource, groups: readonly Group[], report: Report): readonly Group[] {
  if (split === undefined || groups.every((group) => group.split === undefined)) return groups;
  const wanted = canonicalSplit(split);
  for (const { where, image, split: own } of groups) {
    if (own === undefined) report(where, `${image} names no split, though others do; left out`);
  }
  const chosen = groups.filter((group) => group.split === wanted);
  if (chosen.length === 0) throw new UserError(`${captions}: no image is in split ${split}; there are ${countsOf(groups)}`);
  return chosen;
}

function countsOf(groups: readonly Group[]): string {
  const counts = new Map<string, number>();
  for (const { split } of groups) if (split !== undefined) counts.set(split, (counts.get(split) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${name} (${count})`).join(', ');
}

/** Names on the lists that are read which have no caption. */
function reportUnused(lists: SplitLists, groups: readonly Group[], { split }: CaptionSource, report: Report): void {
  const used = new Set(groups.map((group) => findListed(lists, group.image)?.[0]));
  const wanted = split === undefined ? undefined : canonicalSplit(split);
  for (const [name, listed] of lists.listed) {
    if (!used.has(name) && (wanted ?? listed.split) === listed.split) report(listed.where, `${name} has no caption`);
  }
}

function summaryOf(problems: readonly Problem[]): string {
  const [first] = problems;
  if (first === undefined) return 'the file holds none';
  const others = problems.length - 1;
  return `${first.where}: ${first.message}${others === 0 ? '' : `, and ${others} more problem${others === 1 ? '' : 's'}`}`;
}
