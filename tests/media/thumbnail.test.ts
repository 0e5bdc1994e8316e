/** Small copies of pictures: their size, and that they are opened as pictures to caption are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { thumbnail } from '../../src/media/thumbnail.js';

const folder = mkdtempSync(join(tmpdir(), 'looksay-thumbnail-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIDE = 8;

const png = (width: number, height: number, background: string): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Size and mean colour of the copy. */
async function copyOf(path: string): Promise<{ readonly size: readonly number[]; readonly colour: readonly number[] }> {
  const bytes = await thumbnail(path, SIDE);
  const [{ width, height, format }, { channels }] = [await sharp(bytes).metadata(), await sharp(bytes).stats()];
  expect(format).toBe('jpeg');
  return { size: [width, height], colour: channels.map(({ mean }) => Math.round(mean / 51) * 51) };
}

it('is as wide or as high as asked for, and never larger than the picture', async () => {
  const [wide, small] = [await png(16, 8, '#f00'), await png(4, 2, '#00f')];
  expect(await copyOf(file('wide.png', wide))).toEqual({ size: [8, 4], colour: [255, 0, 0] });
  expect(await copyOf(file('small.png', small))).toEqual({ size: [4, 2], colour: [0, 0, 255] });
});

it('shows nothing of the files that a drawing names', async () => {
  file('beside.png', await png(8, 8, '#f00'));
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image href="beside.png" width="8" height="8"/></svg>';
  expect((await copyOf(file('drawing.svg', drawing))).colour).toEqual([255, 255, 255]);
});

it('takes no ending of a name for options', async () => {
  const red = await png(8, 8, '#f00');
  expect((await copyOf(file('red.png[page=3]', red))).colour).toEqual([255, 0, 0]);
});

it('says of what is no picture that it is none', async () => {
  const text = file('text.jpg', 'once upon a time');
  await expect(thumbnail(text, SIDE)).rejects.toThrow('text.jpg: is not an image that can be read');
});
