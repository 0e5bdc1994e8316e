/**
 * The errors that looksay raises on purpose.
 *
 * A `UserError` is something the user can mend: its message says where, what was expected, what was found and how to
 * fix it, and the command line prints it without a stack. Anything else that is thrown is a defect of ours.
 */

/** What the process exits with when an error reaches the command line: 1 = something failed, 2 = wrong usage. */
export type FailureExitCode = 1 | 2;

export interface UserErrorOptions {
  /** 2 when the command was called wrongly, 1 (the default) when its input or surroundings were at fault. */
  readonly exitCode?: FailureExitCode;
  readonly cause?: unknown;
}

/** An error that the user can mend. */
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
