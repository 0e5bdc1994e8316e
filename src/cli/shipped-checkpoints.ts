/** The checkpoints that the package ships, and those that it may ship. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '../shared/errors.js';

/** The folder of the shipped checkpoint `name`. */
export function shippedCheckpoint(name: string): string {
  return fileURLToPath(new URL(`../../checkpoints/${name}`, import.meta.url));
}

/** Throws UserError when `checkpoint` is the `shipped` one and not there; `what` names it, `command` makes one. */
export function requireShipped(
  checkpoint: string,
  { shipped, what, command }: { readonly shipped: string; readonly what: string; readonly command: string },
): void {
  if (checkpoint !== shipped || existsSync(shipped)) return;
  throw new UserError(`there is no shipped ${what}; name one with --checkpoint (${command} makes one)`);
}
