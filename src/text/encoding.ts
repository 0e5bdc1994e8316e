/** What stands between the bytes of a text file and its text: UTF-8, and the errors of files that are something else. */
import { systemReason, UserError } from '../shared/errors.js';
import { readHead } from '../shared/files.js';

/** What stands where the bytes of a text were not UTF-8. */
export const REPLACEMENT_CHARACTER = '\uFFFD';

/** From the start of a file, as many bytes as tell its encoding. */
export const ENCODING_BYTES = 1_024;
/** Text in UTF-16 has a NUL byte in each letter of the Latin alphabet; UTF-8 has none. */
const MOST_NULS = 1 / 8;

/**
 * Throws UserError when `head`, the first bytes of the file `name`, are of UTF-16, of which every second byte would be taken
 * for a character.
 */
export function requireUtf8(head: Uint8Array, name: string): void {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new UserError(`${name}: is UTF-16, expected UTF-8 (save it as that)`);
  }
  const start = head.subarray(0, ENCODING_BYTES);
  if (start.filter((byte) => byte === 0).length > start.length * MOST_NULS) {
    throw new UserError(
      `${name}: has NUL bytes, as UTF-16 and spreadsheets do; expected text in UTF-8 (save it as that)`,
    );
  }
}

/** `requireUtf8` of the file at `path`. Throws UserError when it cannot be read, too. */
export async function requireUtf8File(path: string): Promise<void> {
  let head: Uint8Array;
  try {
    head = await readHead(path, ENCODING_BYTES);
  } catch (error) {
    throw cannotRead(path, error);
  }
  requireUtf8(head, path);
}

/** Any error of reading the file at `path`, as one that the user can mend. */
export function cannotRead(path: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  return new UserError(`${path}: ${systemReason(error)}`, { cause: error });
}
