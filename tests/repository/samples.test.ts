/** The sample photos: each has its author, source and licence. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('every sample photo has a row with author, source and licence, and every row a photo', () => {
  const folder = new URL('../../datasets/samples/', import.meta.url);
  const rows = readFileSync(new URL('README.md', folder), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /\.(jpg|png)$/.test(cells[1] ?? ''));
  const photos = readdirSync(folder).filter((name) => name !== 'README.md' && name !== 'clips');
  expect(rows.map(([, name]) => name).sort()).toEqual(photos.sort());
  expect(photos.length).toBeGreaterThanOrEqual(12);
  for (const [, , author, source, licence] of rows) {
    expect(author).not.toBe('');
    expect(source).not.toBe('');
    expect(licence).toMatch(/CC0|CC BY|public domain/);
  }
});
