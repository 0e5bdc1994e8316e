/** The errors about one file of the user's, and how such files are named in messages. */
import { UserError } from '../shared/errors.js';

/** A file that cannot be used: `message` is `<path>: <reason>`. */
export class MediaError extends UserError {
  /** What is wrong, without the path. */
  readonly reason: string;

  constructor(where: string, reason: string, cause?: unknown) {
    super(`${where}: ${reason}`, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

/** A path for messages: as it is, or quoted when it has line breaks or other control characters. */
export function printable(path: string): string {
  return /[\0-\x1f\x7f]/.test(path) ? JSON.stringify(path) : path;
}

/** The path that `printable` made `text` of. */
export function unprinted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    const path: unknown = JSON.parse(text);
    return typeof path === 'string' && printable(path) === text ? path : text;
  } catch {
    return text; // a path that begins with a quotation mark
  }
}
