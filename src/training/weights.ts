/** What checkpoints check about weights: that they are finite, have the expected shapes, and belong to their config. */
import { createHash } from 'node:crypto';
import { UserError } from '../shared/errors.js';
import { mapValues, type HostTensors } from './parameters.js';

/** Shapes by parameter name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** How many names an error lists. */
const LISTED = 3;

/** A fingerprint of names, shapes and values: SHA-256 in hexadecimal. */
export function fingerprintWeights(weights: HostTensors): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(weights).sort()) {
    const tensor = weights[name];
    if (tensor === undefined) continue;
    const { shape, values } = tensor;
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** The shapes of `weights`. */
export function shapesOf(weights: HostTensors): Shapes {
  return mapValues(weights, ({ shape }) => shape);
}

/** Throws `UserError`, naming `where` and the tensor, if a weight is NaN or infinite. */
export function requireFiniteWeights(where: string, weights: HostTensors): void {
  for (const [name, { values }] of Object.entries(weights)) {
    let index = 0;
    while (index < values.length && Number.isFinite(values[index])) index++;
    if (index === values.length) continue;
    throw new UserError(
      `${where}: tensor ${JSON.stringify(name)}: expected finite values, found ${values[index]} at index ${index} ` +
        '(the weights are damaged or their training diverged: use another checkpoint)',
    );
  }
}

/** Throws `UserError` unless `found` has exactly the `expected` names with the expected shapes. */
export function requireShapes(where: string, found: Shapes, expected: Shapes): void {
  const missing = Object.keys(expected).filter((name) => !Object.hasOwn(found, name));
  if (missing.length > 0) throw wrongWeights(where, `has no weights for ${listNames(missing)}`);
  const unknown = Object.keys(found).filter((name) => !Object.hasOwn(expected, name));
  if (unknown.length > 0) throw wrongWeights(where, `has weights that the model does not know: ${listNames(unknown)}`);
  for (const [name, shape] of Object.entries(expected)) {
    const other = found[name] ?? [];
    if (shape.length === other.length && shape.every((size, axis) => size === other[axis])) continue;
    const shapes = `expected shape [${shape.join(', ')}], found [${other.join(', ')}]`;
    throw wrongWeights(where, `tensor ${JSON.stringify(name)}: ${shapes}`);
  }
}

function wrongWeights(where: string, problem: string): UserError {
  return new UserError(
    `${where}: ${problem} (the weights and config.json describe different models: use the files of one checkpoint)`,
  );
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map((name) => JSON.stringify(name));
  return names.length > LISTED ? `${shown.join(', ')} and ${names.length - LISTED} more` : shown.join(', ');
}
