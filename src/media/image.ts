/**
 * Pictures into pixels, by sharp: the one place that decodes and resizes, for training and for captioning alike, and the
 * one that opens them.
 *
 * Order of work: orient as EXIF 2.3 says, convert to 8-bit sRGB (embedded ICC profile, CMYK, grey, 16 bit), lay
 * transparency on white, resize. Animations and documents of many pages give their first frame.
 *
 * JPEG files are decoded at 1/2, 1/4 or 1/8 of their size as long as a factor of two is left for the resampling
 * (`fastShrinkOnLoad: false`): on a 12-megapixel photo that takes 15 ms instead of 70, is the same every time, and
 * differs from the full decode by 0.35 of 255 on average and 4 at most.
 */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { assert } from '../shared/assert.js';
import { messageOf, systemReason, UserError } from '../shared/errors.js';
import { embeddedPictures } from './embedded-pictures.js';
import { HEAD_BYTES, IMAGE_FORMATS, type ImageFormat, recognise } from './image-format.js';
import { MediaError, printable } from './media-error.js';
import type { ImagePreprocessing } from './preprocessing.js';

export { FRAME_STACKS, type FrameStack, type ImagePreprocessing, validateImagePreprocessing } from './preprocessing.js';

// Memory must not grow with the number of files: nothing is kept between pictures, and each is decoded by one thread
// (several at a time make use of the cores).
sharp.cache(false);
sharp.concurrency(1);

/** The most pixels (width × height) that a picture may have unless the caller allows more: 100 megapixels. */
const DEFAULT_LIMIT_PIXELS = 100_000_000;

/** Vector graphics can cost any time to draw: they are given up after this long, as is everything else. */
const TIME_LIMIT_SECONDS = 120;
/** A vector graphic larger than this is no drawing that we want to parse. */
const SVG_LIMIT_BYTES = 16_000_000;
/** What sharp calls whole numbers of up to 8 and 16 bits. */
const DEPTHS_OF_PHOTOS: readonly string[] = ['uchar', 'ushort'];
/** Colour spaces of which other values have a fixed meaning. */
const LAB: readonly string[] = ['lab', 'labs'];
const CHANNELS = 3;
const WHITE = { r: 255, g: 255, b: 255 };
const MIDDLE_GREY = { r: 128, g: 128, b: 128 };
/** Warnings do not make a picture unreadable, except of JPEG files those that say that some of it is lost. */
const FAIL_ON = 'error';
/** What libjpeg says of those (jerror.h): JWRN_HIT_MARKER, JWRN_HUFF_BAD_CODE, JWRN_ARITH_BAD_CODE, JWRN_MUST_RESYNC. */
const JPEG_DAMAGE = /premature end of data segment|bad Huffman code|bad arithmetic code|instead of RST/;
/** Pictures up to this many times longer than wide (or the reverse) are cropped after a whole decode. */
const LONGEST_STRIP = 32;
const SHARP_FIT = { squash: 'fill', pad: 'contain' } as const;

export interface DecodeOptions {
  /**
   * The most pixels (width × height) a picture may have, and each picture inside a drawing; default 100,000,000. Larger
   * ones are refused unread.
   */
  readonly limitPixels?: number;
}

/** What a picture is called that is given by its bytes alone. */
export const UNNAMED_IMAGE = 'image data';

/** A picture that cannot be decoded. */
export class ImageError extends MediaError {}

/**
 * Decodes a picture, from a path or from the bytes of a file, into `size * size * 3` bytes: RGB, row by row (HWC).
 *
 * The reading of the head and the hand-over to the decoder's threads happen before the first `await` (except of SVG
 * and TIFF, whose contents are looked at first): a caller that starts several decodes and then blocks finds them done.
 * Throws ImageError when the file is missing, unreadable, empty, not an image, cut short, damaged, or has more pixels
 * than `limitPixels`.
 */
export function decodeImage(
  source: string | Uint8Array,
  preprocessing: ImagePreprocessing,
  options: DecodeOptions = {},
): Promise<Uint8Array> {
  return readImage(source, options, async (open) =>
    preprocessing.fit === 'crop'
      ? await cropped(open, preprocessing)
      : pixelsOf(await resized(open, preprocessing, SHARP_FIT[preprocessing.fit])),
  );
}

/** Begins to read a picture, upright: one that is broken is an error, and so is one that takes too long. */
export type OpenImage = () => Sharp;

/**
 * What `use` makes of a picture, from a path or from the bytes of a file. All reading of pictures goes this way. Throws
 * ImageError as `decodeImage` does.
 */
export async function readImage<Result>(
  source: string | Uint8Array,
  options: DecodeOptions,
  use: (open: OpenImage) => Promise<Result>,
): Promise<Result> {
  const where = typeof source === 'string' ? printable(source) : UNNAMED_IMAGE;
  const limitPixels = options.limitPixels ?? DEFAULT_LIMIT_PIXELS;
  const { input, format } = typeof source === 'string' ? openImage(source, where) : checkedBytes(source, where);
  if (format === 'SVG' && typeof input !== 'string') await checkEmbedded(input, where, limitPixels);
  const attempt = (failOn: FailOn): Promise<Result> =>
    use(() =>
      sharp(input, { ...inputOptions(limitPixels), failOn, autoOrient: true }).timeout({ seconds: TIME_LIMIT_SECONDS }),
    );
  try {
    if (format === 'TIFF') await checkDepth(input, where);
    return await (format === 'JPEG' ? attempt('warning').catch(unlessDamaged(attempt)) : attempt(FAIL_ON));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(where, await reasonFor(error, input, limitPixels), error);
  }
}

/**
 * JPEG decoders fill up what is missing with grey and only warn, of that as of what harms nothing: what they warn of is
 * looked at, and only a harmless picture read once more.
 */
function unlessDamaged<Result>(attempt: (failOn: FailOn) => Promise<Result>): (error: unknown) => Promise<Result> {
  return (error) => {
    if (JPEG_DAMAGE.test(messageOf(error))) throw error;
    return attempt(FAIL_ON);
  };
}

type FailOn = NonNullable<SharpOptions['failOn']>;

interface RawImage {
  readonly data: Buffer;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}

/** The one resize that training and captioning share. */
function resized(
  open: OpenImage,
  { size, kernel }: ImagePreprocessing,
  fit: 'fill' | 'contain' | 'outside' | 'cover',
): Promise<RawImage> {
  return open()
    .flatten({ background: WHITE })
    .resize(size, size, { fit, kernel, background: MIDDLE_GREY, fastShrinkOnLoad: false })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
}

/**
 * The middle square. It is cut here because libvips would read a file only as far down as the square goes, and so not
 * notice that the rest is missing. Very long strips, whose resized form may be too big to hold, are left to it.
 */
async function cropped(open: OpenImage, preprocessing: ImagePreprocessing): Promise<Uint8Array> {
  const { width, height } = await open().metadata();
  const long = Math.max(width, height) > LONGEST_STRIP * Math.min(width, height);
  const image = await resized(open, preprocessing, long ? 'cover' : 'outside');
  const { size } = preprocessing;
  const left = Math.floor((image.info.width - size) / 2);
  const top = Math.floor((image.info.height - size) / 2);
  const pixels = pixelsOf(image);
  const square = new Uint8Array(size * size * CHANNELS);
  for (let row = 0; row < size; row++) {
    const start = ((top + row) * image.info.width + left) * CHANNELS;
    square.set(pixels.subarray(start, start + size * CHANNELS), row * size * CHANNELS);
  }
  return square;
}

function inputOptions(limitPixels: number): SharpOptions {
  return { failOn: FAIL_ON, limitInputPixels: Number.isFinite(limitPixels) ? limitPixels : false };
}

function pixelsOf({ data, info }: RawImage): Uint8Array {
  assert(info.channels === CHANNELS, () => `sharp gave ${info.channels} channels`);
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

interface OpenedImage {
  /** What sharp is to read: the path, or the bytes where a path would let the file name or its text do more. */
  readonly input: string | Uint8Array;
  readonly format: ImageFormat;
}

function openImage(path: string, where: string): OpenedImage {
  const { format, size } = checkedFile(path, where);
  requireDrawable({ format, size }, where);
  // Without a path, a drawing has no folder to load other files from; and libvips takes "name[…]" for options.
  return { input: format === 'SVG' || path.endsWith(']') ? readFileSync(path) : path, format };
}

/** Refuses a drawing in which a picture is too large, or may be. */
async function checkEmbedded(svg: Uint8Array, where: string, limitPixels: number): Promise<void> {
  for await (const picture of embeddedPictures(svg)) {
    if ('fault' in picture) throw new ImageError(where, picture.fault);
    const { width, height } = picture;
    if (width * height <= limitPixels) continue;
    throw new ImageError(where, `is a drawing with a picture inside that ${tooLarge(width, height, limitPixels)}`);
  }
}

/** Refuses measurements kept as TIFF: of values such as these the file does not say which are black and white. */
async function checkDepth(input: string | Uint8Array, where: string): Promise<void> {
  const { depth, space } = await sharp(input, inputOptions(Infinity)).metadata();
  if (DEPTHS_OF_PHOTOS.includes(depth) || LAB.includes(space)) return;
  const found = depth === 'float' || depth === 'double' ? 'floating-point' : 'signed or 32-bit';
  throw new ImageError(
    where,
    `is a TIFF of ${found} values, whose black and white are not known; save it with 8 or 16 bits a channel`,
  );
}

interface FileFacts {
  readonly format: ImageFormat;
  readonly size: number;
}

function checkedFile(path: string, where: string): FileFacts {
  try {
    const stats = statSync(path); // before opening: opening a pipe would wait for its writer
    if (stats.isDirectory()) throw new ImageError(where, 'is a folder, not an image');
    if (!stats.isFile()) throw new ImageError(where, 'is not a regular file');
    return { format: checkedFormat(readHead(path), where), size: stats.size };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new ImageError(where, systemReason(error), error);
  }
}

function readHead(path: string): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const file = openSync(path, 'r');
  try {
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function checkedBytes(bytes: Uint8Array, where: string): OpenedImage {
  const format = checkedFormat(bytes.subarray(0, HEAD_BYTES), where);
  requireDrawable({ format, size: bytes.length }, where);
  return { input: bytes, format };
}

function requireDrawable({ format, size }: FileFacts, where: string): void {
  if (format !== 'SVG' || size <= SVG_LIMIT_BYTES) return;
  throw new ImageError(where, `is an SVG file of ${size} bytes; at most ${SVG_LIMIT_BYTES} are drawn`);
}

function checkedFormat(head: Uint8Array, where: string): ImageFormat {
  if (head.length === 0) throw new ImageError(where, 'is empty (0 bytes)');
  const recognised = recognise(head);
  if (recognised.format !== undefined) return recognised.format;
  const legal = `${IMAGE_FORMATS.slice(0, -1).join(', ')} or ${IMAGE_FORMATS.at(-1)}`;
  throw new ImageError(where, `is not an image that can be read: expected ${legal}, found ${recognised.found}`);
}

/** Three digits, so that a small limit is no 0. */
const megapixels = (pixels: number): number => Number((pixels / 1e6).toPrecision(3));

function tooLarge(width: number, height: number, limitPixels: number): string {
  return (
    `is too large: ${width} x ${height} = ${megapixels(width * height)} megapixels, ` +
    `the limit is ${megapixels(limitPixels)} (raise it with --limit-pixels)`
  );
}

async function reasonFor(error: unknown, input: string | Uint8Array, limitPixels: number): Promise<string> {
  // The last line is the most general: what stands above it is how the decoder came there.
  const message = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
  if (message.includes('32767x32767')) return 'is a drawing too long to be rendered';
  if (message.includes('exceeds pixel limit')) {
    const { width, height } = await sharp(input, inputOptions(Infinity)).metadata();
    return tooLarge(width, height, limitPixels);
  }
  if (message.startsWith('timeout')) return `took longer than ${TIME_LIMIT_SECONDS} s to decode`;
  return `is cut short or damaged (${message})`;
}
