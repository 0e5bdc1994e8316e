/**
 * What a file holds, told by its first bytes and never by its name. Only formats named here reach the decoder; the
 * others are named where possible, so that an error can say what a mislabelled file really is.
 */

/** How many bytes from the start `recognise` wants to see. */
export const HEAD_BYTES = 4096;

/** Formats that can be decoded, as people call them. */
export const IMAGE_FORMATS = ['JPEG', 'PNG', 'WebP', 'GIF', 'AVIF', 'TIFF', 'SVG'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** `format` when it can be decoded; otherwise `found` says what it is ("a PDF document"). */
export type Recognised = { readonly format: ImageFormat } | { readonly format?: undefined; readonly found: string };

interface Signature {
  /** Bytes as Latin-1 text, at `at`. */
  readonly bytes: string;
  readonly at?: number;
}

const FORMATS: readonly (readonly [ImageFormat, readonly Signature[]])[] = [
  ['JPEG', [{ bytes: '\xff\xd8\xff' }]],
  ['PNG', [{ bytes: '\x89PNG\r\n\x1a\n' }]],
  ['GIF', [{ bytes: 'GIF87a' }]],
  ['GIF', [{ bytes: 'GIF89a' }]],
  ['WebP', [{ bytes: 'RIFF' }, { bytes: 'WEBP', at: 8 }]],
  ['AVIF', [{ bytes: 'ftypavif', at: 4 }]],
  ['AVIF', [{ bytes: 'ftypavis', at: 4 }]],
  ['TIFF', [{ bytes: 'II*\0' }]],
  ['TIFF', [{ bytes: 'MM\0*' }]],
  ['TIFF', [{ bytes: 'II+\0' }]],
  ['TIFF', [{ bytes: 'MM\0+' }]],
];

const OTHERS: readonly (readonly [string, Signature])[] = [
  ['a HEIC photo (save it as JPEG or AVIF)', { bytes: 'ftyphei', at: 4 }],
  ['a HEIC photo (save it as JPEG or AVIF)', { bytes: 'ftyphev', at: 4 }],
  ['a JPEG 2000 image', { bytes: 'jP  ', at: 4 }],
  ['a JPEG XL image', { bytes: '\xff\x0a' }],
  ['a JPEG XL image', { bytes: 'JXL ', at: 4 }],
  ['a video', { bytes: 'ftyp', at: 4 }],
  ['a video', { bytes: '\x1a\x45\xdf\xa3' }],
  ['a BMP image', { bytes: 'BM' }],
  ['a Photoshop document', { bytes: '8BPS' }],
  ['a PDF document', { bytes: '%PDF' }],
  ['a compressed archive', { bytes: 'PK\x03\x04' }],
  ['a compressed archive', { bytes: '\x1f\x8b' }],
];

const HTML_START = /^\s*<(?:!doctype html|html|head|body)\b/i;

const BINARY = /[\0-\x08\x0e-\x1f]/;

/** What the bytes at the start of a file (`HEAD_BYTES` of them or all there are) belong to. */
export function recognise(head: Uint8Array): Recognised {
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  const has = ({ bytes, at = 0 }: Signature): boolean => latin1.startsWith(bytes, at);
  for (const [format, signatures] of FORMATS) if (signatures.every(has)) return { format };
  if (latin1.startsWith('ftypmif1', 4))
    return latin1.slice(0, 64).includes('avif') ? { format: 'AVIF' } : { found: 'a HEIF image' };
  for (const [found, signature] of OTHERS) if (has(signature)) return { found };
  const text = new TextDecoder().decode(head);
  if (startsAsSvg(text)) return { format: 'SVG' };
  if (HTML_START.test(text)) return { found: 'a web page' };
  return { found: BINARY.test(text) ? 'no image format that is known' : 'text' };
}

/** Openings that may stand before the first element of an XML file, each with what ends it. */
const PROLOGUE: readonly (readonly [RegExp, RegExp])[] = [
  [/^<\?/, /\?>/],
  [/^<!--/, /-->/],
  [/^<!DOCTYPE[^>]*\[/i, /\]\s*>/],
  [/^<!DOCTYPE/i, />/],
];

/** Whether the first element is `svg`, after declarations and comments. */
function startsAsSvg(text: string): boolean {
  let rest = text.replace(/^\uFEFF/, '').trimStart();
  for (;;) {
    const ending = PROLOGUE.find(([opening]) => opening.test(rest))?.[1].exec(rest);
    if (ending === undefined) return /^<(?:\w+:)?svg[\s>/]/i.test(rest);
    if (ending === null) return false;
    rest = rest.slice(ending.index + ending[0].length).trimStart();
  }
}
