/** The files of a folder and of those inside it, in an order that is the same on every machine. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface FolderFilesOptions {
  /** Whether to go into subfolders, and into folders that links lead to, each of them once. */
  readonly recursive: boolean;
  /** By the name of a file. */
  readonly isWanted: (name: string) => boolean;
  /** Folders that are not entered, for links lead back to them. */
  readonly outside?: readonly string[];
}

/** A file, or with `error` a folder that cannot be looked into. */
export interface FolderEntry {
  readonly path: string;
  readonly error?: unknown;
}

export interface FolderFiles {
  /** Of each folder first its files, then those of its subfolders; by name, `2.txt` before `10.txt`; hidden ones left out. */
  readonly entries: readonly FolderEntry[];
  /** Subfolders that were not entered because `recursive` is false. */
  readonly notEntered: number;
}

/** What `folder` has. A link that leads nowhere counts as a file: reading it will say so. */
export function filesInFolder(folder: string, options: FolderFilesOptions): FolderFiles {
  const walk: Walk = {
    options,
    entered: new Set(options.outside?.map((path) => realpathSync.native(path))),
    found: [],
  };
  const notEntered = enter(folder, walk);
  return { entries: walk.found, notEntered };
}

interface Walk {
  readonly options: FolderFilesOptions;
  /** Real paths. */
  readonly entered: Set<string>;
  readonly found: FolderEntry[];
}

/** Adds what `folder` has; returns how many subfolders were not entered. */
function enter(folder: string, walk: Walk): number {
  const { options, entered, found } = walk;
  const subfolders: string[] = [];
  try {
    const real = realpathSync.native(folder);
    if (entered.has(real)) return 0;
    entered.add(real);
    for (const name of readdirSync(folder).sort(compareNaturally)) {
      if (name.startsWith('.')) continue;
      const path = join(folder, name);
      if (isFolder(path)) subfolders.push(path);
      else if (options.isWanted(name)) found.push({ path });
    }
  } catch (error) {
    found.push({ path: folder, error });
  }
  if (!options.recursive) return subfolders.length;
  for (const subfolder of subfolders) enter(subfolder, walk);
  return 0;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers inside names count as numbers. */
export function compareNaturally(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
