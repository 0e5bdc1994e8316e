/** Opens what a user names as the source of a data set: zip and tar archives, folders, single files; told by content. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, systemCodeOf, UserError } from '../../../shared/errors.js';
import { readHead } from '../../../shared/files.js';
import { readFile, readFolder } from './folder.js';
import { unpackRar } from './rar.js';
import { readTar } from './tar.js';
import type { Archive, ArchiveKind } from './types.js';
import { readZip } from './zip.js';

export { safeName } from './names.js';
export { type Archive, type ArchiveEntry, ArchiveError } from './types.js';

const HEAD_BYTES = 512;
/** Where a tar header has its magic (POSIX.1-1988). */
const USTAR_AT = 257;

const READERS = { zip: readZip, tar: readTar, folder: readFolder, file: readFile } as const;

/** Formats by their first bytes, as Latin-1. */
const SIGNATURES: readonly (readonly [string, ArchiveKind | 'rar'])[] = [
  ['PK\x03\x04', 'zip'],
  ['PK\x05\x06', 'zip'], // an empty one
  ['\x1f\x8b', 'tar'],
  ['Rar!\x1a\x07', 'rar'],
];

/** Archives that are known and not read. */
const UNREAD: readonly (readonly [string, string])[] = [
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  ['\xfd7zXZ\0', 'compressed by xz'],
  ['BZh9', 'compressed by bzip2'],
  ['\x28\xb5\x2f\xfd', 'compressed by zstd'],
];

/**
 * The archive at `path`. `scratch` is a folder in which a rar archive may be unpacked.
 * Throws UserError when there is nothing, or an archive that cannot be read.
 */
export async function openArchive(path: string, scratch: string): Promise<Archive> {
  const { isFolder, size } = await examine(path);
  if (isFolder) return archiveOf(path, 'folder', 0);
  const kind = kindOf(path, Buffer.from(await readHead(path, HEAD_BYTES)).toString('latin1'));
  if (kind !== 'rar') return archiveOf(path, kind, size);
  const folder = join(scratch, basename(path));
  await unpackRar(path, folder);
  return archiveOf(folder, 'folder', 0);
}

function archiveOf(path: string, kind: ArchiveKind, bytes: number): Archive {
  return { path, kind, bytes, entries: (options) => READERS[kind](path, options) };
}

async function examine(path: string): Promise<{ readonly isFolder: boolean; readonly size: number }> {
  try {
    const found = await stat(path);
    if (found.isDirectory() || found.isFile()) return { isFolder: found.isDirectory(), size: found.size };
  } catch (error) {
    const reason = systemCodeOf(error) === 'ENOENT' ? 'no such file or folder' : messageOf(error);
    throw new UserError(`${path}: ${reason}`, { cause: error });
  }
  throw new UserError(`${path}: expected an archive, a folder or a file, found neither`);
}

function kindOf(path: string, head: string): ArchiveKind | 'rar' {
  const unread = UNREAD.find(([signature]) => head.startsWith(signature));
  if (unread !== undefined) throw new UserError(`${path}: is ${unread[1]}; unpack it, and give the folder or the file`);
  const known = SIGNATURES.find(([signature]) => head.startsWith(signature));
  if (known !== undefined) return known[1];
  return head.startsWith('ustar', USTAR_AT) || path.toLowerCase().endsWith('.tar') ? 'tar' : 'file';
}
