/** What predictors check of the programs that call them: no compiler has looked at what JavaScript gives. */
import type { ImageInput } from '../media/image-paths.js';
import type { ClipInput } from '../media/video/index.js';
import { UserError } from '../shared/errors.js';
import { type ListKind, notListOf } from '../shared/rules.js';

const hasPath = (input: object): boolean => 'path' in input && typeof input.path === 'string';

const hasBytes = (input: object): boolean =>
  'bytes' in input &&
  input.bytes instanceof Uint8Array &&
  (!('name' in input) || ['string', 'undefined'].includes(typeof input.name));

const EXPECTED = 'paths or bytes (Uint8Array)';

/**
 * `images`, each looked at when its turn comes. Throws UserError (exit code 2) unless they are a list, or something else to
 * iterate over, of files or bytes: a single one would be taken for a list of its letters or numbers.
 */
export function requireImages(images: Iterable<ImageInput>): Iterable<ImageInput> {
  return requireInputs({ name: 'images', expected: EXPECTED }, images);
}

/** `clips`, looked at as `requireImages` looks at images. */
export function requireClips(clips: Iterable<ClipInput>): Iterable<ClipInput> {
  return requireInputs({ name: 'clips', expected: EXPECTED }, clips);
}

function requireInputs<Input>(kind: ListKind, inputs: Iterable<Input>): Iterable<Input> {
  const given: unknown = inputs;
  const isList = typeof given === 'object' && given !== null && Symbol.iterator in given;
  if (isList && !(given instanceof Uint8Array)) return checkedInputs(kind, inputs);
  throw notListOf(kind, given);
}

function* checkedInputs<Input>(kind: ListKind, inputs: Iterable<Input>): Generator<Input> {
  for (const input of inputs) {
    if (!isInput(input)) throw notListOf(kind, input, ' in it');
    yield input;
  }
}

function isInput(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return typeof input === 'string';
  return input instanceof Uint8Array || hasPath(input) || hasBytes(input);
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
