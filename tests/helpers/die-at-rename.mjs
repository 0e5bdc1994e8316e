/**
 * Loaded before a program (`node --import`): kills it, as `kill -9` would, in place of its N-th renaming of a file (the
 * environment variable `DIE_AT_RENAME`). What it had written by then stays under its temporary name.
 */
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

let left = Number(process.env.DIE_AT_RENAME);
const { rename } = promises;
promises.rename = (from, to) => {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
  return rename(from, to);
};
syncBuiltinESMExports();
