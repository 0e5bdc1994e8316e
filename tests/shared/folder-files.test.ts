/** Walks through folders with links, hidden files and numbered names, and says what it found in which order. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesInFolder } from '../../src/shared/folder-files.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'looksay-folder-'));
  for (const folder of ['top/b/c', 'top/a', 'top/.hidden', 'beside'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['10.txt', '2.txt', 'a/1.txt', 'b/c/1.txt', 'b/1.txt', 'b/1.md', '.2.txt', '.hidden/1.txt']) {
    writeFileSync(join(root, 'top', file), file);
  }
  writeFileSync(join(root, 'beside/1.txt'), '');
  symlinkSync('../beside', join(root, 'top/linked'));
  symlinkSync('../beside', join(root, 'top/linked-again'));
  symlinkSync('..', join(root, 'top/b/up'));
  symlinkSync('gone.txt', join(root, 'top/nowhere.txt'));
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

function found(options: { recursive: boolean; outside?: readonly string[] }, folder = 'top'): readonly string[] {
  const isWanted = (name: string): boolean => name.endsWith('.txt');
  return filesInFolder(join(root, folder), { isWanted, ...options }).entries.map(({ path }) => relative(root, path));
}

describe('files in a folder', () => {
  test('come in natural order, those of the folder itself first, each folder once, whatever links lead to it', () => {
    expect(found({ recursive: true })).toEqual([
      'top/2.txt',
      'top/10.txt',
      'top/nowhere.txt',
      'top/a/1.txt',
      'top/b/1.txt',
      'top/b/c/1.txt',
      'top/linked/1.txt',
    ]);
  });

  test('are those of the folder alone where subfolders are not wanted, which are counted', () => {
    expect(found({ recursive: false })).toEqual(['top/2.txt', 'top/10.txt', 'top/nowhere.txt']);
    expect(filesInFolder(join(root, 'top'), { recursive: false, isWanted: () => true }).notEntered).toBe(4);
  });

  test('of folders that were ruled out are not found', () => {
    expect(found({ recursive: true, outside: [join(root, 'top')] }, 'top/b')).toEqual(['top/b/1.txt', 'top/b/c/1.txt']);
  });

  test('of a folder that is not there leave its error', () => {
    const { entries } = filesInFolder(join(root, 'missing'), { recursive: true, isWanted: () => true });
    expect(entries).toMatchObject([{ path: join(root, 'missing'), error: { code: 'ENOENT' } }]);
  });
});
