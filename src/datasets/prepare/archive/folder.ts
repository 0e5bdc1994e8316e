/** A folder that somebody has unpacked already, or a file that needs no unpacking. Links are not followed. */
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { compareNaturally } from '../../../shared/folder-files.js';
import { messageOf } from '../../../shared/errors.js';
import { isHidden, safeName } from './names.js';
import { type ArchiveEntry, ArchiveError, type EntryOptions } from './types.js';

/** The files below `folder`, in natural order of their names. */
export async function* readFolder(folder: string, options: EntryOptions): AsyncGenerator<ArchiveEntry, void, void> {
  yield* filesBelow(folder, '', options);
}

async function* filesBelow(
  root: string,
  below: string,
  options: EntryOptions,
): AsyncGenerator<ArchiveEntry, void, void> {
  const found = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of found.sort((a, b) => compareNaturally(a.name, b.name))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isHidden(entry.name)) continue;
    if (entry.isDirectory()) yield* filesBelow(root, name, options);
    else if (!entry.isFile()) options.report(join(root, name), 'is a link or a device, not a file; left out');
    else if (safeName(name) !== name) options.report(join(root, name), 'has a name that is no path; left out');
    else yield await fileEntry(join(root, name), name, options);
  }
}

/** The file alone. */
export async function* readFile(path: string, options: EntryOptions): AsyncGenerator<ArchiveEntry, void, void> {
  yield await fileEntry(path, basename(path), options);
}

async function fileEntry(path: string, name: string, { onRead }: EntryOptions): Promise<ArchiveEntry> {
  const { size } = await lstat(path);
  onRead?.(size);
  return { name, size, path, read: () => readBytes(path) };
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new ArchiveError(`cannot be read (${messageOf(error)})`, { cause: error });
  }
}
