/** Whether something can be written to a folder: asked before the work whose results go there, not after it. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../shared/errors.js';

/** Throws UserError (exit code 2) when `path` can be no folder, or may not be written: it, or the one in which it would be made. */
export function requireWritableFolder(path: string): void {
  let folder = resolve(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const name = folder === resolve(path) ? path : folder;
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UserError(`${name}: is a file, expected a folder`, { exitCode: 2 });
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UserError(`${name}: may not be written (choose a folder that you may write to)`, {
      exitCode: 2,
      cause: error,
    });
  }
}
