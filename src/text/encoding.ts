/** What stands between the bytes of a text file and its text: UTF-8, and the errors of files that are something else. */
import { systemReason, UserError } from '../shared/errors.js';
import { readHead } from '../shared/files.js';
import { warn } from '../shared/log.js';

/** What stands where the bytes of a text were not UTF-8. */
export const REPLACEMENT_CHARACTER = '\uFFFD';

/** What is wrong with a text that has U+FFFD, and what to do about it. */
export const NOT_UTF8 = 'is not valid UTF-8; convert the file, as by iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW';

/** Looks for texts that lost characters: those of files in Latin-1 or Windows-1252, which cannot be told from one another. */
export class LostCharacters {
  #count = 0;
  #first = '';

  /** @param where where the text begins: `FILE:LINE`, or `FILE` */
  add(text: string, where: string): void {
    if (text.includes(REPLACEMENT_CHARACTER) && this.#count++ === 0) this.#first = where;
  }

  /** What is to be told of the texts so far; undefined when all are whole. */
  get problem(): string | undefined {
    return this.#count === 0 ? undefined : `${this.#first}: ${NOT_UTF8} (such texts: ${this.#count})`;
  }

  /** Warns of the problem. */
  warn(): void {
    if (this.problem !== undefined) warn(this.problem);
  }
}

/** From the start of a file, as many bytes as tell its encoding. */
const ENCODING_BYTES = 1_024;
/** Text in UTF-16 has a NUL byte in each letter of the Latin alphabet; UTF-8 has one only where someone put it. */
const MOST_NULS = 1 / 8;
/** In UTF-16 those are the first bytes of their letters, or the second ones. */
const ON_ONE_SIDE = 0.9;
/** Control characters below the tabulator: in text there are none. */
const FIRST_OF_TEXT = 0x09;

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
  if (hasNulsAsOtherFormats(start)) {
    throw new UserError(
      `${name}: has NUL bytes, as UTF-16 and spreadsheets do; expected text in UTF-8 (save it as that)`,
    );
  }
}

/** Whether the NUL bytes of `head` are those of UTF-16, or of a format that is no text. */
function hasNulsAsOtherFormats(head: Uint8Array): boolean {
  const nuls = [0, 0] as [number, number];
  head.forEach((byte, index) => {
    if (byte === 0) nuls[(index % 2) as 0 | 1]++;
  });
  const all = nuls[0] + nuls[1];
  if (all <= head.length * MOST_NULS) return false;
  return Math.max(...nuls) >= ON_ONE_SIDE * all || head.some((byte) => byte > 0 && byte < FIRST_OF_TEXT);
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
