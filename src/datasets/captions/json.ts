/**
 * The formats that are one JSON document: COCO captions (Chen et al. 2015: `images` with `id` and `file_name`,
 * `annotations` with `image_id` and `caption`), Karpathy's splits (Karpathy and Fei-Fei 2015: `images`, each with
 * `filename`, `split` and `sentences`, each with `raw`), and a list of what JSONL has on its lines.
 */
import { readFile, stat } from 'node:fs/promises';
import { messageOf, UserError } from '../../shared/errors.js';
import { type Fields, isObject } from '../../shared/fields.js';
import { parseBounded } from '../../shared/json.js';
import { entriesOfRecord } from './jsonl.js';
import type { CaptionEntry, Report } from './types.js';

/** The document is held in memory whole, so its size is bounded (the largest in use, Karpathy's COCO, has 144 MB). */
const JSON_LIMIT_BYTES = 256_000_000;

export async function* readJson(path: string, report: Report): AsyncGenerator<CaptionEntry> {
  const document = await readDocument(path);
  if (Array.isArray(document)) {
    for (const [i, record] of document.entries()) yield* entriesOfRecord(record, `${path}:[${i}]`, report);
    return;
  }
  const { images, annotations } = fieldsOf(document);
  if (Array.isArray(images) && Array.isArray(annotations)) return yield* cocoEntries(path, images, annotations, report);
  if (Array.isArray(images) && images.some((image) => fieldsOf(image)['sentences'] !== undefined)) {
    return yield* karpathyEntries(path, images, report);
  }
  throw new UserError(
    `${path}: expected COCO captions ("images" and "annotations"), Karpathy's splits ("images" with "sentences") or a list ` +
      `of objects with "image" and "captions", found ${Object.keys(fieldsOf(document)).slice(0, 5).join(', ') || 'none of them'}`,
  );
}

async function readDocument(path: string): Promise<unknown> {
  const { size } = await stat(path);
  if (size > JSON_LIMIT_BYTES) {
    throw new UserError(`${path}: ${size} bytes are too many for one JSON document (limit ${JSON_LIMIT_BYTES}); use JSONL`);
  }
  const text = new TextDecoder().decode(await readFile(path));
  try {
    return parseBounded(text);
  } catch (error) {
    throw new UserError(`${path}:${lineOfSyntaxError(text, error)}: is not valid JSON (${messageOf(error)})`, { cause: error });
  }
}

/** The line that V8's message points at ("… at position 17"); the last one when it names none (an early end). */
function lineOfSyntaxError(text: string, error: unknown): number {
  const position = Number(/position (\d+)/.exec(messageOf(error))?.[1] ?? text.length);
  return text.slice(0, position).split('\n').length;
}

function* cocoEntries(
  path: string,
  images: readonly unknown[],
  annotations: readonly unknown[],
  report: Report,
): Generator<CaptionEntry> {
  const names = cocoNames(path, images, report);
  for (const [i, item] of annotations.entries()) {
    const where = `${path}:annotations[${i}]`;
    const { image_id: imageId, caption, id } = fieldsOf(item);
    const image = names.get(imageId);
    if (image === undefined) report(where, `image_id ${JSON.stringify(imageId)} is not among the images`);
    else if (typeof caption !== 'string') report(where, `expected "caption": a string, found ${JSON.stringify(caption)}`);
    else yield { where, image, caption, ...(isId(id) ? { id: `annotation ${id}` } : {}) };
  }
}

function cocoNames(path: string, images: readonly unknown[], report: Report): ReadonlyMap<unknown, string> {
  const names = new Map<unknown, string>();
  for (const [i, item] of images.entries()) {
    const where = `${path}:images[${i}]`;
    const { id, file_name: name } = fieldsOf(item);
    if (!isId(id) || typeof name !== 'string') report(where, 'expected "id" and "file_name"');
    else if (names.has(id)) report(where, `duplicate id ${id}; the first is kept`);
    else names.set(id, name);
  }
  return names;
}

function* karpathyEntries(path: string, images: readonly unknown[], report: Report): Generator<CaptionEntry> {
  for (const [i, item] of images.entries()) {
    const where = `${path}:images[${i}]`;
    const { filename, filepath, split, sentences } = fieldsOf(item);
    if (typeof filename !== 'string' || !Array.isArray(sentences)) {
      report(where, 'expected "filename" and "sentences"');
      continue;
    }
    const names =
      typeof filepath === 'string' && filepath !== ''
        ? { image: `${filepath}/${filename}`, otherImage: filename }
        : { image: filename };
    for (const [j, sentence] of sentences.entries()) {
      const { raw, sentid } = fieldsOf(sentence);
      const place = `${where}.sentences[${j}]`;
      if (typeof raw !== 'string') report(place, `expected "raw": a string, found ${JSON.stringify(raw)}`);
      else {
        const id = isId(sentid) ? { id: `sentence ${sentid}` } : {};
        yield { where: place, ...names, caption: raw, ...(typeof split === 'string' ? { split } : {}), ...id };
      }
    }
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}
