/**
 * The errors that looksay raises on purpose.
 *
 * A `UserError` is something the user can mend: its message says where, what was expected, what was found and how to
 * fix it, and the command line prints it without a stack. Anything else that is thrown is a defect of ours.
 */

/** What the process exits with when an error reaches the command line: 1 = something failed, 2 = wrong usage. */
export type FailureExitCode = 1 | 2;

/** What a `UserError` has besides its message. */
export interface UserErrorOptions {
  /** 2 when the command was called wrongly, 1 (the default) when its input or surroundings were at fault. */
  readonly exitCode?: FailureExitCode;
  readonly cause?: unknown;
}

/**
 * An error that the user can mend; anything else that is thrown is a defect, but for the reason of a signal that was
 * aborted. Its message may name an option as the command has it: `--limit-pixels` is `limitPixels` in a program.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: FailureExitCode;

  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The message of anything thrown, on one line, for error records and logs. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, '; ').trim();
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a folder, expected a file',
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
