/** Stands for the argument `-`, which yargs drops from lists of positional arguments. */
export const STDIN_ARGUMENT = '\0stdin';

/** What every command gets from the command line around it. */

export interface CommandContext {
  /** Throws the reason of `signal` when that is aborted. */
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: {
    write(text: string): unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
  };
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** 0 unless the command sets it. */
  exitCode: 0 | 1 | 2;
}
