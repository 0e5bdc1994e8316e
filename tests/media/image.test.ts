/** Decoding: every format and colour space gives the right pixels, and every damaged file an error, never half a picture. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Color, type Sharp } from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage, type ImageError, type ImagePreprocessing } from '../../src/media/image.js';
import { UserError } from '../../src/shared/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'looksay-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SQUASH: ImagePreprocessing = { size: 8, fit: 'squash', kernel: 'cubic' };
const ORANGE = { r: 200, g: 100, b: 50 };
const plain = (background: Color, width = 9, height = 9) =>
  sharp({ create: { width, height, channels: 3, background }, limitInputPixels: false });

/** Noise that no codec makes small. */
function noise(width: number, height: number): Sharp {
  const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919 + ((i * i) % 251)) & 255);
  return sharp(bytes, { raw: { width, height, channels: 3 } });
}

/** The first pixel, after checking that all are within `tolerance` of it. */
function colourOf(pixels: Uint8Array, tolerance = 1): number[] {
  expect(pixels.every((value, i) => Math.abs(value - (pixels[i % 3] as number)) <= tolerance)).toBe(true);
  return [...pixels.subarray(0, 3)];
}

async function expectColour(source: string | Uint8Array, colour: readonly number[], tolerance = 1): Promise<void> {
  const found = colourOf(await decodeImage(source, SQUASH), tolerance);
  colour.forEach((value, i) =>
    expect(Math.abs(value - (found[i] as number)), `${found}`).toBeLessThanOrEqual(tolerance),
  );
}

async function failure(source: string | Uint8Array, preprocessing = SQUASH, limitPixels?: number): Promise<ImageError> {
  try {
    await decodeImage(source, preprocessing, limitPixels === undefined ? {} : { limitPixels });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as ImageError;
  }
  return expect.fail('decoded');
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A black PNG of one bit a pixel, made without an encoder: those take seconds for 400 megapixels. */
function blackPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1; // bits a sample; grey, deflated, not interlaced
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  const chunks = [
    ['IHDR', header],
    ['IDAT', deflateSync(rows, { level: 1 })],
    ['IEND', Buffer.alloc(0)],
  ] as const;
  const parts = chunks.map(([type, data]) => {
    const chunk = Buffer.alloc(data.length + 12);
    chunk.writeUInt32BE(data.length, 0);
    chunk.write(type, 4, 'latin1');
    data.copy(chunk, 8);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
    return chunk;
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** A grey square in TIFF 6.0 with values of a kind that sharp does not write: 1 unsigned, 2 signed, 3 floating point. */
function greyTiff(side: number, values: Float32Array | Int16Array | Uint16Array | Uint32Array, kind: number): Buffer {
  const [short, long] = [3, 4];
  const tags = [
    [256, short, side], // width, height
    [257, short, side],
    [258, short, values.BYTES_PER_ELEMENT * 8], // bits a sample
    [259, short, 1], // not compressed
    [262, short, 1], // black is zero
    [273, long, 256], // where the only strip begins
    [277, short, 1], // samples a pixel
    [278, short, side], // rows of a strip
    [279, long, values.byteLength],
    [339, short, kind],
  ] as const;
  const head = Buffer.alloc(256);
  head.write('II*\0\x08', 'latin1');
  head.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, type, value], i) => {
    const at = 10 + 12 * i;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(1, at + 4);
    head.writeUInt32LE(value, at + 8);
  });
  return Buffer.concat([head, Buffer.from(values.buffer)]);
}

const svg = (body: string, size = 'width="40" height="40"'): Buffer =>
  Buffer.from(
    `<?xml version="1.0"?>\n<!-- a drawing -->\n<svg xmlns="http://www.w3.org/2000/svg" ${size}>${body}</svg>`,
  );

describe('formats and colours', () => {
  it.each([
    ['JPEG', plain(ORANGE).jpeg({ quality: 100 })],
    ['PNG', plain(ORANGE).png()],
    ['interlaced PNG', plain(ORANGE).png({ progressive: true })],
    ['PNG with a palette', plain(ORANGE).png({ palette: true })],
    ['WebP', plain(ORANGE).webp({ quality: 100 })],
    ['GIF', plain(ORANGE).gif()],
    ['AVIF', plain(ORANGE).avif({ quality: 100 })],
    ['TIFF', plain(ORANGE).tiff({ compression: 'lzw' })],
    ['16-bit PNG', plain(ORANGE).toColourspace('rgb16').png()],
    ['16-bit TIFF', plain(ORANGE).toColourspace('rgb16').tiff({ compression: 'none' })],
    ['Lab TIFF', plain(ORANGE).toColourspace('lab').tiff({ compression: 'none' })],
  ])('%s', async (_, image) => {
    await expectColour(await image.toBuffer(), [200, 100, 50], 3);
  });

  it('reads CMYK with and without a profile', async () => {
    const cmyk = plain(ORANGE).toColourspace('cmyk');
    const bare = await cmyk.clone().jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bare).metadata()).space).toBe('cmyk');
    await expectColour(bare, [200, 100, 50], 32); // outside the printable colours
    await expectColour(await cmyk.withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer(), [200, 100, 50], 32);
  });

  it('makes three channels of grey, 8 and 16 bits, with and without alpha', async () => {
    const grey = { r: 90, g: 90, b: 90 };
    await expectColour(await plain(grey).greyscale().png().toBuffer(), [90, 90, 90]);
    await expectColour(await plain(grey).greyscale().jpeg({ quality: 100 }).toBuffer(), [90, 90, 90]);
    await expectColour(await plain(grey).toColourspace('grey16').png().toBuffer(), [90, 90, 90]);
    const veiled = sharp({ create: { width: 9, height: 9, channels: 4, background: { ...grey, alpha: 0 } } });
    await expectColour(await veiled.toColourspace('b-w').png().toBuffer(), [255, 255, 255]);
  });

  it('lays transparency on white', async () => {
    const half = sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
    });
    await expectColour(await half.clone().png().toBuffer(), [255, 127, 127]);
    await expectColour(await half.clone().toColourspace('rgb16').png().toBuffer(), [255, 127, 127]);
    await expectColour(await half.webp({ lossless: true }).toBuffer(), [255, 127, 127], 2);
  });

  it('takes the first frame of an animation', async () => {
    const frames = [await plain('red').png().toBuffer(), await plain('blue').png().toBuffer()];
    const animation = sharp(frames, { join: { animated: true } });
    for (const bytes of [
      await animation.clone().gif().toBuffer(),
      await animation.webp({ lossless: true }).toBuffer(),
    ]) {
      expect((await sharp(bytes).metadata()).pages).toBe(2);
      await expectColour(bytes, [255, 0, 0]);
    }
  });

  it('turns a picture as EXIF says', async () => {
    const half = { input: await plain('blue', 20, 20).png().toBuffer(), left: 0, top: 0 };
    const upright = plain('red', 40, 20).composite([half]); // blue left, red right
    for (const [orientation, first, last] of [
      [1, 'b', 'r'],
      [2, 'r', 'b'],
      [3, 'r', 'b'],
      [6, 'b', 'r'],
      [8, 'r', 'b'],
    ] as const) {
      const bytes = await sharp(await upright.clone().png().toBuffer())
        .withMetadata({ orientation })
        .jpeg()
        .toBuffer();
      const pixels = await decodeImage(bytes, SQUASH);
      const name = (i: number): string => ((pixels[i] as number) > 128 ? 'r' : 'b');
      expect([name(0), name(pixels.length - 3)], `orientation ${orientation}`).toEqual([first, last]);
    }
  });

  it('draws SVG, whatever stands before it', async () => {
    await expectColour(svg('<rect width="40" height="40" fill="#c86432"/>'), [200, 100, 50]);
    await expectColour(svg('<rect width="40" height="40" fill="#c86432"/>', 'viewBox="0 0 40 40"'), [200, 100, 50]);
    await expectColour(
      Buffer.from('<!DOCTYPE svg [<!ENTITY a "b">] ><svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'),
      [255, 255, 255],
    );
  });

  it('draws no SVG beyond 16 MB, from a file or from bytes', async () => {
    const bytes = Buffer.concat([svg(''), Buffer.alloc(16_000_000, ' ')]);
    const reason = `is an SVG file of ${bytes.length} bytes; at most 16000000 are drawn`;
    expect((await failure(bytes)).reason).toBe(reason);
    expect((await failure(file('long.svg', bytes))).reason).toBe(reason);
  });

  it('loads no file or address from an SVG', async () => {
    const red = file('red.png', await plain('red', 40, 40).png().toBuffer());
    const images = ['red.png', `file://${red}`, 'http://127.0.0.1:9/red.png'].map(
      (href) => `<image width="40" height="40" href="${href}"/>`,
    );
    await expectColour(file('links.svg', svg(images.join(''))), [255, 255, 255]);
    const entity =
      '<!DOCTYPE svg [<!ENTITY x SYSTEM "red.png">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&x;</text></svg>';
    expect((await failure(file('entity.svg', entity))).reason).toContain('damaged');
  });

  it('decodes 1x1 and very long strips with every fit', async () => {
    for (const fit of ['squash', 'crop', 'pad'] as const) {
      const preprocessing = { size: 32, fit, kernel: 'lanczos3' } as const;
      await expectColour(await plain('red', 1, 1).png().toBuffer(), [255, 0, 0]);
      expect(await decodeImage(await plain('red', 1, 16000).png().toBuffer(), preprocessing)).toHaveLength(32 * 32 * 3);
      expect(await decodeImage(await plain('red', 16000, 1).jpeg().toBuffer(), preprocessing)).toHaveLength(
        32 * 32 * 3,
      );
    }
  });

  it('reads files with any name', async () => {
    const bytes = await plain('red').png().toBuffer();
    for (const name of [
      'a b.jpg',
      '\'"quoted".png',
      'line\nbreak.png',
      '😀.png',
      'a[1].png',
      'odd.png[page=3]',
      'noextension',
      '-n.png',
    ]) {
      await expectColour(file(name, bytes), [255, 0, 0]);
    }
  });
});

describe('fit', () => {
  const stripes = async (): Promise<Buffer> => {
    const side = await plain('blue', 20, 20).png().toBuffer();
    return plain('red', 80, 20)
      .composite([
        { input: side, left: 0, top: 0 },
        { input: side, left: 60, top: 0 },
      ])
      .png()
      .toBuffer();
  };
  const row = (pixels: Uint8Array, y: number): string =>
    Array.from({ length: 8 }, (_, x) => {
      const [r, g] = pixels.subarray((y * 8 + x) * 3);
      return g === 128 ? '-' : (r as number) > 128 ? 'r' : 'b';
    }).join('');

  it('squash keeps everything, crop the middle, pad adds grey bars', async () => {
    const bytes = await stripes();
    expect(row(await decodeImage(bytes, { ...SQUASH, kernel: 'linear' }), 4)).toBe('bbrrrrbb');
    expect(row(await decodeImage(bytes, { ...SQUASH, fit: 'crop', kernel: 'linear' }), 4)).toBe('rrrrrrrr');
    const padded = await decodeImage(bytes, { ...SQUASH, fit: 'pad', kernel: 'linear' });
    expect([0, 2, 3, 4, 5, 7].map((y) => row(padded, y))).toEqual([
      '--------',
      '--------',
      'bbrrrrbb',
      'bbrrrrbb',
      '--------',
      '--------',
    ]);
  });

  it('crops the middle of a tall picture as well', async () => {
    const turned = await sharp(await stripes())
      .rotate(90)
      .png()
      .toBuffer();
    const pixels = await decodeImage(turned, { ...SQUASH, fit: 'crop' });
    expect(colourOf(pixels)).toEqual([255, 0, 0]);
  });

  it('gives the same pixels every time, close to those of a full decode', async () => {
    const bytes = await sharp(await noise(40, 30).png().toBuffer())
      .resize(1600, 1200)
      .jpeg({ quality: 95 })
      .toBuffer();
    const preprocessing = { size: 96, fit: 'squash', kernel: 'cubic' } as const;
    const [first, second] = await Promise.all([decodeImage(bytes, preprocessing), decodeImage(bytes, preprocessing)]);
    expect(first).toEqual(second);
    const whole = await decodeImage(await sharp(bytes).png().toBuffer(), preprocessing);
    const differences = first.map((value, i) => Math.abs(value - (whole[i] as number)));
    expect(Math.max(...differences)).toBeLessThanOrEqual(8);
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1);
  });
});

describe('bad files', () => {
  const encoders: readonly (readonly [string, (image: Sharp) => Sharp])[] = [
    ['JPEG', (image) => image.jpeg()],
    ['progressive JPEG', (image) => image.jpeg({ progressive: true })],
    ['PNG', (image) => image.png()],
    ['WebP', (image) => image.webp()],
    ['GIF', (image) => image.gif()],
    ['AVIF', (image) => image.avif({ effort: 0 })],
    ['TIFF', (image) => image.tiff({ compression: 'lzw' })],
  ];

  it.each(encoders)('a %s cut short anywhere is refused, with every fit', async (_, encode) => {
    for (const [width, height] of [
      [120, 60],
      [60, 240],
    ] as const) {
      const bytes = await encode(noise(width, height)).toBuffer();
      for (const kept of [0.05, 0.3, 0.6, 0.8, 0.9, 0.97, 0.99]) {
        for (const fit of ['squash', 'crop', 'pad'] as const) {
          const error = await failure(bytes.subarray(0, Math.floor(bytes.length * kept)), { ...SQUASH, fit });
          expect(error.reason).toMatch(/cut short or damaged|not an image/);
        }
      }
    }
  });

  it('says what a mislabelled file is', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['hello', 'found text'],
      ['<!DOCTYPE html><html></html>', 'found a web page'],
      ['%PDF-1.7', 'found a PDF document'],
      ['\0\0\0\x18ftypheic', 'found a HEIC photo'],
      ['\0\0\0\x18ftypisom', 'found a video'],
      ['BM\0\0', 'found a BMP image'],
      ['\x01\x02\x03', 'found no image format that is known'],
      ['<!---->'.repeat(600), 'found text'],
    ];
    for (const [content, expected] of cases) {
      const path = file('mislabelled.jpg', content);
      expect((await failure(path)).message).toBe(`${path}: ${(await failure(path)).reason}`);
      expect((await failure(path)).reason).toContain(expected);
    }
    await expectColour(file('really-png.jpg', await plain('red').png().toBuffer()), [255, 0, 0]);
  });

  it('refuses a TIFF whose black and white are not known', async () => {
    const grey = new Float32Array(81).fill(0.5);
    for (const [bytes, found] of [
      [greyTiff(9, grey, 3), 'floating-point'],
      [await plain(ORANGE).toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer(), 'floating-point'],
      [greyTiff(9, new Int16Array(81), 2), 'signed or 32-bit'],
      [greyTiff(9, new Uint32Array(81), 1), 'signed or 32-bit'],
    ] as const) {
      expect((await failure(bytes)).reason).toBe(
        `is a TIFF of ${found} values, whose black and white are not known; save it with 8 or 16 bits a channel`,
      );
    }
    await expectColour(greyTiff(9, new Uint16Array(81).fill(30_000), 1), [117, 117, 117]);
  });

  it('refuses what is too large with its size, unless the limit is raised', async () => {
    const path = file('large.png', blackPng(20_000, 20_000));
    const error = await failure(path);
    expect(error.reason).toBe(
      'is too large: 20000 x 20000 = 400 megapixels, the limit is 100 (raise it with --limit-pixels)',
    );
    expect((await failure(path, { ...SQUASH, fit: 'crop' })).reason).toBe(error.reason);
    expect((await failure(await plain('red', 20, 20).png().toBuffer(), SQUASH, 399)).reason).toContain(
      'too large: 20 x 20 = 0.0004 megapixels, the limit is 0.000399',
    );
    expect(colourOf(await decodeImage(path, SQUASH, { limitPixels: 400_000_000 }))).toEqual([0, 0, 0]);
    expect((await failure(svg('', 'width="30000" height="30000"'))).reason).toContain('too large: 30000 x 30000');
  });

  it('stops drawings that grow without end', async () => {
    const entities = [...'bcdefghij']
      .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghij'[i]};`.repeat(10)}">`)
      .join('');
    const bomb = `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${entities}]><svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>`;
    expect((await failure(Buffer.from(bomb))).reason).toContain('damaged');
  });

  it('reports missing, empty, unreadable and odd paths', async () => {
    mkdirSync(join(folder, 'folder.jpg'));
    symlinkSync('loop.jpg', join(folder, 'loop.jpg'));
    symlinkSync('gone.jpg', join(folder, 'dangling.jpg'));
    expect((await failure(join(folder, 'none.jpg'))).reason).toBe('no such file');
    expect((await failure(file('empty.jpg', ''))).reason).toBe('is empty (0 bytes)');
    expect((await failure(join(folder, 'folder.jpg'))).reason).toBe('is a folder, not an image');
    expect((await failure(join(folder, 'loop.jpg'))).reason).toContain('symbolic link');
    expect((await failure(join(folder, 'dangling.jpg'))).reason).toBe('no such file');
    expect((await failure('a\0b.jpg')).message).toContain('"a\\u0000b.jpg": no file name');
    expect((await failure(join(folder, 'a\nb.jpg'))).message).not.toContain('\n');
    expect((await failure(new Uint8Array())).message).toBe('image data: is empty (0 bytes)');
  });

  it.skipIf(process.platform === 'win32')('does not wait for a device', async () => {
    expect((await failure('/dev/null')).reason).toBe('is not a regular file');
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('reports a file without permission', async () => {
    const path = file('secret.jpg', 'x');
    const { chmodSync } = await import('node:fs');
    chmodSync(path, 0);
    expect((await failure(path)).reason).toContain('permission denied');
  });
});
