/** Turns what the operating system says while training writes and reads its files into errors that the user can mend. */
import { stat } from 'node:fs/promises';
import { messageOf, systemCodeOf, UserError } from '../shared/errors.js';
import { finalNameOf } from '../shared/files.js';

/** Runs `write`; a refusal of the system (disk full, no permission, …) becomes a `UserError` that names `path` as it is to be. */
export async function explainWriteErrors<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const fix = writeFix(systemCodeOf(error));
    if (fix === undefined) throw error;
    throw new UserError(`${finalNameOf(path)}: cannot be written, ${messageOf(error)} (${fix})`, { cause: error });
  }
}

function writeFix(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full: free some space or choose another folder; what was saved there before is untouched';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'choose a folder that you may write to';
    case 'ENOENT':
      return 'there is no such folder: make it first';
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return 'something else has that name: choose another one';
    case 'EMFILE':
    case 'EIO':
    case 'EFBIG':
    case 'ENAMETOOLONG':
      return 'check the disk and the name';
    default:
      return undefined;
  }
}

/** Runs `read`; a file that is missing or may not be read becomes a `UserError` that names `path`. */
export async function explainReadErrors<T>(path: string, fix: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const code = systemCodeOf(error);
    if (error instanceof UserError || code === undefined) throw error;
    const found = code === 'ENOENT' ? 'there is no such file' : messageOf(error);
    throw new UserError(`${path}: cannot be read, ${found} (${fix})`, { cause: error });
  }
}

/**
 * The bytes of the file at `path`. Throws `UserError` where that is a device or a pipe, whose end may never come, and the
 * system's error where nothing is.
 */
export async function sizeOfFile(path: string): Promise<number> {
  const found = await stat(path);
  if (found.isFile() || found.isDirectory()) return found.size; // Reading a folder is refused by the system.
  throw new UserError(`${path}: expected a file, found a device or a pipe (copy what it gives into a file)`);
}
