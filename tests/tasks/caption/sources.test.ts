/** How photos are parted into those to train on and those to validate on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTrainingData } from '../../../src/tasks/caption/sources.js';

const folder = mkdtempSync(join(tmpdir(), 'looksay-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sourceOf(name: string, photos: number): { readonly images: string; readonly captions: string } {
  const names = Array.from({ length: photos }, (_, index) => `${index}.jpg`);
  for (const photo of names) writeFileSync(join(folder, photo), '');
  const captions = join(folder, name);
  writeFileSync(captions, `image,caption\n${names.map((photo) => `${photo},${name} of ${photo}\n`).join('')}`);
  return { images: folder, captions };
}

test('what two sources say of one photo is on one side', async () => {
  const sources = [sourceOf('a.csv', 20), sourceOf('b.csv', 20)];
  const { train, validation } = await readTrainingData({ sources, validation: [], strict: true, seed: 1 });
  const seen = new Set(train.map(({ image }) => image));
  expect([train.length, validation.length]).toEqual([36, 4]);
  expect(validation.filter(({ image }) => seen.has(image))).toEqual([]);
});

test.each([
  [2, 1],
  [3, 2],
  [11, 2],
  [40, 4],
])('of %i photos %i are held out', async (photos, heldOut) => {
  const sources = [sourceOf('a.csv', photos)];
  const { validation } = await readTrainingData({ sources, validation: [], strict: true, seed: 1 });
  expect(validation).toHaveLength(heldOut);
});
