/**
 * Rar archives, in which UCF101 comes. No free library reads them: the system's `unrar` or `bsdtar` unpacks them, into a
 * folder that then stands for the archive. It is made under another name, so that one half made is made again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { UserError } from '../../../shared/errors.js';
import { note } from '../../../shared/log.js';

const UNPACKERS: readonly (readonly [string, (archive: string, folder: string) => string[]])[] = [
  ['unrar', (archive, folder) => ['x', '-idq', '-o+', '--', archive, `${folder}/`]],
  ['bsdtar', (archive, folder) => ['-xf', archive, '-C', folder]],
];

/** Unpacks `archive` into `folder`, unless that is there. Throws UserError where no tool can. */
export async function unpackRar(archive: string, folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  for (const [tool, argumentsOf] of UNPACKERS) {
    note(`unpacking ${archive} by ${tool}`);
    const { error, status } = spawnSync(tool, argumentsOf(archive, partial), { stdio: ['ignore', 'ignore', 'inherit'] });
    if (error !== undefined && 'code' in error && error.code === 'ENOENT') continue;
    if (status !== 0) throw new UserError(`${archive}: ${tool} ended with ${status ?? error?.message}`);
    return rename(partial, folder);
  }
  await rm(partial, { recursive: true, force: true });
  const tools = UNPACKERS.map(([tool]) => tool).join(' or ');
  throw new UserError(`${archive}: is a rar archive; install ${tools}, or unpack it and give the folder`);
}
