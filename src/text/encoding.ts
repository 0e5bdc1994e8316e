/** What stands between the bytes of a text file and its text: UTF-8, and the errors of files that are something else. */
import { systemReason, UserError } from '../shared/errors.js';
import { readHead } from '../shared/files.js';

/** Throws UserError for UTF-16, of which every second byte would be taken for a character. */
export async function requireEightBits(path: string): Promise<void> {
  let head: Uint8Array;
  try {
    head = await readHead(path, 2);
  } catch (error) {
    throw cannotRead(path, error);
  }
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new UserError(`${path}: is UTF-16, expected UTF-8 (save it as that)`);
  }
}

/** Any error of reading the file at `path`, as one that the user can mend. */
export function cannotRead(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`${path}: ${systemReason(error)}`, { cause: error });
}
