/** How results are written: a line of JSON, a row of CSV, or text for people; and how such lines are read again. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import stringWidth from 'string-width';
import { printable } from '../../media/media-error.js';
import { unreachable } from '../../shared/assert.js';
import type { CaptionResult } from './predict.js';

export const OUTPUT_FORMATS = ['text', 'jsonl', 'csv'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

const CSV_COLUMNS = ['image', 'caption', 'logProbability', 'error'] as const;

/** What stands before the first result, '' for nothing. */
export function headerOf(format: OutputFormat): string {
  return format === 'csv' ? `${CSV_COLUMNS.join(',')}\n` : '';
}

/** One result as it is written, with its line end. */
export function formatResult(result: CaptionResult, format: OutputFormat): string {
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify(result)}\n`;
    case 'csv':
      return stringify([result], { columns: [...CSV_COLUMNS] });
    case 'text':
      return `${printable(result.image)}\t${'caption' in result ? result.caption : `error: ${result.error}`}\n`;
    default:
      return unreachable(format, 'format');
  }
}

/** The widest column of names that is kept aligned on a terminal. */
const WIDEST_NAME = 48;

/** A writer of text for a terminal: captions begin in one column. */
export function alignedText(images: readonly string[]): (result: CaptionResult) => string {
  const widths = images.map((image) => stringWidth(printable(image)));
  const column = Math.min(WIDEST_NAME, Math.max(0, ...widths));
  return (result) => {
    const name = printable(result.image);
    const gap = ' '.repeat(Math.max(0, column - stringWidth(name)) + 2);
    const lines = 'caption' in result ? textLines(result) : [`error: ${result.error}`];
    return lines.map((line, index) => `${index === 0 ? name + gap : ' '.repeat(column + 2)}${line}\n`).join('');
  };
}

function textLines(result: Extract<CaptionResult, { caption: string }>): readonly string[] {
  const { candidates } = result;
  if (candidates === undefined) return [result.caption];
  return candidates.map(({ caption, logProbability }) => `${logProbability.toFixed(2)}  ${caption}`);
}

/** A line that a finished or interrupted run wrote, with the image that it is about. */
export interface WrittenLine {
  readonly image: string;
  /** Whether it holds a caption; otherwise it says why there is none. */
  readonly done: boolean;
  /** As it stands in the file, with its line end. */
  readonly text: string;
}

/** Whether the first line of an output file is of this format; true when it is empty. */
export function hasFormat(text: string, format: OutputFormat): boolean {
  const end = text.indexOf('\n');
  if (end < 0) return text === '';
  const line = text.slice(0, end);
  switch (format) {
    case 'jsonl':
      return isJsonResult(line);
    case 'csv':
      return `${line}\n` === headerOf('csv');
    case 'text':
      return line.includes('\t') && !isJsonResult(line);
    default:
      return unreachable(format, 'format');
  }
}

function isJsonResult(line: string): boolean {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && 'image' in value;
  } catch {
    return false;
  }
}

/**
 * The results in the text of an output file, without a last line that was cut short. `image` is as `formatResult` writes it: for text, as it is printed.
 */
export function readWrittenLines(text: string, format: OutputFormat): readonly WrittenLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  switch (format) {
    case 'jsonl':
      return linesOf(whole).flatMap(readJsonLine);
    case 'csv':
      return readCsvRows(whole);
    case 'text':
      return linesOf(whole).flatMap((line) => {
        const tab = line.indexOf('\t');
        const done = !line.startsWith('error: ', tab + 1);
        return tab < 0 ? [] : [{ image: line.slice(0, tab), done, text: `${line}\n` }];
      });
    default:
      return unreachable(format, 'format');
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function readJsonLine(line: string): readonly WrittenLine[] {
  try {
    const { image, caption, error } = JSON.parse(line) as { image?: unknown; caption?: unknown; error?: unknown };
    const done = typeof caption === 'string';
    return typeof image === 'string' && (done || typeof error === 'string') ? [{ image, done, text: `${line}\n` }] : [];
  } catch {
    return []; // not a line of ours: what it was about is done again
  }
}

function readCsvRows(text: string): readonly WrittenLine[] {
  const rows = parse(text, {
    columns: true,
    relax_column_count: true,
    skip_records_with_error: true,
  }) as unknown as Record<string, string | undefined>[];
  return rows.flatMap(({ image, caption = '', logProbability, error = '' }) => {
    if (image === undefined || (caption === '' && error === '')) return [];
    const done = caption !== '';
    const result = done ? { image, caption, logProbability: Number(logProbability) } : { image, error };
    return [{ image, done, text: formatResult(result, 'csv') }];
  });
}

/** The name of an image as the lines of a format have it. */
export function writtenName(image: string, format: OutputFormat): string {
  return format === 'text' ? printable(image) : image;
}
