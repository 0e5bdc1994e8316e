/**
 * Reads labelled texts: CSV and TSV with a header, JSONL (an object a line), or a folder with a folder a class, in which
 * each text is a file (the layout of Maas et al. 2011).
 */
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { messageOf, systemReason, UserError } from '../../shared/errors.js';
import { compareNaturally } from '../../shared/folder-files.js';
import { type Fields, isObject } from '../../shared/fields.js';
import { parseBounded } from '../../shared/json.js';
import { readDocument } from '../../text/corpus.js';
import { cannotRead, LostCharacters } from '../../text/encoding.js';
import { readLines } from '../../text/lines.js';
import { delimiterOf, readTable } from '../../text/tables.js';
import { readClassFolders } from '../class-folders.js';
import type { LabelledText, LabelledTexts, LabelledTextSource } from './types.js';

export const DEFAULT_TEXT_COLUMN = 'text';
export const DEFAULT_LABEL_COLUMN = 'label';
const JSON_LINES: readonly string[] = ['.jsonl', '.ndjson'];
const SHOWN_LENGTH = 80;

/** A text with its label and where it was found, or a problem. */
type Found = LabelledText & { readonly where: string };
type Read = AsyncGenerator<Found | { readonly problem: string }>;

/**
 * The texts of `source`, in order. Throws UserError when it is missing, of no known layout, lacks a column, or holds no text
 * with a label; a row without text or label is a problem that is reported and left out, texts that are not UTF-8 are one
 * that is reported.
 *
 * @example
 * const { texts, labels } = await readLabelledTexts({ path: 'train.tsv', textColumn: 'sentence' });
 */
export async function readLabelledTexts(source: LabelledTextSource): Promise<LabelledTexts> {
  const texts: LabelledText[] = [];
  const problems: string[] = [];
  const lost = new LostCharacters();
  for await (const found of readAny(source)) {
    if ('problem' in found) problems.push(found.problem);
    else if (found.text.trim() === '') problems.push(`${found.where}: has no text; left out`);
    else if (found.label.trim() === '') problems.push(`${found.where}: has no label; left out`);
    else {
      texts.push({ text: found.text, label: found.label.trim() });
      lost.add(found.text, found.where);
    }
  }
  if (lost.problem !== undefined) problems.push(lost.problem);
  if (texts.length === 0) {
    const [first = 'it is empty'] = problems;
    throw new UserError(`${source.path}: expected texts with labels, found none (${first})`);
  }
  return { texts, labels: [...new Set(texts.map(({ label }) => label))].sort(compareNaturally), problems };
}

function readAny(source: LabelledTextSource): Read {
  const { path } = source;
  const delimiter = delimiterOf(path);
  if (isFolder(path)) return readFolder(path);
  if (delimiter !== undefined) return readRows(source, delimiter);
  if (JSON_LINES.includes(extname(path).toLowerCase())) return readJsonLines(source);
  throw new UserError(`${path}: expected a file named .csv, .tsv or .jsonl, or a folder with a folder of texts a class`);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new UserError(`${path}: ${systemReason(error)}`, { cause: error });
  }
}

async function* readFolder(folder: string): Read {
  const { classes, problems } = readClassFolders(folder, 'text files', (name) => /\.txt$/i.test(name));
  for (const problem of problems) yield { problem };
  for (const { label, paths } of classes) {
    for (const path of paths) yield { text: await readDocument(path), label, where: path };
  }
}

async function* readRows(source: LabelledTextSource, delimiter: string): Read {
  const { path, textColumn = DEFAULT_TEXT_COLUMN, labelColumn = DEFAULT_LABEL_COLUMN } = source;
  const columns = [
    { name: textColumn, holds: 'texts', option: '--text-column' },
    { name: labelColumn, holds: 'labels', option: '--label-column' },
  ];
  for await (const { line, cells } of readTable(path, columns, delimiter)) {
    const [text = '', label = ''] = cells;
    yield { text, label, where: `${path}:${line}` };
  }
}

async function* readJsonLines(source: LabelledTextSource): Read {
  const { path, textColumn = DEFAULT_TEXT_COLUMN, labelColumn = DEFAULT_LABEL_COLUMN } = source;
  try {
    for await (const { number, text: json } of readLines(path)) {
      if (json.trim() === '') continue;
      const where = `${path}:${number}`;
      const line = parsed(json, where);
      if ('problem' in line) {
        yield line;
        continue;
      }
      const { [textColumn]: text, [labelColumn]: label } = line.fields;
      if (typeof text !== 'string') yield { problem: wrongValue(where, textColumn, 'a string', text) };
      else if (typeof label === 'object') yield { problem: wrongValue(where, labelColumn, 'a string', label) };
      else yield { text, label: label === undefined ? '' : String(label), where };
    }
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function parsed(json: string, where: string): { readonly fields: Fields } | { readonly problem: string } {
  try {
    const value = parseBounded(json);
    if (isObject(value)) return { fields: { ...value } };
    return { problem: `${where}: expected an object, found ${json.slice(0, SHOWN_LENGTH)}; left out` };
  } catch (error) {
    return { problem: `${where}: is not valid JSON (${messageOf(error)}); left out` };
  }
}

function wrongValue(where: string, key: string, expected: string, found: unknown): string {
  const shown = (JSON.stringify(found) ?? 'nothing').slice(0, SHOWN_LENGTH);
  return `${where}: ${JSON.stringify(key)}: expected ${expected}, found ${shown}; left out`;
}
