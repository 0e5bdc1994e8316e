/** Reads columns, by their names, of CSV and TSV files of any size (CSV as in RFC 4180), a row at a time. UTF-8. */
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { UserError } from '../shared/errors.js';
import { warn } from '../shared/log.js';
import { cannotRead, requireUtf8File } from './encoding.js';
import { readTabbedRows, type Row } from './tabbed-rows.js';

/** A cell that is longer is a quote that was never closed. */
const LONGEST_RECORD = 16_000_000;
/** Characters of a header that an error shows, and so names at most. */
const SHOWN_LENGTH = 200;
const DELIMITERS: Readonly<Record<string, string>> = { '.csv': ',', '.tsv': '\t' };

/** What parts the cells of a file with this name; undefined when its name is not that of a table. */
export function delimiterOf(path: string): string | undefined {
  return DELIMITERS[extname(path).toLowerCase()];
}

/** A column that is wanted. */
export interface WantedColumn {
  /** Its name in the header; what is undefined still has to be chosen. */
  readonly name: string | undefined;
  /** What it holds ("texts"), and the option that names it: for errors. */
  readonly holds: string;
  readonly option: string;
}

export interface TableRow {
  /** The line on which it ends, counted from 1. */
  readonly line: number;
  /** In the order of the columns that are wanted; '' where the row is too short. */
  readonly cells: readonly string[];
}

/**
 * The rows of the table at `path` below its header.
 * Throws UserError, naming file and line, for what cannot be read, a column that is not there, or another encoding.
 */
export async function* readTable(
  path: string,
  columns: readonly WantedColumn[],
  delimiter: string,
): AsyncGenerator<TableRow> {
  await requireUtf8File(path);
  const widths = new WidthCheck(path);
  let indices: readonly number[] | undefined;
  try {
    for await (const { line, cells } of delimiter === '\t' ? readTabbedRows(path) : readRows(path, delimiter)) {
      widths.add(line, cells);
      if (indices === undefined) indices = columns.map((column) => columnIndex(path, cells, column));
      else yield { line, cells: indices.map((index) => cells[index] ?? '') };
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
  widths.warn();
}

async function* readRows(path: string, delimiter: string): AsyncGenerator<Row> {
  const parser = parse({
    delimiter,
    // All of them: by itself the parser takes the first that it finds for the only one.
    record_delimiter: ['\r\n', '\n', '\r'],
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: LONGEST_RECORD,
  });
  // What goes wrong in reading ends the parser with it, which the loop below then throws.
  pipeline(createReadStream(path), parser, () => undefined);
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
    yield { line: info.lines, cells: record };
  }
}

/** Counts the rows that have not as many cells as the header: a sign of cells that were cut or run together. */
class WidthCheck {
  #width: number | undefined;
  #count = 0;
  #first = '';

  constructor(private readonly path: string) {}

  add(line: number, cells: readonly string[]): void {
    this.#width ??= cells.length;
    const isBlank = cells.length === 1 && cells[0] === '';
    if (isBlank || cells.length === this.#width) return;
    if (this.#count++ === 0) this.#first = `${this.path}:${line}: expected ${this.#width} cells, found ${cells.length}`;
  }

  warn(): void {
    if (this.#count === 0) return;
    warn(`${this.#first} (rows that differ from the header: ${this.#count}; are cells quoted as they should be?)`);
  }
}

function columnIndex(path: string, header: readonly string[], { name, holds, option }: WantedColumn): number {
  const names = header.map((each) => each.trim());
  const index = name === undefined ? -1 : names.indexOf(name);
  if (index >= 0) return index;
  const wanted = name === undefined ? `the name of the column with the ${holds}` : `a column ${JSON.stringify(name)}`;
  const exitCode = name === undefined ? 2 : 1;
  const found = `found the columns ${shownNames(names)} (choose one with ${option})`;
  throw new UserError(`${path}:1: expected ${wanted}, ${found}`, { exitCode });
}

/** The names of columns for an error, cut where they are many. */
export function shownNames(names: readonly string[]): string {
  const shown = names
    .slice(0, SHOWN_LENGTH)
    .map((name) => name || '""')
    .join(', ');
  return shown.length > SHOWN_LENGTH ? `${shown.slice(0, SHOWN_LENGTH)}…` : shown;
}
