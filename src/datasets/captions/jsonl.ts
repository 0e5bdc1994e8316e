/**
 * JSONL: one object a line, `{"image": string, "caption": string | "captions": string[], "split"?: string}`, or with the
 * names that columns of CSV may have (`file_name` and `text`, of the image folders of Hugging Face).
 */
import { messageOf } from '../../shared/errors.js';
import { readLines } from '../../text/lines.js';
import { CAPTION_NAMES, IMAGE_NAMES } from './names.js';
import type { CaptionEntry, Report } from './types.js';

export async function* readJsonl(path: string, report: Report): AsyncGenerator<CaptionEntry> {
  for await (const { number, text } of readLines(path)) {
    if (text.trim() !== '') yield* entriesOf(text, `${path}:${number}`, report);
  }
}

function* entriesOf(text: string, where: string, report: Report): Generator<CaptionEntry> {
  const value = parsed(text, where, report);
  if (value === undefined) return;
  const { captions, split } = value;
  const image = firstOf(value, IMAGE_NAMES);
  if (typeof image !== 'string') return report(where, `expected "image": a string, found ${JSON.stringify(image)}`);
  if (split !== undefined && split !== null && typeof split !== 'string') {
    return report(where, `expected "split": a string, found ${JSON.stringify(split)}`);
  }
  const written = captions ?? firstOf(value, CAPTION_NAMES);
  const list: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (written === undefined || list.length === 0) report(where, 'expected "captions" (or "caption"), found none');
  else {
    for (const item of list) {
      if (typeof item !== 'string') report(where, `expected captions that are strings, found ${JSON.stringify(item)}`);
      else yield { where, image, caption: item, ...(typeof split === 'string' ? { split } : {}) };
    }
  }
}

function firstOf(value: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
  const name = names.find((each) => each in value);
  return name === undefined ? undefined : value[name];
}

function parsed(text: string, where: string, report: Report): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.fromEntries(Object.entries(value));
    report(where, `expected an object with "image" and "captions", found ${text.slice(0, 40)}`);
  } catch (error) {
    report(where, `is not valid JSON (${messageOf(error)})`);
  }
  return undefined;
}
