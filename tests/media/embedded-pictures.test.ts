/** Pictures inside drawings are measured before they are drawn, however their address is written. */
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { decodeImage } from '../../src/media/image.js';

const SIDE = 90;
const svg = (body: string, doctype = ''): Buffer =>
  Buffer.from(`${doctype}<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">${body}</svg>`);
const image = (address: string): string =>
  `<image width="40" height="40" preserveAspectRatio="none" href="${address}"/>`;
const base64 = (bytes: Uint8Array, type = ''): string => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

let png: Buffer;
beforeAll(async () => {
  png = await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});

async function drawn(drawing: Uint8Array, limitPixels = SIDE * SIDE): Promise<string> {
  const preprocessing = { size: 8, fit: 'squash', kernel: 'cubic' } as const;
  try {
    return [...(await decodeImage(drawing, preprocessing, { limitPixels })).subarray(0, 3)].join();
  } catch (error) {
    return String(error);
  }
}

const inner = (): Buffer => svg(image(base64(png, 'image/png')));
const ADDRESSES: readonly (readonly [string, () => Buffer])[] = [
  ['plainly', inner],
  ['with another type', () => svg(image(base64(png, 'text/plain')))],
  ['in references', () => svg(image(base64(png).replace('data', '&#100;a&#x0A;ta')))],
  ['with spaces', () => svg(image(` ${base64(png).replaceAll('A', 'A\n ')}`))],
  ['in percents', () => svg(image(`data:,${png.toString('hex').replaceAll(/../g, '%$&')}`))],
  ['behind a stray quote', () => svg(`<desc>it's</desc>${image(base64(png))}<desc>='</desc>`)],
  [
    'by default',
    () => svg('<image width="40" height="40"/>', `<!DOCTYPE svg [<!ATTLIST image href CDATA "${base64(png)}">]>`),
  ],
  [
    'in a filter',
    () =>
      svg(`<filter id="f"><feImage href="${base64(png)}"/></filter><rect width="40" height="40" filter="url(#f)"/>`),
  ],
  ['in a drawing', () => svg(image(base64(inner())))],
  [
    'in a drawing that is text',
    () => svg(image(`data:image/svg+xml,${inner().toString().replaceAll('<', '&lt;').replaceAll('"', '&#34;')}`)),
  ],
];

it.each(ADDRESSES)('a picture whose address is written %s', async (_, drawing) => {
  expect(await drawn(drawing())).toBe('255,0,0');
  expect(await drawn(drawing(), SIDE * SIDE - 1)).toContain(
    'is a drawing with a picture inside that is too large: 90 x 90',
  );
});

it('refuses what cannot be measured', async () => {
  const entity = svg(image('&x;ta:;base64,'), '<!DOCTYPE svg [<!ENTITY x "da">]>');
  expect(await drawn(entity)).toContain('is a drawing with pictures and entities');
  expect(await drawn(svg(image(base64(gzipSync(inner())))))).toContain('is a drawing with a compressed drawing inside');
  expect(await drawn(svg(image(base64(png.subarray(0, 20)))))).toContain(
    'a picture inside that is cut short or damaged',
  );
});

it('refuses drawings inside each other without end, of which each would be found in two ways', async () => {
  let drawing = inner();
  for (let depth = 0; depth < 2; depth++) drawing = svg(image(base64(drawing)));
  expect(await drawn(drawing)).toBe('255,0,0');
  // The quotes of every second drawing are hidden once more from the one around it: the work would double 30 times.
  const quoteOf = (depth: number): string =>
    depth < 2 ? `"'`.charAt(depth) : `%${'25'.repeat(Math.floor(depth / 2) - 1)}${depth % 2 === 0 ? 22 : 27}`;
  const quotes = Array.from({ length: 60 }, (_, depth) => quoteOf(depth));
  const nested = `${quotes.map((quote) => `<svg a=${quote}data:,`).join('')}${quotes.reverse().join('')}/>`;
  expect(await drawn(Buffer.from(nested))).toContain('drawings inside each other, more than 4 deep');
});

it('refuses pictures that would be left blank', async () => {
  const webp = await sharp(png).webp().toBuffer();
  expect(await drawn(svg(image(base64(webp))))).toContain('a WebP picture inside, which would be left blank');
});

it('lets the entities of namespaces be', async () => {
  const doctype = '<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]>';
  expect(await drawn(svg(`<g xmlns="&ns;">${image(base64(png))}</g>`, doctype))).toBe('255,0,0');
});
