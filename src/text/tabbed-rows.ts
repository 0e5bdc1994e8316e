/**
 * Rows of tab-separated text. Some writers put cells with quotes, tabs or line breaks in quotes, as in CSV; others (GLUE)
 * never do, and a quote is then a letter like any other. A cell is in quotes when it is so as a whole; where that is open
 * to doubt, the reading counts that has as many cells as the header.
 */
import { readLines, type TextLine } from './lines.js';

export interface Row {
  /** The line on which it ends, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Lines of a cell at most. */
const MOST_LINES = 1_000;

/** The rows of the file at `path`, the header first. Throws the system's errors. */
export async function* readTabbedRows(path: string): AsyncGenerator<Row> {
  const lines = readLines(path);
  const ahead: TextLine[] = [];
  const lineAt: LineAt = async (place) => {
    while (ahead.length <= place) {
      const next = await lines.next();
      if (next.done === true) return undefined;
      ahead.push(next.value);
    }
    return ahead[place];
  };
  let width: number | undefined;
  for (let first = await lineAt(0); first !== undefined; first = await lineAt(0)) {
    const { cells, taken } = width === undefined ? headerOf(first) : await rowOf(lineAt, width);
    width ??= cells.length;
    yield { line: first.number + taken - 1, cells };
    ahead.splice(0, taken);
  }
}

/** The line that is so many after the one that is read next. */
type LineAt = (place: number) => Promise<TextLine | undefined>;

interface Reading {
  readonly cells: readonly string[];
  /** Lines that it is made of. */
  readonly taken: number;
}

function headerOf({ text }: TextLine): Reading {
  return { cells: quotedCells(text) ?? plainCells(text), taken: 1 };
}

async function rowOf(lineAt: LineAt, width: number): Promise<Reading> {
  const first = (await lineAt(0))?.text ?? '';
  const plain: Reading = { cells: plainCells(first), taken: 1 };
  const cells = quotedCells(first);
  const quoted = cells === undefined ? await joinedLines(first, lineAt, width) : { cells, taken: 1 };
  if (quoted?.cells.length !== width) return plain;
  return quoted.taken === 1 && plain.cells.length === width ? plain : quoted;
}

/** The row that `first` begins when its last cell, in quotes, goes on in the lines below; undefined when it does not. */
async function joinedLines(first: string, lineAt: LineAt, width: number): Promise<Reading | undefined> {
  const isRow = (text: string): boolean => plainCells(text).length === width;
  let text = first;
  for (let taken = 1; taken < MOST_LINES; taken++) {
    const next = (await lineAt(taken))?.text;
    // Lines that are rows by themselves are no parts of a cell.
    if (next === undefined || (isRow(next) && isRow(first))) return undefined;
    text += `\n${next}`;
    const cells = quotedCells(text);
    if (cells !== undefined) return { cells, taken: taken + 1 };
    if (isRow(next)) return undefined;
  }
  return undefined;
}

function plainCells(text: string): string[] {
  return text.split('\t').map(unquoted);
}

/** The cells where quotes hide tabs and line breaks: undefined while one is open, none for a line break outside quotes. */
function quotedCells(text: string): string[] | undefined {
  const cells: string[] = [];
  for (let at = 0; at <= text.length;) {
    const end = endOfCell(text, at);
    if (end === undefined) return undefined;
    const cell = text.slice(at, end);
    if (cell.includes('\n') && unquoted(cell) === cell) return [];
    cells.push(unquoted(cell));
    at = end + 1;
  }
  return cells;
}

function endOfCell(text: string, at: number): number | undefined {
  if (text.charAt(at) === '"') {
    const close = closingQuote(text, at + 1);
    if (close < 0) return undefined;
    if (close + 1 === text.length || text.charAt(close + 1) === '\t') return close + 1;
  }
  const tab = text.indexOf('\t', at);
  return tab < 0 ? text.length : tab;
}

/** The first quote from `at` on that is not doubled, -1 for none. */
function closingQuote(text: string, at: number): number {
  let quote = text.indexOf('"', at);
  while (quote >= 0 && text.charAt(quote + 1) === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function unquoted(cell: string): string {
  const isQuoted = cell.startsWith('"') && cell.length > 1 && closingQuote(cell, 1) === cell.length - 1;
  return isQuoted ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}
