/**
 * JSONL: one object a line, `{"image": string, "caption": string | "captions": string[], "split"?: string}`, or with the
 * names that columns of CSV may have (`file_name` and `text`, of the image folders of Hugging Face).
 */
import { messageOf } from '../../shared/errors.js';
import { type Fields, isObject } from '../../shared/fields.js';
import { parseBounded } from '../../shared/json.js';
import { readLines } from '../../text/lines.js';
import { CAPTION_NAMES, IMAGE_NAMES } from './names.js';
import type { CaptionEntry, Report } from './types.js';

export async function* readJsonl(path: string, report: Report): AsyncGenerator<CaptionEntry> {
  for await (const { number, text } of readLines(path)) {
    const where = `${path}:${number}`;
    const value = text.trim() === '' ? undefined : parsed(text, where, report);
    if (value !== undefined) yield* entriesOfRecord(value, where, report);
  }
}

/** The captions of one photo, from the object that stands at `where`. */
export function* entriesOfRecord(record: unknown, where: string, report: Report): Generator<CaptionEntry> {
  if (!isObject(record)) {
    return report(where, `expected an object with "image" and "captions", found ${JSON.stringify(record).slice(0, 40)}`);
  }
  const { captions, split } = record;
  const image = firstOf(record, IMAGE_NAMES);
  if (typeof image !== 'string') return report(where, `expected "image": a string, found ${JSON.stringify(image)}`);
  if (split !== undefined && split !== null && typeof split !== 'string') {
    return report(where, `expected "split": a string, found ${JSON.stringify(split)}`);
  }
  const written = captions ?? firstOf(record, CAPTION_NAMES);
  const list: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (written === undefined || list.length === 0) report(where, 'expected "captions" (or "caption"), found none');
  else {
    for (const item of list) {
      if (typeof item !== 'string') report(where, `expected captions that are strings, found ${JSON.stringify(item)}`);
      else yield { where, image, caption: item, ...(typeof split === 'string' ? { split } : {}) };
    }
  }
}

function firstOf(value: Fields, names: readonly string[]): unknown {
  const name = names.find((each) => each in value);
  return name === undefined ? undefined : value[name];
}

function parsed(text: string, where: string, report: Report): unknown {
  try {
    return parseBounded(text);
  } catch (error) {
    report(where, `is not valid JSON (${messageOf(error)})`);
    return undefined;
  }
}
