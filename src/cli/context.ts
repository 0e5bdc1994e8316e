/** Stands for the argument `-`, which yargs drops from lists of positional arguments. */
export const STDIN_ARGUMENT = '\0stdin';

/** Marks a text that looks like an option but stands after `--`: yargs would take it for one. */
const PLAIN = '\0plain:';

/** A text that begins with a hyphen as yargs lets it through; `plainText` gives it back. */
export const asPlainText = (text: string): string => (text.startsWith('-') ? PLAIN + text : text);
export const plainText = (argument: string): string =>
  argument.startsWith(PLAIN) ? argument.slice(PLAIN.length) : argument;

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
