/** JPEG files whose decoder only warns: pictures of which some is missing, and those that only have bytes too many. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { decodeImage, type ImageError } from '../../src/media/image.js';
import { Random } from '../../src/shared/random.js';

const PREPROCESSING = { size: 32, fit: 'squash', kernel: 'cubic' } as const;
const SIDE = 96;
const MARKER = 0xff;
const START_OF_FRAME = 0xc0;
const HUFFMAN_TABLES = 0xc4;
const END_OF_IMAGE = [MARKER, 0xd9];

function noise(): Promise<Buffer> {
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => 255 * random.uniform());
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg()
    .toBuffer();
}

async function reasonOf(jpeg: Uint8Array): Promise<string> {
  const error = await decodeImage(jpeg, PREPROCESSING).then(
    () => undefined,
    (thrown: unknown) => thrown as ImageError,
  );
  return error?.reason ?? 'was read';
}

/** The same file, whose header says that it has `rows`. */
function claiming(rows: number, jpeg: Buffer): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = changed.indexOf(Buffer.from([MARKER, START_OF_FRAME]));
  expect(changed.readUInt16BE(frame + 5)).toBe(SIDE);
  changed.writeUInt16BE(rows, frame + 5);
  return changed;
}

test.each([1.1, 2, 50])('a header that claims %s times the rows that there are', async (factor) => {
  expect(await reasonOf(claiming(Math.round(SIDE * factor), await noise()))).toContain('premature end of data segment');
});

test.each([0.3, 0.6, 0.9])('data of which only %s are there, before a proper end', async (share) => {
  const jpeg = await noise();
  const cut = Buffer.concat([jpeg.subarray(0, Math.floor(jpeg.length * share)), Buffer.from(END_OF_IMAGE)]);
  expect(await reasonOf(cut)).toContain('is cut short or damaged');
});

test('bytes too many between segments do no harm', async () => {
  const jpeg = await noise();
  const tables = jpeg.indexOf(Buffer.from([MARKER, HUFFMAN_TABLES]));
  const longer = Buffer.concat([jpeg.subarray(0, tables), Buffer.from([1, 2, 3]), jpeg.subarray(tables)]);
  // Only a decoder that fails on warnings says something of it.
  await expect(sharp(longer, { failOn: 'warning' }).raw().toBuffer()).rejects.toThrow('extraneous bytes');
  expect(await decodeImage(longer, PREPROCESSING)).toEqual(await decodeImage(jpeg, PREPROCESSING));
});
