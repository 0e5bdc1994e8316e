/** The page of the worst captions: what is on it, and which folders it replaces. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ScoredPhoto } from '../../../src/tasks/caption/evaluate.js';
import { worstFirst, writeReport } from '../../../src/tasks/caption/report.js';
import { temporaryFolder, writePicture } from '../../helpers/tiny-captioner.js';

let folder: string;
let photos: ScoredPhoto[];

beforeAll(async () => {
  folder = await temporaryFolder();
  photos = [];
  for (const [index, colour] of ['red', 'green', 'blue'].entries()) {
    const image = join(folder, `${colour}.png`);
    await writePicture(image, colour);
    photos.push({ image, caption: `A <b>${colour}</b> & plain wall`, references: [`"${colour}"`], ciderD: 1 - index });
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the worst come first, as many as asked for', () => {
  expect(worstFirst(photos, 2).map(({ ciderD }) => ciderD)).toEqual([-1, 0]);
});

test('a folder with a page, small copies and nothing that a caption could smuggle in', async () => {
  const report = join(folder, 'report');
  await writeReport(photos, { folder: report, count: 2, overwrite: false });
  const page = await readFile(join(report, 'index.html'), 'utf8');
  expect(page).toContain('A &lt;b&gt;blue&lt;/b&gt; &amp; plain wall');
  expect(page).not.toContain('<b>');
  expect(page.indexOf('blue')).toBeLessThan(page.indexOf('green'));
  expect(page).not.toContain('red.png');
  expect(await readdir(join(report, 'photos'))).toEqual(['0001.jpg', '0002.jpg']);
  expect((await sharp(join(report, 'photos/0001.jpg')).metadata()).format).toBe('jpeg');
});

test('a folder that exists is refused, and replaced when asked; nothing else is left behind', async () => {
  const report = join(folder, 'report');
  await expect(writeReport(photos, { folder: report, count: 3, overwrite: false })).rejects.toThrow('--overwrite');
  await writeFile(join(report, 'photos/9999.jpg'), '');
  await writeReport(photos, { folder: report, count: 3, overwrite: true });
  expect(existsSync(join(report, 'photos/9999.jpg'))).toBe(false);
  await writeFile(join(report, 'notes.txt'), 'mine');
  await expect(writeReport(photos, { folder: report, count: 3, overwrite: true })).rejects.toThrow('it has notes.txt');
  await rm(join(report, 'notes.txt'));
  await writeReport(photos, { folder: `${report}/`, count: 1, overwrite: true });
  expect(await readdir(join(report, 'photos'))).toHaveLength(1);
  expect((await readdir(folder)).filter((name) => name.startsWith('report') || name.startsWith('.'))).toEqual([
    'report',
  ]);
});

test.each(['.', 'photos'])('what is no report is never replaced: a file of the user in %s', async (place) => {
  const own = join(await temporaryFolder(), 'own');
  await mkdir(join(own, place), { recursive: true });
  await writeFile(join(own, place, 'holiday.jpg'), 'precious');
  const replaced = writeReport(photos, { folder: own, count: 3, overwrite: true });
  await expect(replaced).rejects.toThrow('is no report');
  expect(await readFile(join(own, place, 'holiday.jpg'), 'utf8')).toBe('precious');
});

test('a photo that cannot be decoded is said to be so', async () => {
  const broken = join(folder, 'broken.png');
  await writeFile(broken, 'no picture');
  const report = join(folder, 'report-2');
  const photo = { image: broken, caption: 'A wall.', references: ['A wall.'], ciderD: 0 };
  await writeReport([photo], { folder: report, count: 5, overwrite: false });
  expect(await readFile(join(report, 'index.html'), 'utf8')).toContain('cannot be shown');
});
