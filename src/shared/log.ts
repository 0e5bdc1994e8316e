/** Messages for people go to stderr; stdout belongs to results. */

let quiet = false;

/** Silences what trainings and other long work say on stderr, and progress bars (`--quiet`); warnings still come through. */
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

const SHOWN_PROBLEMS = 10;

/** Warns of each of `problems`, or of the first of many, found in `where`. */
export function warnOfProblems(where: string, problems: readonly string[]): void {
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) warn(problem);
  const more = problems.length - SHOWN_PROBLEMS;
  if (more > 0) warn(`${where}: ${more} more problems like these`);
}
