/** How results about files are written: a line of JSON, a row of CSV, or text for people; and how they are read again. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import stringWidth from 'string-width';
import { printable, unprinted } from '../media/media-error.js';
import { unreachable } from '../shared/assert.js';

export const OUTPUT_FORMATS = ['text', 'jsonl', 'csv'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** A result of one kind: about which file it is, and how it is told. */
export interface ResultKind<Result> {
  /** The key under which a result names its file. */
  readonly nameKey: string;
  /** The key that a result without an error has. */
  readonly answerKey: string;
  /** The columns of CSV. */
  readonly columns: readonly string[];
  readonly nameOf: (result: Result) => string;
  /** One line of text: the answer, or `error: …`. */
  readonly textOf: (result: Result) => string;
  /** The lines of text for a terminal. */
  readonly linesOf: (result: Result) => readonly string[];
  /** The values of the columns. */
  readonly rowOf: (result: Result) => Readonly<Record<string, unknown>>;
}

/** What stands before the first result, '' for nothing. */
export function headerOf<Result>({ columns }: ResultKind<Result>, format: OutputFormat): string {
  return format === 'csv' ? `${columns.join(',')}\n` : '';
}

/** One result as it is written, with its line end. */
export function formatResult<Result>(kind: ResultKind<Result>, result: Result, format: OutputFormat): string {
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify(result)}\n`;
    case 'csv':
      return stringify([kind.rowOf(result)], { columns: [...kind.columns] });
    case 'text':
      return `${printable(kind.nameOf(result))}\t${kind.textOf(result)}\n`;
    default:
      return unreachable(format, 'format');
  }
}

/** The widest column of names that is kept aligned on a terminal. */
const WIDEST_NAME = 48;

/** A writer of text for a terminal: answers begin in one column. */
export function alignedText<Result>(kind: ResultKind<Result>, names: readonly string[]): (result: Result) => string {
  const widths = names.map((name) => stringWidth(printable(name)));
  const column = Math.min(WIDEST_NAME, Math.max(0, ...widths));
  return (result) => {
    const name = printable(kind.nameOf(result));
    const gap = ' '.repeat(Math.max(0, column - stringWidth(name)) + 2);
    return kind
      .linesOf(result)
      .map((line, index) => `${index === 0 ? name + gap : ' '.repeat(column + 2)}${line}\n`)
      .join('');
  };
}

/** A line that a finished or interrupted run wrote, with the file that it is about. */
export interface WrittenLine {
  /** The file's path, as the run was given it. */
  readonly name: string;
  /** Whether it holds an answer; otherwise it says why there is none. */
  readonly done: boolean;
  /** As it stands in the output, with its line end. */
  readonly text: string;
}

/** Whether the first line of an output file is of this format; true when it is empty. */
export function hasFormat<Result>(kind: ResultKind<Result>, text: string, format: OutputFormat): boolean {
  const end = text.indexOf('\n');
  if (end < 0) return text === '';
  const line = text.slice(0, end);
  switch (format) {
    case 'jsonl':
      return isJsonResult(kind, line);
    case 'csv':
      return `${line}\n` === headerOf(kind, 'csv');
    case 'text':
      return line.includes('\t') && !isJsonResult(kind, line);
    default:
      return unreachable(format, 'format');
  }
}

function isJsonResult<Result>({ nameKey }: ResultKind<Result>, line: string): boolean {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && nameKey in value;
  } catch {
    return false;
  }
}

/** The results in the text of an output file, without a last line that was cut short. */
export function readWrittenLines<Result>(
  kind: ResultKind<Result>,
  text: string,
  format: OutputFormat,
): readonly WrittenLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  switch (format) {
    case 'jsonl':
      return linesOf(whole).flatMap((line) => readJsonLine(kind, line));
    case 'csv':
      return readCsvRows(kind, whole);
    case 'text':
      return linesOf(whole).flatMap((line) => {
        const tab = line.indexOf('\t');
        const done = !line.startsWith('error: ', tab + 1);
        return tab < 0 ? [] : [{ name: unprinted(line.slice(0, tab)), done, text: `${line}\n` }];
      });
    default:
      return unreachable(format, 'format');
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function readJsonLine<Result>({ nameKey, answerKey }: ResultKind<Result>, line: string): readonly WrittenLine[] {
  try {
    const { [nameKey]: name, [answerKey]: answer, error } = JSON.parse(line) as Record<string, unknown>;
    const done = typeof answer === 'string';
    return typeof name === 'string' && (done || typeof error === 'string') ? [{ name, done, text: `${line}\n` }] : [];
  } catch {
    return []; // not a line of ours: what it was about is done again
  }
}

function readCsvRows<Result>(
  { nameKey, answerKey, columns }: ResultKind<Result>,
  text: string,
): readonly WrittenLine[] {
  const rows = parse(text, {
    columns: true,
    relax_column_count: true,
    skip_records_with_error: true,
  }) as unknown as Record<string, string | undefined>[];
  return rows.flatMap((row) => {
    const { [nameKey]: name, [answerKey]: answer = '', error = '' } = row;
    if (name === undefined || (answer === '' && error === '')) return [];
    return [{ name, done: answer !== '', text: stringify([row], { columns: [...columns] }) }];
  });
}
