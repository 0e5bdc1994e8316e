/**
 * Writing files so that nothing half-written is ever seen under its final name: the text goes to a temporary name in
 * the same folder, is flushed to disk, and is then renamed (rename is atomic on one file system).
 */
import { lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { systemCodeOf } from './errors.js';

/** A name beside `path` that no other process uses. */
export function temporaryNameFor(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.partial`;
}

/** How such a name ends; the group is the process that writes. */
export const TEMPORARY_ENDING = /\.(\d+)-[0-9a-f]{8}\.partial$/;

/** The name that a temporary one becomes, for messages; any other name as it is. */
export function finalNameOf(path: string): string {
  return path.replace(TEMPORARY_ENDING, '');
}

/**
 * The file that is written in the place of `path`: a symbolic link stays, and the file that it leads to, or will lead to, is
 * written. A link that leads to something else (a folder, a device, itself) is replaced: what it leads to is not ours.
 */
export async function targetOf(path: string): Promise<string> {
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return path;
  try {
    const target = await realpath(path);
    return (await stat(target)).isFile() ? target : path;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') return path;
    const folder = await realpath(dirname(path));
    return targetOf(resolve(folder, await readlink(path)));
  }
}

/**
 * Writes `chunks` to `path` (see `targetOf`) all at once or not at all. Throws the system's error (`ENOSPC`, `EACCES`, …).
 */
export async function writeFileAtomically(
  path: string,
  chunks: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const target = await targetOf(path);
  const temporary = temporaryNameFor(target);
  try {
    const file = await open(temporary, 'wx');
    try {
      if (typeof chunks === 'string' || chunks instanceof Uint8Array) await file.writeFile(chunks);
      else for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** At most the first `length` bytes of the file at `path`. Throws what the system throws. */
export async function readHead(path: string, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
