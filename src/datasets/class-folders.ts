/** Reads a folder with a folder for each class. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../shared/errors.js';
import { compareNaturally, filesInFolder, type FolderEntry } from '../shared/folder-files.js';

export interface ClassFolders {
  /** The classes that have files, with the paths of their files, in natural order. */
  readonly classes: readonly { readonly label: string; readonly paths: readonly string[] }[];
  /** What was left out, and why. */
  readonly problems: readonly string[];
}

/**
 * The classes in `folder`, each with the files in its folder and in those inside it; hidden ones are passed over. Links are
 * followed, but not back to `folder` itself.
 * @param files what a class should have, for messages ("clips")
 */
export function readClassFolders(folder: string, files: string, isWanted: (name: string) => boolean): ClassFolders {
  const found = subfoldersOf(folder);
  const options = { recursive: true, isWanted, outside: [folder] };
  const all = found.labels.map((label) => ({ label, entries: filesInFolder(join(folder, label), options).entries }));
  const classes = all
    .map(({ label, entries }) => ({ label, paths: entries.filter(isReadable).map(({ path }) => path) }))
    .filter(({ paths }) => paths.length > 0);
  const unreadable = all.flatMap(({ entries }) => entries.filter((entry) => !isReadable(entry)));
  const empty = all.filter(({ entries }) => entries.length === 0);
  return {
    classes,
    problems: [
      ...found.problems,
      ...unreadable.map(({ path, error }) => `${path}: ${systemReason(error)}; left out`),
      ...empty.map(({ label }) => `${join(folder, label)}: is a class folder without ${files}; the class is left out`),
    ],
  };
}

const isReadable = ({ error }: FolderEntry): boolean => error === undefined;

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
