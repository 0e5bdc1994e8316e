/**
 * A report of the worst captions: a folder with `index.html` and small copies of the photos, which can be moved and
 * opened anywhere. It is written under another name and renamed when it is whole.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { escapeUTF8 } from 'entities';
import { printable } from '../../media/media-error.js';
import { thumbnail } from '../../media/thumbnail.js';
import { messageOf, UserError } from '../../shared/errors.js';
import { temporaryNameFor } from '../../shared/files.js';
import { warn } from '../../shared/log.js';
import type { ScoredPhoto } from './evaluate.js';

export interface ReportOptions {
  /** The folder to make. */
  readonly folder: string;
  /** How many photos it shows. */
  readonly count: number;
  /** Whether a folder that is there is replaced. */
  readonly overwrite: boolean;
}

const SIDE = 360;
const STYLE = `body{font:16px/1.4 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}
article{display:flex;gap:1.5em;margin:1.5em 0}img{width:${SIDE / 1.5}px;height:auto;align-self:flex-start}
h2{font-size:1.1em;margin:0}p{margin:.3em 0;color:#555}ul{margin:.5em 0;padding-left:1.2em}`;

/** Throws UserError with exit code 2 when `folder` exists and may not be replaced: before the work, not after. */
export function requireNewReport({ folder, overwrite }: ReportOptions): void {
  if (!overwrite && existsSync(folder)) {
    throw new UserError(`${folder}: exists already (--overwrite replaces it, or name another)`, { exitCode: 2 });
  }
}

/** The `count` photos with the lowest CIDEr-D, the worst first; ties in the order given. */
export function worstFirst(photos: readonly ScoredPhoto[], count: number): readonly ScoredPhoto[] {
  return photos.toSorted((a, b) => a.ciderD - b.ciderD).slice(0, count);
}

/** Writes the report. Throws UserError when the folder exists, or the system refuses. */
export async function writeReport(photos: readonly ScoredPhoto[], options: ReportOptions): Promise<void> {
  requireNewReport(options);
  const { folder, count } = options;
  const temporary = temporaryNameFor(folder);
  try {
    await mkdir(join(temporary, 'photos'), { recursive: true });
    const sections: string[] = [];
    for (const [index, photo] of worstFirst(photos, count).entries()) {
      sections.push(await sectionOf(photo, { temporary, name: `photos/${String(index + 1).padStart(4, '0')}.jpg` }));
    }
    await writeFile(join(temporary, 'index.html'), pageOf(sections, photos.length));
    if (options.overwrite) await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

function pageOf(sections: readonly string[], photos: number): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Worst captions</title>
<style>${STYLE}</style>
<h1>The ${sections.length} worst of ${photos} captions, by CIDEr-D</h1>
${sections.join('')}</html>
`;
}

async function sectionOf(
  { image, caption, references, ciderD }: ScoredPhoto,
  { temporary, name }: { readonly temporary: string; readonly name: string },
): Promise<string> {
  const picture = await copyOf(image, join(temporary, name));
  const shown = picture ? `<img src="${name}" alt="">` : '<p>(cannot be shown)</p>';
  const items = references.map((reference) => `<li>${escapeUTF8(reference)}</li>`).join('');
  return `<article>${shown}<div><h2>${escapeUTF8(caption)}</h2>
<p>CIDEr-D ${ciderD.toFixed(3)}, ${escapeUTF8(printable(image))}</p><ul>${items}</ul></div></article>
`;
}

/** Writes a small copy of `image`; false, with a warning, when it cannot be decoded. */
async function copyOf(image: string, path: string): Promise<boolean> {
  let bytes: Uint8Array;
  try {
    bytes = await thumbnail(image, SIDE);
  } catch (error) {
    warn(`${printable(image)}: is not shown in the report: ${messageOf(error)}`);
    return false;
  }
  await writeFile(path, bytes);
  return true;
}
