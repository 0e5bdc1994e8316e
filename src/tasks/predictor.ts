/** What predictors check of the programs that call them: no compiler has looked at what JavaScript gives. */
import { UserError } from '../shared/errors.js';
import { describeValue } from '../shared/rules.js';

/** A file, by its path or as the search for files found it. */
type FileInput = string | { readonly path: string };

/**
 * `paths`, each looked at when its turn comes. Throws UserError (exit code 2) unless they are a list, or something else to
 * iterate over, of paths: a single one would be taken for a list of its letters.
 */
export function requirePaths<Input extends FileInput>(paths: Iterable<Input>): Iterable<Input> {
  const given: unknown = paths;
  if (typeof given === 'object' && given !== null && Symbol.iterator in given) return checkedPaths(paths);
  throw notListOf('paths', given);
}

function* checkedPaths<Input extends FileInput>(paths: Iterable<Input>): Generator<Input> {
  for (const input of paths) {
    const path: unknown = typeof input === 'string' ? input : (input as { path?: unknown } | null)?.path;
    if (typeof path !== 'string') throw notListOf('paths', input, ' in it');
    yield input;
  }
}

/** Throws UserError (exit code 2) unless `items` is a list of strings; `name` says of what (`texts`). */
export function requireStrings(name: string, items: unknown): void {
  if (!Array.isArray(items)) throw notListOf(name, items);
  for (const item of items as unknown[]) if (typeof item !== 'string') throw notListOf(name, item, ' in it');
}

/** Throws UserError (exit code 2) unless `value` is a string. */
export function requireString(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new UserError(`${name}: expected a string, got ${describeValue(value)}`, { exitCode: 2 });
}

function notListOf(name: string, found: unknown, place?: string): UserError {
  const shown = describeValue(found);
  const hint = place ?? (typeof found === 'string' ? ` (write [${shown}])` : '');
  return new UserError(`${name}: expected a list of ${name}, got ${shown}${hint}`, { exitCode: 2 });
}

/** The time in which a predictor may be used. */
export interface Lifetime {
  /** Throws UserError (exit code 2) once `dispose` was called. */
  requireAlive(): void;
  /** What `work` gives; what it throws after `dispose`, which took its tensors away, is the error of `requireAlive`. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Gives back what the predictor holds, once. */
  dispose(): void;
}

/** The lifetime of `what`, at whose end `release` gives its memory back. */
export function lifetimeOf(what: string, release: () => void): Lifetime {
  let alive = true;
  const requireAlive = (): void => {
    if (!alive) throw new UserError(`${what}: was used after dispose() (load it again)`, { exitCode: 2 });
  };
  return {
    requireAlive,
    async during(work) {
      requireAlive();
      try {
        return await work();
      } catch (error) {
        requireAlive();
        throw error;
      }
    },
    dispose() {
      if (!alive) return;
      alive = false;
      release();
    },
  };
}
