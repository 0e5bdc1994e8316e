/** The errors about one file of the user's, and how such files are named in messages. */
import { messageOf, systemCodeOf, UserError } from '../shared/errors.js';

/** A file that cannot be used: `message` is `<path>: <reason>`. */
export class MediaError extends UserError {
  /** What is wrong, without the path. */
  readonly reason: string;

  constructor(where: string, reason: string, cause?: unknown) {
    super(`${where}: ${reason}`, cause === undefined ? {} : { cause });
    this.reason = reason;
  }
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'may not be read (permission denied)',
  EPERM: 'may not be read (permission denied)',
  ELOOP: 'is a symbolic link that leads back to itself',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'no file name can hold a NUL character',
};

/** Why the system would not give a file, in words. */
export function systemReason(error: unknown): string {
  return SYSTEM_REASONS[systemCodeOf(error) ?? ''] ?? `cannot be read (${messageOf(error)})`;
}

/** A path for messages: as it is, or quoted when it has line breaks or other control characters. */
export function printable(path: string): string {
  return /[\0-\x1f\x7f]/.test(path) ? JSON.stringify(path) : path;
}
