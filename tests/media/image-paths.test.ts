/** What users name, and the files that are meant. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandImagePaths, type ExpandOptions, readPathList } from '../../src/media/image-paths.js';

const root = mkdtempSync(join(tmpdir(), 'looksay-paths-'));
const ODD = ['a b.jpg', "it's.jpg", '"q".jpg', 'line\nbreak.jpg', '😀.jpg', 'set[1].jpg', '*.jpg', '-x.jpg'];

beforeAll(() => {
  const files = [
    'photos/10.jpg',
    'photos/2.JPG',
    'photos/1.webp',
    'photos/notes.txt',
    'photos/.hidden.jpg',
    'photos/sub/b.png',
    'photos/sub/deep/c.heic',
    'odd.dat',
  ];
  for (const folder of ['photos/sub/deep', 'photos/empty', 'odd', 'none/texts', 'loop/in'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const name of [...files, ...ODD.map((odd) => `odd/${odd}`), 'none/readme.md', 'loop/a.jpg', 'loop/in/b.jpg'])
    writeFileSync(join(root, name), 'x');
  symlinkSync('..', join(root, 'loop/in/up'));
  symlinkSync('.', join(root, 'loop/self'));
  symlinkSync('10.jpg', join(root, 'photos/link.jpg'));
  symlinkSync('gone.jpg', join(root, 'broken.jpg'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Paths below the test's folder; `!reason` for those with an error. */
async function expand(inputs: readonly string[], options?: ExpandOptions): Promise<string[]> {
  const found = await expandImagePaths(
    inputs.map((input) => join(root, input)),
    options,
  );
  return found.map(({ path, error }) => path.slice(root.length + 1) + (error === undefined ? '' : ` !${error.reason}`));
}

describe('expandImagePaths', () => {
  it('refuses a path that is no list, which JavaScript would take for a list of letters', async () => {
    await expect(expandImagePaths('photos' as unknown as string[])).rejects.toThrow(
      'paths: expected a list of paths, got "photos" (write ["photos"])',
    );
  });

  it('lists the images of a folder in natural order, each file once', async () => {
    expect(await expand(['photos'])).toEqual(['photos/1.webp', 'photos/2.JPG', 'photos/10.jpg']);
    expect(await expand(['photos'], { recursive: true })).toEqual([
      'photos/1.webp',
      'photos/2.JPG',
      'photos/10.jpg',
      'photos/sub/b.png',
      'photos/sub/deep/c.heic',
    ]);
  });

  it('keeps the order of the inputs, and each file at its first place', async () => {
    expect(await expand(['photos/link.jpg', 'photos/10.jpg', 'photos', 'photos/sub/../10.jpg'])).toEqual([
      'photos/link.jpg',
      'photos/1.webp',
      'photos/2.JPG',
    ]);
    expect(await expand(['gone.jpg', 'photos/1.webp', 'gone.jpg'])).toEqual([
      'gone.jpg !no such file',
      'photos/1.webp',
    ]);
  });

  it('takes files that are named, whatever they are called', async () => {
    expect(await expand(['odd.dat', 'photos/notes.txt', 'photos/.hidden.jpg'])).toEqual([
      'odd.dat',
      'photos/notes.txt',
      'photos/.hidden.jpg',
    ]);
    const named = ODD.map((name) => `odd/${name}`);
    expect(await expand(named)).toEqual(named);
    expect(new Set(await expand(['odd']))).toEqual(new Set(named));
  });

  it('follows patterns where no file has that name', async () => {
    expect(await expand(['photos/*.jpg'])).toEqual(['photos/10.jpg']);
    expect(await expand(['photos/*'])).toEqual(['photos/1.webp', 'photos/2.JPG', 'photos/10.jpg']);
    expect(await expand(['photos/**/*.{png,heic}'])).toEqual(['photos/sub/b.png', 'photos/sub/deep/c.heic']);
    expect(await expand(['*.dat'])).toEqual(['odd.dat']);
    expect(await expand(['photos/*.gif'])).toEqual([
      'photos/*.gif !no such file, and as a pattern it matches no image',
    ]);
    expect(await expand(['photos/*.jpg'], { patterns: false })).toEqual(['photos/*.jpg !no such file']);
    expect(await expand(['broken*.jpg', 'broken.jpg'])).toEqual(['broken.jpg']);
  });

  it('comes to an end where links lead back', async () => {
    expect(await expand(['loop'], { recursive: true })).toEqual(['loop/a.jpg', 'loop/in/b.jpg']);
    expect(await expand(['loop/**/*.jpg'])).toEqual(['loop/a.jpg', 'loop/in/b.jpg']);
    symlinkSync('round.jpg', join(root, 'round.jpg'));
    expect(await expand(['round.jpg'])).toEqual(['round.jpg !is a symbolic link that leads back to itself']);
  });

  it('says when a folder has no images', async () => {
    expect(await expand(['photos/empty', 'none'])).toEqual([
      'photos/empty !is a folder without images',
      'none !is a folder without images (--recursive would look into its 1 subfolder)',
    ]);
    expect(await expand(['none'], { recursive: true })).toEqual(['none !is a folder without images']);
    expect(await expandImagePaths([])).toEqual([]);
    expect((await expandImagePaths([''])).map(({ error }) => error?.reason)).toEqual(['no such file']);
  });
});

describe('readPathList', () => {
  const read = (...chunks: (string | Uint8Array)[]): Promise<readonly string[]> =>
    readPathList(Readable.from(chunks, { objectMode: true }));

  it('refuses a picture in the place of a list', async () => {
    const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    await expect(read(picture)).rejects.toThrow('stdin: expected a list of paths, one a line, found a picture (JPEG)');
  });

  it('reads lines, whatever ends them and however they arrive', async () => {
    expect(await read('a.jpg\nb b', '.jpg\r\n\n', 'c.jpg')).toEqual(['a.jpg', 'b b.jpg', 'c.jpg']);
    const emoji = Buffer.from('😀.jpg\n');
    expect(await read(emoji.subarray(0, 2), emoji.subarray(2))).toEqual(['😀.jpg']);
    expect(await read()).toEqual([]);
  });

  it('reads names with line breaks between NUL characters', async () => {
    expect(await read('a\nb.jpg\0c.jpg\0')).toEqual(['a\nb.jpg', 'c.jpg']);
  });
});
