/**
 * Takes files out of archives into a folder, so that a run that was killed can go on: a file gets its name when it is
 * whole and was found good, and one that has its name and its size is not taken out again.
 *
 * What is in an archive is not trusted: only regular files are taken, only to places inside the folder, none longer than
 * `limitBytes`, and nothing is begun that the disk has no room for.
 */
import { createWriteStream, statSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assert } from '../../shared/assert.js';
import { messageOf, systemCodeOf, UserError } from '../../shared/errors.js';
import { TEMPORARY_ENDING, temporaryNameFor } from '../../shared/files.js';
import { startProgress } from '../../shared/progress.js';
import type { Report } from '../captions/types.js';
import { type Archive, type ArchiveEntry, ArchiveError, safeName } from './archive/index.js';

/** Files that are judged while the next ones are taken out. */
const AT_ONCE = 8;

export interface Source {
  readonly archives: readonly Archive[];
  readonly report: Report;
  readonly signal?: AbortSignal;
}

/** All files of all archives; with `label`, behind a bar that counts megabytes of archives. */
export async function* entriesOf(
  { archives, report, signal }: Source,
  label?: string,
): AsyncGenerator<readonly [ArchiveEntry, Archive], void, void> {
  const megabytes = Math.ceil(archives.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6);
  const progress = startProgress(`${label}, MB`, label === undefined ? 0 : megabytes);
  let [read, shown] = [0, 0];
  const onRead = (bytes: number): void => {
    read += bytes;
    const due = Math.floor(read / 1e6) - shown;
    if (due > 0) progress.advance(due);
    shown += due;
  };
  try {
    for (const archive of archives) {
      for await (const entry of archive.entries({ report, onRead })) {
        signal?.throwIfAborted();
        yield [entry, archive];
      }
    }
  } finally {
    progress.stop();
  }
}

/** The whole of a small file, in memory. Throws ArchiveError when it is longer than `limitBytes`, or damaged. */
export async function readWhole(entry: ArchiveEntry, limitBytes: number): Promise<Buffer> {
  if (entry.size > limitBytes) throw new ArchiveError(`has ${entry.size} bytes; at most ${limitBytes} are read`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface ExtractOptions extends Source {
  readonly folder: string;
  /** What is taken out, for the bar; and how many there are, where that is known. */
  readonly label: string;
  readonly total?: number;
  /** Bytes that a file may have. */
  readonly limitBytes: number;
  /** Where in `folder` an entry goes, with `/` between the parts; undefined when it is not wanted. */
  readonly place: (entry: ArchiveEntry, archive: Archive) => string | undefined;
  /** What is wrong with the file at `path`, which then is left out. */
  readonly check?: (path: string) => Promise<string | undefined>;
  /** Whether a file of the same name and size is taken for the same; default true. */
  readonly reuse?: boolean;
}

export interface Extracted {
  /** Places in `folder` that have their file now. */
  readonly placed: ReadonlySet<string>;
  /** How many of them were there before. */
  readonly reused: number;
  /** How many could not be had; each was reported. */
  readonly refused: number;
}

/**
 * Takes out what `place` wants. A file that cannot be read or is found bad is reported, and the rest goes on.
 * Throws UserError when the disk is full or an archive is damaged as a whole; what was taken out until then stays.
 */
export async function extract(options: ExtractOptions): Promise<Extracted> {
  const { folder, label, total } = options;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  const run = new Extraction(options);
  const progress = startProgress(label, total ?? 0);
  try {
    for await (const [entry, archive] of entriesOf(options, total === undefined ? label : undefined)) {
      const place = options.place(entry, archive);
      if (place === undefined) continue;
      await run.take(entry, archive, place);
      progress.advance(1);
    }
  } finally {
    progress.stop();
    await run.settle();
  }
  return run.result();
}

class Extraction {
  readonly #options: ExtractOptions;
  readonly #owners = new Map<string, string>();
  readonly #placed = new Set<string>();
  readonly #folders = new Set<string>();
  readonly #pending = new Set<Promise<void>>();
  #failure: UserError | undefined;
  #reused = 0;
  #refused = 0;

  constructor(options: ExtractOptions) {
    this.#options = options;
  }

  async take(entry: ArchiveEntry, archive: Archive, place: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(safeName(place) === place, () => `${place} is no place in a folder`);
    const { folder, limitBytes, reuse = true } = this.#options;
    const where = entry.path ?? `${archive.path}: ${entry.name}`;
    const target = join(folder, place);
    const owner = this.#owners.get(place);
    if (owner !== undefined) return this.#refuse(where, `would be ${target}, as ${owner} is, which is kept`);
    this.#owners.set(place, where);
    if (entry.size > limitBytes) return this.#refuse(where, `has ${entry.size} bytes; at most ${limitBytes} are taken`);
    if (reuse && sizeOf(target) === entry.size) {
      this.#reused++;
      this.#placed.add(place);
      return;
    }
    try {
      await this.#makeFolder(dirname(target));
    } catch (error) {
      if (!isInTheWay(error)) throw cannotWrite(target, error);
      return this.#refuse(where, `would be ${target}, where a file is in the way of a folder`);
    }
    if (entry.path !== undefined) return this.#later(this.#place(entry.path, place, where));
    const partial = temporaryNameFor(target);
    try {
      await pipeline(entry.read(), createWriteStream(partial, { flags: 'wx' }));
    } catch (error) {
      await rm(partial, { force: true });
      if (!(error instanceof ArchiveError)) throw cannotWrite(target, error);
      return this.#refuse(where, messageOf(error));
    }
    await this.#later(this.#place(partial, place, where, true));
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  result(): Extracted {
    if (this.#failure !== undefined) throw this.#failure;
    return { placed: this.#placed, reused: this.#reused, refused: this.#refused };
  }

  /** Gives a file its name if it is good: a partial one by renaming, a user's own by a link or a copy. */
  async #place(file: string, place: string, where: string, isPartial = false): Promise<void> {
    const target = join(this.#options.folder, place);
    const fault = await this.#options.check?.(file);
    if (fault !== undefined) {
      if (isPartial) await rm(file, { force: true });
      return this.#refuse(where, fault);
    }
    try {
      if (isPartial) await rename(file, target);
      else await linkOrCopy(file, target);
      this.#placed.add(place);
    } catch (error) {
      if (isPartial) await rm(file, { force: true });
      if (!isInTheWay(error)) throw error;
      this.#refuse(where, `would be ${target}, where a folder is in the way`);
    }
  }

  async #later(work: Promise<void>): Promise<void> {
    const settled = work
      .catch((error: unknown) => void (this.#failure ??= cannotWrite(this.#options.folder, error)))
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
    if (this.#pending.size >= AT_ONCE) await Promise.race(this.#pending);
  }

  #refuse(where: string, fault: string): void {
    this.#refused++;
    this.#options.report(where, `${fault}; left out`);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await mkdir(folder, { recursive: true });
    this.#folders.add(folder);
  }
}

/** Bytes of a file; undefined when there is none. */
function sizeOf(path: string): number | undefined {
  try {
    const found = statSync(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file is where a folder is to be, or the reverse: names of one archive can contradict each other. */
function isInTheWay(error: unknown): boolean {
  return ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ERR_FS_EISDIR'].includes(systemCodeOf(error) ?? '');
}

/** One file under a second name: a link where the disk allows it, a copy elsewhere. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    const partial = temporaryNameFor(to);
    await copyFile(from, partial);
    await rename(partial, to);
  }
}

/** Throws UserError unless the disk of `folder` has room for so many bytes. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  const megabytes = (count: number): string => `${Math.ceil(count / 1e6)} MB`;
  throw new UserError(`${folder}: ${megabytes(bytes)} are to be unpacked, ${megabytes(free)} are free`);
}

/** Removes what processes that are no more left half-written below `folder`; to be called while nothing is being written. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const writer = TEMPORARY_ENDING.exec(entry.name)?.[1];
    if (writer !== undefined && !isRunning(Number(writer))) await rm(join(entry.parentPath, entry.name), { force: true });
  }
}

function isRunning(processId: number): boolean {
  if (processId === process.pid) return false; // in a container, the one before may have had the same
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM'; // somebody else's
  }
}

function cannotWrite(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const reason = systemCodeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
  return new UserError(`${path}: cannot be written (${reason}); the same command goes on from here`, { cause: error });
}
