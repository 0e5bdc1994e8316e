/** Tells the data of one training from others: the settings or the configuration of a checkpoint keep it. */
import { createHash } from 'node:crypto';
import { relative, sep } from 'node:path';

const HASH_DIGITS = 16;

/** SHA-256 of texts in their order, in hexadecimal. */
export function fingerprintOf(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
}

/** The same of files and what is said of each, in their order; where a file is counts from `root`. Short, for settings. */
export function fingerprintOfFiles(files: readonly FileNote[]): string {
  const lines = files.map(({ root, path, note }) => JSON.stringify([relative(root, path).replaceAll(sep, '/'), note]));
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, HASH_DIGITS);
}

/** A file of the data, with its label or its captions. */
export interface FileNote {
  readonly root: string;
  readonly path: string;
  readonly note: string | readonly string[];
}
