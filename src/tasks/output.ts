/**
 * An output file that is never half-written under its name: results go to `FILE.partial` as they come, and the file
 * appears when all are there. A run that is begun again with `skipDone` leaves out what either already holds. At no
 * moment are results of an earlier run on disk nowhere: one file replaces the other only when it is whole.
 */
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { realPathOf } from '../media/media-paths.js';
import { messageOf, systemCodeOf, UserError } from '../shared/errors.js';
import { writeFileAtomically } from '../shared/files.js';
import { explainWriteErrors } from '../training/system-errors.js';
import {
  formatResult,
  hasFormat,
  headerOf,
  type OutputFormat,
  readWrittenLines,
  type ResultKind,
  type WrittenLine,
} from './result-format.js';
import { requireWritableFolder } from './writable-folder.js';

export interface OutputOptions<Result> {
  readonly kind: ResultKind<Result>;
  readonly path: string;
  readonly format: OutputFormat;
  readonly overwrite: boolean;
  readonly skipDone: boolean;
}

export interface ResultOutput<Result> {
  /** Whether an earlier run has an answer about this file, however its path was written then. */
  isDone(name: string): boolean;
  write(result: Result): Promise<void>;
  /** Makes the file: lines in the order of `names`, those of an earlier run in their places. */
  finish(names: readonly string[]): Promise<void>;
  /** Keeps what was written so far in `FILE.partial`, and says whether there is anything. */
  close(): Promise<boolean>;
}

export const partialNameOf = (path: string): string => `${path}.partial`;

/**
 * Opens the output. Throws UserError with exit code 2 when the file, or the unfinished part of one, exists and nothing
 * says what to do about it.
 */
export async function openOutput<Result>(options: OutputOptions<Result>): Promise<ResultOutput<Result>> {
  const { kind, path, format, overwrite, skipDone } = options;
  const partial = partialNameOf(path);
  refuseOtherThanFile(path);
  if (!overwrite && !skipDone) refuseExisting(path, partial);
  const earlier = new Map<string, WrittenLine>();
  if (skipDone) {
    for (const output of [path, partial]) {
      for (const line of await readEarlier(kind, { file: output, format, mayBeCutShort: output === partial })) {
        const file = realPathOf(line.name);
        if (line.done || earlier.get(file)?.done !== true) earlier.set(file, line);
      }
    }
  }
  const lines = new Map([...earlier].map(([file, { text }]) => [file, text]));
  const file = await explained(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    if (lines.size === 0) return await startedFile(partial, headerOf(kind, format));
    await writeFileAtomically(partial, headerOf(kind, format) + [...lines.values()].join(''));
    return await open(partial, 'a');
  });
  const done = new Set([...earlier].flatMap(([file, line]) => (line.done ? [file] : [])));
  return fileOutput({ kind, path, format, partial, lines, done, file });
}

/** Why what is at `path` is not written over; `remedy` says what to do instead of replacing it. */
export function existsAlready(path: string, remedy: string): UserError {
  return new UserError(`${path}: exists already (--overwrite replaces it, ${remedy})`, { exitCode: 2 });
}

/**
 * Throws UserError with exit code 2 when `path`, a file that is written all at once, exists and may not be replaced, or
 * cannot be written: before the work, not after.
 */
export function requireNewFile(path: string, { overwrite }: { readonly overwrite: boolean }): void {
  requireWritableFile(path);
  if (!overwrite && existsSync(path)) throw existsAlready(path, 'or name another');
}

/** The same of a file that may be there already. */
export function requireWritableFile(path: string): void {
  refuseOtherThanFile(path);
  requireWritableFolder(dirname(path));
}

/** Has `write` write the file at `path`, in a folder that is made if need be. Throws UserError where the system refuses. */
export async function writeOutputFile(path: string, write: () => Promise<void>): Promise<void> {
  await explainWriteErrors(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    await write();
  });
}

function refuseOtherThanFile(path: string): void {
  if (path === '-')
    throw new UserError('-: expected the name of a file (without --output results go to stdout)', { exitCode: 2 });
  if (!existsSync(path)) return;
  const found = statSync(path);
  if (found.isFile()) return;
  // Renaming onto a device would put a file in its place, for every program of the machine.
  const kind = found.isDirectory() ? 'a folder' : 'a device or a pipe';
  throw new UserError(`${path}: is ${kind}, expected the name of a file to write`, { exitCode: 2 });
}

function refuseExisting(path: string, partial: string): void {
  if (existsSync(path)) throw existsAlready(path, '--skip-done adds what it lacks');
  if (existsSync(partial)) {
    throw new UserError(
      `${partial}: what an unfinished run wrote is here (--skip-done goes on with it, --overwrite starts again)`,
      { exitCode: 2 },
    );
  }
}

async function startedFile(path: string, text: string): Promise<FileHandle> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The lines in a file of an earlier run. Throws UserError when it holds something else, which would be lost. */
async function readEarlier<Result>(
  kind: ResultKind<Result>,
  {
    file,
    format,
    mayBeCutShort,
  }: { readonly file: string; readonly format: OutputFormat; readonly mayBeCutShort: boolean },
): Promise<ReturnType<typeof readWrittenLines>> {
  if (!existsSync(file)) return [];
  const text = await readFile(file, 'utf8');
  if (!hasFormat(kind, mayBeCutShort ? text.slice(0, text.lastIndexOf('\n') + 1) : text, format)) {
    const columns = format === 'csv' ? ` with the columns ${kind.columns.join()}` : '';
    throw new UserError(
      `${file}: --skip-done: its lines are not those of --format ${format}${columns} (use the options that wrote them)`,
      { exitCode: 2 },
    );
  }
  return readWrittenLines(kind, text, format);
}

interface OpenOutput<Result> {
  readonly kind: ResultKind<Result>;
  readonly path: string;
  readonly format: OutputFormat;
  readonly partial: string;
  /** Lines by file, by the real path of it: those of earlier runs and of this one. */
  readonly lines: Map<string, string>;
  /** Files that earlier runs have an answer on, likewise. */
  readonly done: ReadonlySet<string>;
  readonly file: FileHandle;
}

function fileOutput<Result>({
  kind,
  path,
  format,
  partial,
  lines,
  done,
  file,
}: OpenOutput<Result>): ResultOutput<Result> {
  let open = true;
  const close = async (): Promise<boolean> => {
    if (open) {
      open = false;
      await file.close();
      if (lines.size === 0) await rm(partial, { force: true });
    }
    return existsSync(partial);
  };
  return {
    isDone: (name) => done.has(realPathOf(name)),
    write: (result) =>
      explained(partial, async () => {
        const text = formatResult(kind, result, format);
        await file.writeFile(text);
        lines.set(realPathOf(kind.nameOf(result)), text);
      }),
    finish: (names) =>
      explained(path, async () => {
        await close();
        const order = new Set([...names.map(realPathOf), ...lines.keys()]);
        const text = [...order].map((input) => lines.get(input) ?? '').join('');
        await writeFileAtomically(path, headerOf(kind, format) + text);
        await rm(partial, { force: true });
      }),
    close,
  };
}

/** Runs `action`; a full disk and the like become errors that say what was kept. */
async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = systemCodeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
    throw new UserError(
      `${path}: cannot be written: ${reason} (what was done so far is kept; once that is mended, --skip-done goes on)`,
      { cause: error },
    );
  }
}
