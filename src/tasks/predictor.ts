/** What predictors check of the programs that call them: no compiler has looked at what JavaScript gives. */
import type { ImageInput } from '../media/image-paths.js';
import { UserError } from '../shared/errors.js';
import { type ListKind, notListOf } from '../shared/rules.js';

/** What a predictor is given a list of. */
interface InputKind extends ListKind {
  readonly fits: (input: object) => boolean;
}

const hasPath = (input: object): boolean => 'path' in input && typeof input.path === 'string';

const hasBytes = (input: object): boolean =>
  'bytes' in input &&
  input.bytes instanceof Uint8Array &&
  (!('name' in input) || ['string', 'undefined'].includes(typeof input.name));

const PATHS: InputKind = { name: 'paths', expected: 'paths', fits: hasPath };
const IMAGES: InputKind = {
  name: 'images',
  expected: 'paths or bytes (Uint8Array)',
  fits: (input) => input instanceof Uint8Array || hasPath(input) || hasBytes(input),
};

/** A file, by its path or as the search for files found it. */
type FileInput = string | { readonly path: string };

/**
 * `paths`, each looked at when its turn comes. Throws UserError (exit code 2) unless they are a list, or something else to
 * iterate over, of paths: a single one would be taken for a list of its letters.
 */
export function requirePaths<Input extends FileInput>(paths: Iterable<Input>): Iterable<Input> {
  return requireInputs(PATHS, paths);
}

/** `images`, as `requirePaths` looks at paths: a single one's bytes would be taken for a list of numbers. */
export function requireImages(images: Iterable<ImageInput>): Iterable<ImageInput> {
  return requireInputs(IMAGES, images);
}

function requireInputs<Input>(kind: InputKind, inputs: Iterable<Input>): Iterable<Input> {
  const given: unknown = inputs;
  const isList = typeof given === 'object' && given !== null && Symbol.iterator in given;
  if (isList && !(given instanceof Uint8Array)) return checkedInputs(kind, inputs);
  throw notListOf(kind, given);
}

function* checkedInputs<Input>(kind: InputKind, inputs: Iterable<Input>): Generator<Input> {
  for (const input of inputs) {
    const fits = typeof input === 'string' || (typeof input === 'object' && input !== null && kind.fits(input));
    if (!fits) throw notListOf(kind, input, ' in it');
    yield input;
  }
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
