/** Reads a folder with a folder for each class. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../shared/errors.js';
import { compareNaturally } from '../media/media-paths.js';

export interface ClassFolders {
  /** The classes that have files, with the paths of their files, in natural order. */
  readonly classes: readonly { readonly label: string; readonly paths: readonly string[] }[];
  /** What was left out, and why. */
  readonly problems: readonly string[];
}

/**
 * The classes in `folder`; hidden folders and files are passed over, links are not followed into folders.
 * @param files what a class should have, for messages ("clips")
 */
export function readClassFolders(folder: string, files: string, isWanted: (name: string) => boolean): ClassFolders {
  const found = subfoldersOf(folder);
  const all = found.labels.map((label) => ({ label, paths: filesOf(join(folder, label), isWanted) }));
  const empty = all
    .filter(({ paths }) => paths.length === 0)
    .map(({ label }) => `${join(folder, label)}: is a class folder without ${files}; the class is left out`);
  return { classes: all.filter(({ paths }) => paths.length > 0), problems: [...found.problems, ...empty] };
}

/** The folders inside, and why others that may have been meant to be some could not be looked at. */
function subfoldersOf(folder: string): { readonly labels: readonly string[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const isFolder = (name: string): boolean => {
    try {
      return statSync(join(folder, name)).isDirectory();
    } catch (error) {
      problems.push(`${join(folder, name)}: ${systemReason(error)}; left out`); // a link that leads nowhere
      return false;
    }
  };
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return { labels: names.filter(isFolder).sort(compareNaturally), problems };
}

/** The wanted files of a folder and of those inside it. */
function filesOf(folder: string, isWanted: (name: string) => boolean): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && isWanted(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort(compareNaturally);
}
