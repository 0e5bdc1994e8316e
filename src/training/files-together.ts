/**
 * Replaces several files of one folder as nearly at once as a file system allows: all are written in full under
 * temporary names first (that is where a full disk shows), and only then renamed, one right after the other.
 * A reader that meets the moment between two renames must recognise files that do not belong together by what they say,
 * and reads them once more.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../shared/errors.js';
import { targetOf, temporaryNameFor } from '../shared/files.js';
import { explainWriteErrors } from './system-errors.js';

/** A file of the folder; `write` puts its contents at the path that it is given. */
export interface FileToWrite {
  readonly name: string;
  readonly write: (path: string) => Promise<void>;
}

/**
 * Writes `files` into `folder` (made if need be) and renames them in their order. If one cannot be written, none is
 * replaced. Throws `UserError` if the system refuses.
 */
export async function writeFilesTogether(folder: string, files: readonly FileToWrite[]): Promise<void> {
  const staged = await Promise.all(
    files.map(async ({ name, write }) => {
      const path = await targetOf(join(folder, name));
      return { path, write, temporary: temporaryNameFor(path) };
    }),
  );
  try {
    await explainWriteErrors(folder, async () => {
      await mkdir(folder, { recursive: true });
      for (const { write, temporary } of staged) await write(temporary);
      for (const { path, temporary } of staged) await rename(temporary, path);
    });
  } finally {
    for (const { temporary } of staged) await rm(temporary, { force: true }).catch(() => undefined); // What went wrong before counts.
  }
}

/** Longer than a save takes from its first rename to its last. */
const RENAMING_MILLISECONDS = 100;

/** Files of one folder were not saved together. */
export class MixedFilesError extends UserError {
  constructor(folder: string, name: string) {
    super(
      `${join(folder, name)}: was not saved together with the JSON files beside it (a save was cut short, another one is ` +
        'under way, or files were copied from elsewhere: try again, or use the files of one checkpoint)',
    );
  }
}

/**
 * Runs `read`, and once more after a moment where it throws `MixedFilesError`: a save may have been renaming the files.
 */
export async function readFilesTogether<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof MixedFilesError)) throw error;
    await setTimeout(RENAMING_MILLISECONDS);
    return await read();
  }
}
