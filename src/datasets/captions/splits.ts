/** Splits: their names, and the lists of photos that some data sets carry beside the captions. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, systemCodeOf, UserError } from '../../shared/errors.js';
import { readLines } from '../../text/lines.js';
import type { Report } from './types.js';

const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['dev', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['training', 'train'],
  ['restval', 'train'], // Karpathy's name for the validation photos that are to be trained on
  ['testing', 'test'],
]);

/** One name for each split: `train`, `val`, `test`; other names as they are, in lower case. */
export function canonicalSplit(name: string): string {
  const lower = name.trim().toLowerCase();
  return SYNONYMS.get(lower) ?? lower;
}

/** `Flickr_8k.trainImages.txt`, `dev.txt`, `karpathy_test_images.txt`. */
const LIST_NAME = /(?:^|[^a-z])(train|training|dev|val|valid|validation|test|testing)(?:[^a-z].*)?(?:images)?\.(?:txt|lst|list)$/i;

/** Which photos belong to which split. */
export interface SplitLists {
  /** The files read. */
  readonly files: readonly string[];
  /** Name on a list → its split and place. */
  readonly listed: ReadonlyMap<string, ListedImage>;
}

export interface ListedImage {
  readonly split: string;
  readonly where: string;
}

/** The entry of a photo, which lists may name without its extension. */
export function findListed(lists: SplitLists, image: string): readonly [string, ListedImage] | undefined {
  for (const name of [image, basename(image), image.replace(/\.[^./]+$/, '')]) {
    const entry = lists.listed.get(name);
    if (entry !== undefined) return [name, entry];
  }
  return undefined;
}

/**
 * Reads a list, or all lists of a folder; UserError when there are none. A single list whose name tells no split is
 * taken for the `wanted` one.
 */
export async function readSplitLists(path: string, report: Report, wanted?: string): Promise<SplitLists> {
  const isFolder = await isFolderAt(path);
  const files = isFolder ? await listsIn(path) : [path];
  if (files.length === 0) {
    throw new UserError(`${path}: no split lists found; expected names such as Flickr_8k.trainImages.txt or dev.txt`);
  }
  return readLists(files, report, wanted);
}

/** The lists that lie beside a captions file; undefined when there are none. */
export async function readListsBeside(captions: string, report: Report): Promise<SplitLists | undefined> {
  const files = await listsIn(dirname(captions));
  return files.length === 0 ? undefined : readLists(files, report);
}

async function isFolderAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const reason = systemCodeOf(error) === 'ENOENT' ? 'no such file or folder of split lists' : messageOf(error);
    throw new UserError(`${path}: ${reason}`, { cause: error });
  }
}

async function listsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => splitOfList(name) !== undefined);
  return names.sort().map((name) => join(folder, name));
}

/** Whether a file of this name is a list of the photos of one split. */
export function isSplitList(name: string): boolean {
  return splitOfList(name) !== undefined;
}

/** The split that the name of a captions file tells (`captions_train.csv`); undefined when it tells none. */
export function splitInName(name: string): string | undefined {
  const match = /(?:^|[^a-z])(train|training|dev|val|valid|validation|test|testing)(?:[^a-z]|$)/i.exec(name)?.[1];
  return match === undefined ? undefined : canonicalSplit(match);
}

function splitOfList(name: string): string | undefined {
  const match = LIST_NAME.exec(name)?.[1];
  return match === undefined ? undefined : canonicalSplit(match);
}

/** Reads lists; of one whose name tells no split, the photos are in the `wanted` one. */
export async function readLists(files: readonly string[], report: Report, wanted?: string): Promise<SplitLists> {
  const listed = new Map<string, ListedImage>();
  for (const file of files) {
    const split = splitOfList(basename(file)) ?? canonicalSplit(wanted ?? basename(file));
    for await (const { number, text } of readLines(file)) {
      const name = text.trim();
      const where = `${file}:${number}`;
      const earlier = listed.get(name);
      if (name === '') continue;
      if (earlier === undefined) listed.set(name, { split, where });
      else report(where, `${name} is already listed at ${earlier.where} (split ${earlier.split}), which is kept`);
    }
  }
  return { files, listed };
}
