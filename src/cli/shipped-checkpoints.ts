/** The checkpoints that the package ships, as the command line knows them: by name, and by what it says where one is not there. */
import { existsSync } from 'node:fs';
import { UserError } from '../shared/errors.js';
import { shippedCheckpoints } from '../tasks/shipped-checkpoints.js';

/** What takes a checkpoint, in every command, as yargs writes it. */
const CHECKPOINT_OPTIONS = 'checkpoint start-from startFrom encoder baseline-encoder baselineEncoder ensemble'.split(
  ' ',
);

const SHIPPED: ReadonlyMap<unknown, string> = new Map(
  Object.entries(shippedCheckpoints).map(([name, folder]) => [`checkpoints/${name}`, folder]),
);

/**
 * Where an option names a shipped checkpoint as the documentation does (`checkpoints/tweets`) and nothing of that name is here,
 * the one in the package is meant.
 */
export function findShipped(values: Record<string, unknown>): void {
  const found = (value: unknown): unknown =>
    typeof value === 'string' && !existsSync(value) ? (SHIPPED.get(value) ?? value) : value;
  for (const name of CHECKPOINT_OPTIONS) {
    const value = values[name];
    if (value !== undefined) values[name] = Array.isArray(value) ? value.map(found) : found(value);
  }
}

/** Throws UserError when `checkpoint` is the `shipped` one and not there; `what` names it, `command` makes one. */
export function requireShipped(
  checkpoint: string,
  { shipped, what, command }: { readonly shipped: string; readonly what: string; readonly command: string },
): void {
  if (checkpoint !== shipped || existsSync(shipped)) return;
  throw new UserError(`there is no shipped ${what}; name one with --checkpoint (${command} makes one)`);
}
