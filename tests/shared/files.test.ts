/** Files that are written whole: symbolic links stay, and what they lead to is written. */
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeFileAtomically } from '../../src/shared/files.js';
import { writeFilesTogether } from '../../src/training/files-together.js';

let folder: string;
/** Where links lead to. */
let elsewhere: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-test-'));
  elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32').each([
  ['to a file', 'there.txt'],
  ['to nothing yet', 'new.txt'],
  ['to another link', 'link.txt'],
])('a link %s is written through', async (_, name) => {
  await writeFile(join(elsewhere, 'there.txt'), 'before');
  await symlink('end.txt', join(elsewhere, 'link.txt')).catch(() => undefined);
  const path = join(folder, `to-${name}`);
  await symlink(join('elsewhere', name), path);
  await writeFileAtomically(path, 'after');
  expect(await readlink(path)).toBe(join('elsewhere', name));
  expect(await readFile(join(elsewhere, name), 'utf8')).toBe('after');
  expect((await lstat(join(elsewhere, name))).isSymbolicLink()).toBe(name === 'link.txt');
  expect((await readdir(folder)).concat(await readdir(elsewhere)).filter((one) => one.endsWith('.partial'))).toEqual(
    [],
  );
});

test.skipIf(process.platform === 'win32')('links among several files are written through too', async () => {
  const path = join(folder, 'model.txt');
  await symlink(join(elsewhere, 'model.txt'), path);
  await writeFilesTogether(folder, [{ name: 'model.txt', write: (to) => writeFile(to, 'weights') }]);
  expect(await readFile(join(elsewhere, 'model.txt'), 'utf8')).toBe('weights');
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
});

test.skipIf(process.platform === 'win32')(
  'a link that leads to no file is replaced, and what it leads to is not',
  async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const leads = { 'to-pipe': pipe, 'to-folder': elsewhere, itself: 'itself' };
    for (const [name, target] of Object.entries(leads)) {
      const path = join(folder, name);
      await symlink(target, path);
      await writeFileAtomically(path, 'after');
      expect((await lstat(path)).isFile()).toBe(true);
      expect(await readFile(path, 'utf8')).toBe('after');
    }
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect((await lstat(elsewhere)).isDirectory()).toBe(true);
  },
);
