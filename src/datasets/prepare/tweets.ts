/**
 * Prepares tweets, or any short texts, from a CSV or TSV file in any archive: one column of it, without the empty ones,
 * in the order of the file.
 */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { UserError } from '../../shared/errors.js';
import { NOT_UTF8, REPLACEMENT_CHARACTER, requireUtf8File } from '../../text/encoding.js';
import { delimiterOf, readTable } from '../../text/tables.js';
import { SCRATCH_FOLDER, surveySources } from './photos.js';
import type { Job, Outcome, Recipe } from './recipe.js';
import { countRepeated, writeTable } from './text-files.js';

/** Names of columns that are texts, the likeliest first. */
const COLUMNS = ['tweet', 'text', 'full_text', 'content', 'message', 'body'];

export const tweets: Recipe = {
  name: 'tweets',
  sources: 'a CSV or TSV file with a column of texts, as it is or in an archive',
  options: ['column'],
  prepare: prepareTweets,
};

async function prepareTweets(job: Job): Promise<Outcome> {
  const table = await findTable(job);
  const column = job.options.column ?? (await columnOf(table));
  const rows: { readonly text: string }[] = [];
  let rowsInTable = 0;
  const columns = [{ name: column, holds: 'texts', option: '--column' }];
  for await (const { line, cells } of readTable(table, columns, delimiterOf(table) ?? ',')) {
    const [text = ''] = cells;
    const where = `${table}:${line}`;
    rowsInTable++;
    if (text.trim() === '') job.report(where, 'is empty; left out');
    else if (text.includes(REPLACEMENT_CHARACTER)) job.report(where, `${NOT_UTF8}; left out`);
    else rows.push({ text });
    job.signal?.throwIfAborted();
  }
  if (rows.length === 0) throw new UserError(`${table}: no text in the column ${column}`);
  const file = await writeTable(job, 'texts.csv', ['text'], rows);
  await rm(join(job.output, SCRATCH_FOLDER), { recursive: true, force: true });
  const characters = rows.reduce((sum, { text }) => sum + [...text].length, 0);
  return {
    files: { texts: file },
    parts: { all: { texts: rows.length, characters } },
    counts: {
      rowsInTable,
      textsRepeated: countRepeated(rows),
      longestText: rows.reduce((most, { text }) => Math.max(most, text.length), 0),
    },
    remarks: [],
    next: `looksay train text --text ${file} --column text --output checkpoints/mine`,
  };
}

async function findTable(job: Job): Promise<string> {
  const { files } = await surveySources(job, (name) => delimiterOf(name) !== undefined);
  const [first, second] = [...files];
  if (first === undefined) throw new UserError('no CSV or TSV file in the sources');
  if (second === undefined) return first[1];
  throw new UserError(`expected one CSV or TSV file, found ${[...files.keys()].join(', ')} (give one of them)`, {
    exitCode: 2,
  });
}

/** The column that is likeliest to be meant. Throws UserError when none is. */
async function columnOf(path: string): Promise<string> {
  const names = await readHeader(path);
  const found = COLUMNS.find((column) => names.includes(column)) ?? (names.length === 1 ? names[0] : undefined);
  if (found !== undefined) return found;
  throw new UserError(`${path}:1: which column has the texts? (--column, one of ${names.join(', ')})`, { exitCode: 2 });
}

async function readHeader(path: string): Promise<readonly string[]> {
  await requireUtf8File(path);
  const parser = parse({ delimiter: delimiterOf(path) ?? ',', bom: true, to: 1, relax_quotes: true });
  // What goes wrong in reading ends the parser with it, which the loop below then throws.
  pipeline(createReadStream(path), parser, () => undefined);
  for await (const row of parser as AsyncIterable<string[]>) return row.map((name) => name.trim());
  throw new UserError(`${path}: is empty`);
}
