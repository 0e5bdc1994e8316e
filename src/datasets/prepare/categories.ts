/**
 * Which photos of COCO show what, from its `instances_*.json` (Lin et al. 2014: `images` with `id` and `file_name`,
 * `annotations` with `image_id` and `category_id`, `categories` with `id`, `name` and `supercategory`). The largest has
 * more characters than a JavaScript string may have, so it is parsed as it is read.
 */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { JSONParser } from '@streamparser/json';
import { messageOf, UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';

/** Photos and what they show. */
export interface Categories {
  /** Base name of a photo → names of the categories and supercategories that it shows. */
  readonly shown: ReadonlyMap<string, ReadonlySet<string>>;
  /** All names of categories and supercategories. */
  readonly names: ReadonlySet<string>;
}

interface Tables {
  readonly files: Map<number, string>;
  /** Photo → categories. */
  readonly shown: Map<number, Set<number>>;
  readonly categories: Map<number, readonly string[]>;
}

/** Reads all of `paths`. Throws UserError for what is no such file. */
export async function readCategories(paths: readonly string[]): Promise<Categories> {
  const shown = new Map<string, Set<string>>();
  const names = new Set<string>();
  for (const path of paths) {
    const { files, shown: numbers, categories } = await readTables(path);
    for (const own of categories.values()) for (const name of own) names.add(name);
    for (const [id, file] of files) {
      const known = shown.get(basename(file)) ?? new Set<string>();
      for (const number of numbers.get(id) ?? []) for (const name of categories.get(number) ?? []) known.add(name);
      shown.set(basename(file), known);
    }
  }
  return { shown, names };
}

/** Throws UserError (exit code 2) unless each of `wanted` is a category or supercategory. */
export function requireCategories(wanted: readonly string[], { names }: Categories): void {
  const unknown = wanted.filter((name) => !names.has(name));
  if (unknown.length === 0) return;
  throw new UserError(`--categories: no ${unknown.join(', ')}; there are ${[...names].sort().join(', ')}`, { exitCode: 2 });
}

async function readTables(path: string): Promise<Tables> {
  const tables: Tables = { files: new Map(), shown: new Map(), categories: new Map() };
  note(`reading ${path}`);
  const parser = new JSONParser({ paths: ['$.images.*', '$.annotations.*', '$.categories.*'], keepStack: false });
  parser.onValue = ({ value, stack }) => {
    const section = stack[1]?.key;
    if (typeof section === 'string' && typeof value === 'object' && value !== null) {
      enter(tables, section, value as Readonly<Record<string, unknown>>);
    }
  };
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) parser.write(chunk);
  } catch (error) {
    throw new UserError(`${path}: is no JSON, or cut short (${messageOf(error)})`, { cause: error });
  }
  if (tables.categories.size > 0 && tables.files.size > 0) return tables;
  throw new UserError(`${path}: expected COCO's "images", "annotations" and "categories", found not all of them`);
}

function enter({ files, shown, categories }: Tables, section: string, value: Readonly<Record<string, unknown>>): void {
  const { id, name, supercategory, file_name: file, image_id: image, category_id: category } = value;
  if (section === 'images' && typeof id === 'number' && typeof file === 'string') files.set(id, file);
  else if (section === 'categories' && typeof id === 'number') {
    categories.set(id, [name, supercategory].filter((text) => typeof text === 'string'));
  } else if (section === 'annotations' && typeof image === 'number' && typeof category === 'number') {
    const own = shown.get(image) ?? new Set<number>();
    shown.set(image, own.add(category));
  }
}
