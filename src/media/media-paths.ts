/**
 * From what a user names (files, folders, patterns, a list on stdin) to the distinct files of one kind (images, videos)
 * that are meant, in that order.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import glob from 'fast-glob';
import { systemCodeOf, systemReason, UserError } from '../shared/errors.js';
import { compareNaturally, filesInFolder } from '../shared/folder-files.js';
import { requireStrings } from '../shared/rules.js';
import { HEAD_BYTES, recognise } from './image-format.js';
import { type MediaError, printable } from './media-error.js';

/** A kind of files: how to speak of one, and how to tell them in a folder. */
export interface MediaKind<E extends MediaError> {
  readonly noun: string;
  /** Of files that are looked at in folders, with the dot, in lower case. */
  readonly extensions: ReadonlySet<string>;
  readonly errorOf: (where: string, reason: string, cause?: unknown) => E;
}

/** A file to be decoded, or with `error` an input that leads to none. */
export interface MediaPath<E extends MediaError> {
  /** As the user wrote it; inside a folder, the folder as written and the name. */
  readonly path: string;
  readonly error?: E;
}

/** How the files that inputs mean are looked for. */
export interface ExpandOptions {
  /** Whether to go into subfolders; default false. Links that lead back are followed once. */
  readonly recursive?: boolean;
  /** Whether names that do not exist may be patterns (`holiday/*.jpg`); default true. */
  readonly patterns?: boolean;
}

/**
 * The files of `kind` that `inputs` mean, each once (by its real path), at its first place. A file that is named is
 * taken whatever its extension; of a folder, the files with an extension of the kind, in natural order (`2.jpg` before
 * `10.jpg`), hidden ones left out, then its subfolders. An input that leads to nothing gives an entry with `error`.
 * Throws UserError (exit code 2) for one that is no list: a single path would be taken for a list of its letters.
 */
export async function expandMediaPaths<E extends MediaError>(
  kind: MediaKind<E>,
  inputs: readonly string[],
  options: ExpandOptions = {},
): Promise<readonly MediaPath<E>[]> {
  requireStrings('paths', inputs);
  const distinct = new Map<string, MediaPath<E>>();
  for (const input of inputs) {
    for (const found of await expand(kind, input, options)) {
      const key = identityOf(found);
      if (!distinct.has(key)) distinct.set(key, found);
    }
  }
  return [...distinct.values()];
}

/**
 * The names in a list: one a line, or, when the list has NUL characters (`find -print0`), between those, so that names
 * may have line breaks. Empty ones are dropped. Throws UserError when the stream is no list but a picture.
 */
export async function readPathList(stream: AsyncIterable<Uint8Array | string>): Promise<readonly string[]> {
  const decoder = new TextDecoder();
  let text = '';
  let isFirst = true;
  for await (const chunk of stream) {
    if (isFirst && typeof chunk !== 'string') requireList(chunk);
    isFirst = false;
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  text += decoder.decode();
  return text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((name) => name !== '');
}

function requireList(head: Uint8Array): void {
  const { format } = recognise(head.subarray(0, HEAD_BYTES));
  if (format === undefined) return;
  throw new UserError(
    `stdin: expected a list of paths, one a line, found a picture (${format}); name its file instead`,
    {
      exitCode: 2,
    },
  );
}

/** What two entries for one file have in common. */
function identityOf({ path, error }: MediaPath<MediaError>): string {
  return error === undefined ? realPathOf(path) : resolve(path);
}

/** The file that a path leads to, links resolved, or where there is none the path, absolute. */
export function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return resolve(path); // a broken link: decoding will say so
  }
}

async function expand<E extends MediaError>(
  kind: MediaKind<E>,
  input: string,
  options: ExpandOptions,
): Promise<readonly MediaPath<E>[]> {
  try {
    return statSync(input).isDirectory() ? mediaInFolder(kind, input, options) : [{ path: input }];
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '');
    if (isMissing && isPattern(input, options)) return matchesOf(kind, input);
    return [failed(kind, input, systemReason(error), error)];
  }
}

function failed<E extends MediaError>(
  { errorOf }: MediaKind<E>,
  path: string,
  reason: string,
  cause?: unknown,
): MediaPath<E> {
  return { path, error: errorOf(printable(path), reason, cause) };
}

function isPattern(input: string, { patterns = true }: ExpandOptions): boolean {
  return patterns && input !== '' && glob.isDynamicPattern(asPattern(input));
}

const asPattern = (input: string): string => (process.platform === 'win32' ? input.replaceAll('\\', '/') : input);

/** Files that match a pattern; if it leaves the extension open, only those with one of the kind. */
async function matchesOf<E extends MediaError>(kind: MediaKind<E>, pattern: string): Promise<readonly MediaPath<E>[]> {
  // Links to folders are not followed: with `**` they could lead round in circles.
  const names = await glob(asPattern(pattern), { onlyFiles: false, followSymbolicLinks: false, suppressErrors: true });
  const anyExtension = pattern.endsWith('*');
  const files = names.filter((name) => (!anyExtension || hasExtension(kind, name)) && isFile(name));
  if (files.length === 0) return [failed(kind, pattern, `no such file, and as a pattern it matches no ${kind.noun}`)];
  return files.sort(compareNaturally).map((path) => ({ path }));
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true; // a broken link is worth an error
  }
}

export function hasExtension({ extensions }: Pick<MediaKind<MediaError>, 'extensions'>, name: string): boolean {
  return extensions.has(extname(name).toLowerCase());
}

function mediaInFolder<E extends MediaError>(
  kind: MediaKind<E>,
  folder: string,
  { recursive = false }: ExpandOptions,
): readonly MediaPath<E>[] {
  const { entries, notEntered } = filesInFolder(folder, { recursive, isWanted: (name) => hasExtension(kind, name) });
  if (entries.length > 0) {
    return entries.map(({ path, error }) =>
      error === undefined ? { path } : failed(kind, path, systemReason(error), error),
    );
  }
  const hint =
    notEntered === 0 ? '' : ` (--recursive would look into its ${notEntered} subfolder${notEntered === 1 ? '' : 's'})`;
  return [failed(kind, folder, `is a folder without ${kind.noun}s${hint}`)];
}
