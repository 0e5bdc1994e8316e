/** Which caption format a file is in, told by its content. */
import { messageOf, systemCodeOf, UserError } from '../../shared/errors.js';
import { readHead } from '../../shared/files.js';
import { parseBounded } from '../../shared/json.js';
import { requireUtf8 } from '../../text/encoding.js';

export type CaptionFormat = 'flickr' | 'csv' | 'jsonl' | 'json';

const HEAD_BYTES = 65_536;
/** `1000268201_693b08cb0e.jpg#0<TAB>A child …` */
const FLICKR_LINE = /^[^\t]+#\d+\t/;

/** The format of the caption file at `path`; UserError when it is missing, empty or in UTF-16. */
export async function recogniseCaptions(path: string): Promise<CaptionFormat> {
  const head = await readFirst(path);
  requireUtf8(head, path);
  const text = new TextDecoder().decode(head).trimStart();
  if (text === '') throw new UserError(`${path}: is empty; expected captions`);
  if (text.startsWith('{')) return recogniseObject(text);
  if (text.startsWith('[')) return 'json';
  return FLICKR_LINE.test(text) ? 'flickr' : 'csv';
}

/** JSONL has a whole object on its first line, and that object is about one photo. */
function recogniseObject(text: string): CaptionFormat {
  const newline = text.indexOf('\n');
  const firstLine = newline < 0 ? text : text.slice(0, newline);
  try {
    const value = parseBounded(firstLine);
    return typeof value === 'object' && value !== null && ('images' in value || 'annotations' in value) ? 'json' : 'jsonl';
  } catch {
    if (newline >= 0) return /^\{.*"image"\s*:\s*"/.test(firstLine) ? 'jsonl' : 'json';
    return /"(?:images|annotations|sentences)"\s*:\s*\[/.test(text) ? 'json' : 'jsonl';
  }
}

async function readFirst(path: string): Promise<Uint8Array> {
  try {
    return await readHead(path, HEAD_BYTES);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT') throw new UserError(`${path}: no such captions file`, { cause: error });
    if (code === 'EISDIR') throw new UserError(`${path}: is a folder; expected a captions file`, { cause: error });
    throw new UserError(`${path}: cannot be read (${messageOf(error)})`, { cause: error });
  }
}
