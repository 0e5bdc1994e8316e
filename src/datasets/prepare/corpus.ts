/**
 * Prepares a plain corpus: the text files of archives or a folder (Gutenberg's books, text8, WikiText), each found to be
 * UTF-8 text, as `.txt` files in `text/`.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { UserError } from '../../shared/errors.js';
import { extract } from './extract.js';
import type { Job, Outcome, Recipe } from './recipe.js';

const TEXT_FOLDER = 'text';
/** Extensions of plain text; text8 and enwik9 have none. */
const EXTENSIONS: ReadonlySet<string> = new Set(['.txt', '.text', '.raw', '.tokens', '.md', '']);
const LIMIT_BYTES = 64_000_000_000;

export const corpus: Recipe = {
  name: 'corpus',
  sources: 'text files (.txt, .raw, .tokens, .md or without extension), a folder of them, or archives',
  options: [],
  prepare: prepareCorpus,
};

async function prepareCorpus(job: Job): Promise<Outcome> {
  const folder = join(job.output, TEXT_FOLDER);
  const { placed, reused, refused } = await extract({
    ...job,
    ...{ folder, label: 'reading texts', limitBytes: LIMIT_BYTES },
    place: ({ name }) => (EXTENSIONS.has(extname(name).toLowerCase()) ? `${withoutExtension(name)}.txt` : undefined),
    check: faultOfText,
  });
  if (placed.size === 0) throw new UserError('no text file in the sources that is UTF-8');
  const sizes = { files: 0, characters: 0, lines: 0 };
  for (const place of placed) {
    const { characters, lines } = await measure(join(folder, place));
    sizes.files++;
    sizes.characters += characters;
    sizes.lines += lines;
    job.signal?.throwIfAborted();
  }
  const strangers = await countOthers(folder, placed);
  return {
    files: { text: folder },
    parts: { all: sizes },
    counts: { filesUnusable: refused, filesThereBefore: reused },
    remarks: strangers === 0 ? [] : [`${folder}: ${strangers} files there are not of these sources`],
    next: `looksay train text --text ${folder} --output checkpoints/mine`,
  };
}

function withoutExtension(name: string): string {
  const extension = extname(name);
  return extension === '' ? name : name.slice(0, -extension.length);
}

/** What is wrong with a file as a text. */
async function faultOfText(path: string): Promise<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isEmpty = true;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      if (chunk.includes(0)) return 'is not text (it has NUL bytes, as UTF-16 and programs do; UTF-8 is read)';
      const text = decoder.decode(chunk, { stream: true });
      isEmpty &&= text.trim() === '';
    }
    decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) return 'is not valid UTF-8';
    throw error;
  }
  return isEmpty ? 'is empty' : undefined;
}

async function measure(path: string): Promise<{ readonly characters: number; readonly lines: number }> {
  const decoder = new TextDecoder();
  let [characters, lines] = [0, 0];
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    const text = decoder.decode(chunk, { stream: true });
    for (const character of text) {
      characters++;
      if (character === '\n') lines++;
    }
  }
  return { characters, lines };
}

async function countOthers(folder: string, placed: ReadonlySet<string>): Promise<number> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  return found.filter((entry) => entry.isFile() && !entry.name.endsWith('.partial')).length - placed.size;
}
