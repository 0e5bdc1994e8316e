/** What the command line says where a checkpoint that it uses unless told otherwise is not there. */
import { existsSync } from 'node:fs';
import { UserError } from '../shared/errors.js';

/** Throws UserError when `checkpoint` is the `shipped` one and not there; `what` names it, `command` makes one. */
export function requireShipped(
  checkpoint: string,
  { shipped, what, command }: { readonly shipped: string; readonly what: string; readonly command: string },
): void {
  if (checkpoint !== shipped || existsSync(shipped)) return;
  throw new UserError(`there is no shipped ${what}; name one with --checkpoint (${command} makes one)`);
}
