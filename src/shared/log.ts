/** Messages for people go to stderr; stdout belongs to results. */

let quiet = false;

/** Silences `note` and progress (`--quiet`); warnings still come through. */
export function setQuiet(value: boolean): void {
  quiet = value;
}

export function isQuiet(): boolean {
  return quiet;
}

/** A line of information on stderr, unless `--quiet`. */
export function note(message: string): void {
  if (!quiet) process.stderr.write(`${message}\n`);
}

/** A line on stderr that `--quiet` does not hide. */
export function warn(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
