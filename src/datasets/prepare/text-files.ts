/** Text as it is read out of archives and written for training: checked UTF-8 in, CSV and lines out. */
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { messageOf } from '../../shared/errors.js';
import { writeFileAtomically } from '../../shared/files.js';
import type { ArchiveEntry } from './archive/index.js';
import { ArchiveError } from './archive/index.js';
import { readWhole } from './extract.js';
import type { Job } from './recipe.js';

/** A text with its class. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** The text of a file; reported, and undefined, when it is damaged, too long, empty or not UTF-8. */
export async function readText(entry: ArchiveEntry, limitBytes: number, job: Job): Promise<string | undefined> {
  const where = entry.path ?? entry.name;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readWhole(entry, limitBytes));
    if (text.trim() !== '') return text;
    job.report(where, 'is empty; left out');
  } catch (error) {
    if (error instanceof ArchiveError) job.report(where, `${messageOf(error)}; left out`);
    else if (error instanceof TypeError) job.report(where, 'is not valid UTF-8; left out');
    else throw error;
  }
  return undefined;
}

/** Writes a table with a header; gives back its path. */
export async function writeTable(
  job: Job,
  name: string,
  columns: readonly string[],
  rows: readonly object[],
): Promise<string> {
  const path = join(job.output, name);
  await writeFileAtomically(path, stringify([...rows], { header: true, columns: [...columns] }));
  return path;
}

/** Writes texts, one a line; gives back the file's path. */
export async function writeLines(job: Job, name: string, texts: readonly string[]): Promise<string> {
  const path = join(job.output, name);
  await writeFileAtomically(path, texts.map((text) => `${oneLine(text)}\n`).join(''));
  return path;
}

/** White space, line breaks among it, as single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** How many of each label. */
export function countLabels(rows: readonly LabelledText[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { texts: rows.length };
  for (const { label } of rows) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

/** How many of `texts` are among `others`. */
export function countShared(texts: readonly LabelledText[], others: readonly LabelledText[]): number {
  const known = new Set(others.map(({ text }) => text));
  return texts.filter(({ text }) => known.has(text)).length;
}

/** How many of `texts` stand there more than once, the first not counted. */
export function countRepeated(texts: readonly { readonly text: string }[]): number {
  return texts.length - new Set(texts.map(({ text }) => text)).size;
}
