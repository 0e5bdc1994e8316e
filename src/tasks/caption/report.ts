/**
 * A report of the worst captions: a folder with `index.html` and small copies of the photos, which can be moved and
 * opened anywhere. It is written under another name and renamed when it is whole.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { escapeUTF8 } from 'entities';
import { ImageError } from '../../media/image.js';
import { printable } from '../../media/media-error.js';
import { realPathOf } from '../../media/media-paths.js';
import { thumbnail } from '../../media/thumbnail.js';
import { messageOf, UserError } from '../../shared/errors.js';
import { temporaryNameFor } from '../../shared/files.js';
import { warn } from '../../shared/log.js';
import { existsAlready } from '../output.js';
import { requireWritableFolder } from '../writable-folder.js';
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

const PAGE = 'index.html';
const PHOTOS = 'photos';
const TITLE = '<title>Worst captions</title>';

/** Throws UserError with exit code 2 when `folder` cannot be made, or exists and may not be replaced: before the work, not after. */
export function requireNewReport({ folder, overwrite }: ReportOptions): void {
  requireWritableFolder(dirname(realPathOf(folder)));
  if (!existsSync(folder)) return;
  if (!overwrite) throw existsAlready(folder, 'or name another');
  const stranger = strangerIn(folder);
  if (stranger !== undefined) {
    throw new UserError(`${folder}: is no report: ${stranger} (only reports are replaced: name another folder)`, {
      exitCode: 2,
    });
  }
}

/** What `folder` has, or lacks, that tells it from a report; undefined for a report and for an empty folder. */
function strangerIn(folder: string): string | undefined {
  if (!statSync(folder).isDirectory()) return 'it is a file';
  const names = visible(folder);
  if (names.length === 0) return undefined;
  const page = join(folder, PAGE);
  if (!existsSync(page) || !readFileSync(page, 'utf8').includes(TITLE)) return `it has no ${PAGE} of a report`;
  const other = names.find((name) => name !== PAGE && name !== PHOTOS);
  const photos = join(folder, PHOTOS);
  const picture = existsSync(photos) ? visible(photos).find((name) => !/^\d+\.jpg$/.test(name)) : undefined;
  const found = other ?? picture;
  return found === undefined ? undefined : `it has ${printable(found)}`;
}

/** The names in `folder` without those that systems add (`.DS_Store`). */
const visible = (folder: string): string[] => readdirSync(folder).filter((name) => !name.startsWith('.'));

/** The `count` photos with the lowest CIDEr-D, the worst first; ties in the order given. */
export function worstFirst(photos: readonly ScoredPhoto[], count: number): readonly ScoredPhoto[] {
  return photos.toSorted((a, b) => a.ciderD - b.ciderD).slice(0, count);
}

/** Writes the report; gives back the path of its page. Throws UserError when the folder exists, or the system refuses. */
export async function writeReport(photos: readonly ScoredPhoto[], options: ReportOptions): Promise<string> {
  requireNewReport(options);
  const { count } = options;
  const folder = realPathOf(options.folder); // a link to a report stays one
  const temporary = temporaryNameFor(folder);
  try {
    await mkdir(join(temporary, PHOTOS), { recursive: true });
    const sections: string[] = [];
    for (const [index, photo] of worstFirst(photos, count).entries()) {
      sections.push(await sectionOf(photo, { temporary, name: `${PHOTOS}/${String(index + 1).padStart(4, '0')}.jpg` }));
    }
    await writeFile(join(temporary, PAGE), pageOf(sections, photos.length));
    if (options.overwrite) await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(temporary, folder);
    return join(options.folder, PAGE);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // the first error says more
    if (error instanceof UserError) throw error;
    throw new UserError(`${folder}: cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

function pageOf(sections: readonly string[], photos: number): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">${TITLE}
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
    if (!(error instanceof ImageError)) throw error;
    warn(`${error.message}; not shown in the report`);
    return false;
  }
  await writeFile(path, bytes);
  return true;
}
