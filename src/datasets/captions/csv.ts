/**
 * CSV (RFC 4180) with a photo and a caption a row: `image,caption`, captions quoted when they contain commas. The header
 * names the columns, in any order and among others; without one, rows have exactly the two. Fields may be separated by
 * commas, semicolons, tabs or bars.
 */
import { parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../../shared/errors.js';
import { readLines, type TextLine } from '../../text/lines.js';
import { shownNames } from '../../text/tables.js';
import { CAPTION_NAMES, IMAGE_NAMES } from './names.js';
import type { CaptionEntry, Report } from './types.js';

const DELIMITERS = [',', ';', '\t', '|'];
const IMAGE_NAME = /\.(?:jpe?g|png|webp|gif|avif|tiff?|svg)$/i;
/** A quoted caption may run over so many lines; beyond them, a quote was forgotten. */
const LINES_A_ROW = 20;

interface Columns {
  readonly delimiter: string;
  readonly image: number;
  readonly caption: number;
  readonly split: number | undefined;
  /** All column names, in order. */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
}

export async function* readCsv(path: string, report: Report): AsyncGenerator<CaptionEntry> {
  let columns: Columns | undefined;
  for await (const row of readRows(path, report)) {
    if (columns === undefined) {
      columns = columnsOf(path, row);
      if (columns.hasHeader) continue;
    }
    const entry = entryOf(row, columns, report);
    if (entry !== undefined) yield entry;
  }
}

function columnsOf(path: string, { text, where }: Row): Columns {
  for (const delimiter of DELIMITERS) {
    const names = fieldsOf(text, delimiter).map((name) => name.toLowerCase());
    const image = names.findIndex((name) => IMAGE_NAMES.includes(name));
    const caption = names.findIndex((name) => CAPTION_NAMES.includes(name));
    const split = names.indexOf('split');
    if (image >= 0 && caption >= 0) {
      return { delimiter, image, caption, split: split < 0 ? undefined : split, names, hasHeader: true };
    }
  }
  for (const delimiter of DELIMITERS) {
    if (IMAGE_NAME.test(fieldsOf(text, delimiter)[0] ?? '') && text.includes(delimiter)) {
      return { delimiter, image: 0, caption: 1, split: undefined, names: ['image', 'caption'], hasHeader: false };
    }
  }
  throw new UserError(
    `${where}: expected a header with the columns image and caption, or rows of image and caption, ` +
      `found ${JSON.stringify(text.slice(0, 80))} (${path} is neither Flickr8k tokens, COCO or Karpathy JSON, nor JSONL)`,
  );
}

function entryOf({ text, where }: Row, columns: Columns, report: Report): CaptionEntry | undefined {
  let fields: readonly string[];
  try {
    fields = parsedFields(text, columns.delimiter);
  } catch (error) {
    report(where, `quotes do not match (${messageOf(error)}); write a quote inside a caption as ""`);
    return undefined;
  }
  const { names } = columns;
  if (fields.length !== names.length) {
    const hint = fields.length > names.length ? 'quote captions that contain commas' : 'is the caption missing?';
    report(where, `expected ${names.length} columns (${shownNames(names)}), found ${fields.length}; ${hint}`);
    return undefined;
  }
  const split = columns.split === undefined ? '' : (fields[columns.split] ?? '');
  const [image = '', caption = ''] = [fields[columns.image], fields[columns.caption]];
  return { where, image, caption, ...(split === '' ? {} : { split }) };
}

/** As `parsedFields`, but a record that does not parse has no fields. */
function fieldsOf(text: string, delimiter: string): readonly string[] {
  try {
    return parsedFields(text, delimiter);
  } catch {
    return [];
  }
}

function parsedFields(text: string, delimiter: string): readonly string[] {
  const rows: unknown = parse(text, { delimiter, relax_column_count: true, trim: true });
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
  return Array.isArray(row) ? row.map(String) : [];
}

/** The text of a row, which may hold line breaks between quotes. */
interface Row {
  readonly text: string;
  readonly where: string;
}

/** Rows: lines, joined while a quote is open. A quote that never closes costs its own line and no other. */
async function* readRows(path: string, report: Report): AsyncGenerator<Row> {
  const lines: TextLine[] = [];
  for await (const line of readLines(path)) {
    lines.push(line);
    yield* takeRows(path, lines, report, LINES_A_ROW);
  }
  yield* takeRows(path, lines, report, 1);
}

/** Takes whole rows off `lines`; a first line that `patience` lines do not complete is reported and dropped. */
function* takeRows(path: string, lines: TextLine[], report: Report, patience: number): Generator<Row> {
  while (lines.length > 0) {
    const where = `${path}:${lines[0]?.number}`;
    const count = lineCountOfRow(lines);
    if (count > 0) {
      const text = textOf(lines.splice(0, count));
      if (text.trim() !== '') yield { text, where };
    } else if (lines.length >= patience) {
      report(where, 'a quote is opened and never closed; write a quote inside a caption as ""');
      lines.shift();
    } else return;
  }
}

/** How many of `lines` make up the first row: the fewest in which quotes match; 0 when none do. */
function lineCountOfRow(lines: readonly TextLine[]): number {
  let open = false;
  for (const [i, { text }] of lines.entries()) {
    for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = !open;
    if (open) continue;
    const count = i + 1;
    // Two stray quotes on two lines match as well, but do not parse.
    const joined = textOf(lines.slice(0, count));
    return count === 1 || DELIMITERS.some((delimiter) => fieldsOf(joined, delimiter).length > 1) ? count : 0;
  }
  return 0;
}

function textOf(lines: readonly TextLine[]): string {
  return lines.map(({ text }) => text).join('\n');
}
