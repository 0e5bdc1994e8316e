/**
 * From what a user names (files, folders, patterns, a list on stdin) to the distinct image files meant, in that order.
 */
import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import glob from 'fast-glob';
import { systemCodeOf } from '../shared/errors.js';
import { ImageError, printable, systemReason } from './image.js';

/**
 * Files that are looked at in folders. Some cannot be decoded (HEIC, BMP): they are listed all the same, so that the
 * user is told instead of missing them.
 */
const EXTENSIONS: ReadonlySet<string> = new Set(
  ['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff', 'svg', 'heic', 'heif', 'bmp'].map(
    (name) => `.${name}`,
  ),
);

/** A file to be decoded, or with `error` an input that leads to none. */
export interface ImagePath {
  /** As the user wrote it; inside a folder, the folder as written and the name. */
  readonly path: string;
  readonly error?: ImageError;
}

export interface ExpandOptions {
  /** Whether to go into subfolders; default false. Links that lead back are followed once. */
  readonly recursive?: boolean;
  /** Whether names that do not exist may be patterns (`holiday/*.jpg`); default true. */
  readonly patterns?: boolean;
}

/**
 * The images that `inputs` mean, each file once (by its real path), at its first place. A file that is named is taken
 * whatever its extension; of a folder, the files with an image's extension, in natural order (`2.jpg` before `10.jpg`),
 * hidden ones left out, then its subfolders. An input that leads to nothing gives an entry with `error`.
 */
export async function expandImagePaths(
  inputs: readonly string[],
  options: ExpandOptions = {},
): Promise<readonly ImagePath[]> {
  const distinct = new Map<string, ImagePath>();
  for (const input of inputs) {
    for (const found of await expand(input, options)) {
      const key = identityOf(found);
      if (!distinct.has(key)) distinct.set(key, found);
    }
  }
  return [...distinct.values()];
}

/**
 * The names in a list: one a line, or, when the list has NUL characters (`find -print0`), between those, so that names
 * may have line breaks. Empty ones are dropped.
 */
export async function readPathList(stream: AsyncIterable<Uint8Array | string>): Promise<readonly string[]> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream) text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  text += decoder.decode();
  return text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((name) => name !== '');
}

/** What two entries for one file have in common. */
function identityOf({ path, error }: ImagePath): string {
  if (error !== undefined) return resolve(path);
  try {
    return realpathSync.native(path);
  } catch {
    return resolve(path); // a broken link: decoding will say so
  }
}

async function expand(input: string, options: ExpandOptions): Promise<readonly ImagePath[]> {
  try {
    return statSync(input).isDirectory() ? imagesInFolder(input, options) : [{ path: input }];
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '');
    if (isMissing && isPattern(input, options)) return matchesOf(input);
    return [failed(input, systemReason(error), error)];
  }
}

function failed(path: string, reason: string, cause?: unknown): ImagePath {
  return { path, error: new ImageError(printable(path), reason, cause) };
}

function isPattern(input: string, { patterns = true }: ExpandOptions): boolean {
  return patterns && input !== '' && glob.isDynamicPattern(asPattern(input));
}

const asPattern = (input: string): string => (process.platform === 'win32' ? input.replaceAll('\\', '/') : input);

/** Files that match a pattern; if it leaves the extension open, only those with an image's. */
async function matchesOf(pattern: string): Promise<readonly ImagePath[]> {
  // Links to folders are not followed: with `**` they could lead round in circles.
  const names = await glob(asPattern(pattern), { onlyFiles: false, followSymbolicLinks: false, suppressErrors: true });
  const anyExtension = pattern.endsWith('*');
  const files = names.filter((name) => (!anyExtension || hasImageExtension(name)) && isFile(name));
  if (files.length === 0) return [failed(pattern, 'no such file, and as a pattern it matches no image')];
  return files.sort(compareNaturally).map((path) => ({ path }));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true; // a broken link is worth an error
  }
}

function hasImageExtension(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase());
}

function imagesInFolder(folder: string, { recursive = false }: ExpandOptions): readonly ImagePath[] {
  const found: ImagePath[] = [];
  const skipped = walk(folder, recursive, new Set(), found);
  if (found.length > 0) return found;
  const hint =
    skipped === 0 ? '' : ` (--recursive would look into its ${skipped} subfolder${skipped === 1 ? '' : 's'})`;
  return [failed(folder, `is a folder without images${hint}`)];
}

/** Adds the images of `folder` to `found`; returns how many subfolders were not entered. */
function walk(folder: string, recursive: boolean, visited: Set<string>, found: ImagePath[]): number {
  const subfolders: string[] = [];
  try {
    const real = realpathSync.native(folder);
    if (visited.has(real)) return 0;
    visited.add(real);
    for (const name of readdirSync(folder).sort(compareNaturally)) {
      if (name.startsWith('.')) continue;
      const path = join(folder, name);
      if (isFolder(path)) subfolders.push(path);
      else if (hasImageExtension(name)) found.push({ path });
    }
  } catch (error) {
    found.push(failed(folder, systemReason(error), error));
  }
  if (!recursive) return subfolders.length;
  for (const subfolder of subfolders) walk(subfolder, recursive, visited, found);
  return 0;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers inside names count as numbers; the order is the same on every machine. */
function compareNaturally(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
