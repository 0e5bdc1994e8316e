/**
 * The pictures that an SVG drawing holds in `data:` addresses. The renderer decodes them whole, whatever the size at
 * which they are drawn, so their sizes have to be known first: some bytes of PNG can unfold to gigabytes.
 */
import sharp from 'sharp';
import { HEAD_BYTES, recognise } from './image-format.js';

/** A picture in a drawing: its size, or why it cannot be known. */
export type EmbeddedPicture = { readonly width: number; readonly height: number } | { readonly fault: string };

/** Entities can put an address together from pieces; those of namespaces, which drawing programs write, cannot. */
const ENTITY = /<!ENTITY\s(?!\s*[\w.:-]+\s+(["'])https?:[^"'&,;]*\1\s*>)/;
const PICTURE = /<(?:[\w.-]+:)?(?:image|feImage|include)[\s/>]/;
const CHARACTER_REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Its media type, which may end in `;base64`, and its contents. */
const DATA_ADDRESS = /^ *data:([^,]*),([^#]*)/i;
/** What is no start of such an address, in clear or in character references. */
const OTHER_VALUE = /^(?!\s*[d&])/i;
const GZIP_START = '\x1f\x8b';
/** Each value can be found in two ways, and so at each depth twice as much: nobody nests drawings deeper by hand. */
const MOST_DRAWINGS = 4;

/** The pictures in the drawing, and those of drawings inside it; `depth` is how many drawings that one is inside of. */
export async function* embeddedPictures(svg: Uint8Array, depth = 0): AsyncGenerator<EmbeddedPicture> {
  if (depth >= MOST_DRAWINGS) {
    yield { fault: `is a drawing with drawings inside each other, more than ${MOST_DRAWINGS} deep` };
    return;
  }
  // All that is looked for is ASCII, and Latin-1 keeps each byte.
  const text = Buffer.from(svg.buffer, svg.byteOffset, svg.length).toString('latin1');
  const plain = withoutReferences(text);
  if (ENTITY.test(plain) && PICTURE.test(plain)) {
    yield { fault: 'is a drawing with pictures and entities (<!ENTITY …>); write out what the entities stand for' };
    return;
  }
  for (const bytes of embeddedFiles(text)) yield* picturesOf(bytes, depth);
}

async function* picturesOf(bytes: Buffer, depth: number): AsyncGenerator<EmbeddedPicture> {
  if (bytes.toString('latin1', 0, 2) === GZIP_START) {
    yield { fault: 'is a drawing with a compressed drawing inside; save it without compression' };
    return;
  }
  const { format } = recognise(bytes.subarray(0, HEAD_BYTES));
  if (format === 'SVG') yield* embeddedPictures(bytes, depth + 1);
  else if (format === 'JPEG' || format === 'PNG') yield await sizeOf(bytes);
  else if (format !== undefined)
    yield { fault: `is a drawing with a ${format} picture inside, which would be left blank` };
}

async function sizeOf(bytes: Buffer): Promise<EmbeddedPicture> {
  try {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return { width, height };
  } catch {
    return { fault: 'is a drawing with a picture inside that is cut short or damaged' };
  }
}

/** What `data:` addresses hold. Every quote is taken for the start of a value: which ones are is up to the XML around them. */
function* embeddedFiles(text: string): Generator<Buffer> {
  for (const { 0: quote, index } of text.matchAll(/["']/g)) {
    const end = text.indexOf(quote, index + 1);
    const written = end < 0 ? '' : text.slice(index + 1, end);
    if (OTHER_VALUE.test(written)) continue;
    // XML makes spaces of line breaks, unless they are references; what reads addresses passes over those.
    const value = withoutReferences(written.replace(/[\t\n\r]/g, ' ')).replace(/[\t\n\r]/g, '');
    const [, type, contents] = DATA_ADDRESS.exec(value) ?? [];
    if (type === undefined || contents === undefined) continue;
    const bytes = contents.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    yield Buffer.from(bytes, /; *base64 *$/i.test(type) ? 'base64' : 'latin1');
  }
}

function withoutReferences(text: string): string {
  return text.replace(CHARACTER_REFERENCE, (_, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? '';
    const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
    return code < 256 ? String.fromCharCode(code) : '?';
  });
}
