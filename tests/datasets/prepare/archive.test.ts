/** Archives as publishers give them (tar, zip, folders), and hostile ones, whose entries may not leave the output. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openArchive, safeName } from '../../../src/datasets/prepare/archive/index.js';
import { messageOf } from '../../../src/shared/errors.js';
import { type ArchiveFiles, tarOf, writeTar, writeZip } from '../../helpers/archives.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

let folder: string;

const at = (...parts: string[]): string => join(folder, ...parts);

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const FILES: ArchiveFiles = { 'set/a.txt': 'first', 'set/deep/b.txt': 'second '.repeat(30_000), 'set/empty.txt': '' };

async function writeFolder(path: string, files: ArchiveFiles): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return path;
}

interface Found {
  readonly files: Record<string, string>;
  readonly problems: string[];
  readonly bytes: number;
}

/** What is in an archive; of names in `passed`, nothing is read. */
async function contentsOf(path: string, passed: readonly string[] = []): Promise<Found> {
  const files: Record<string, string> = {};
  const problems: string[] = [];
  let bytes = 0;
  const archive = await openArchive(path, at('unpacked'));
  const options = {
    report: (_: string, message: string) => void problems.push(message),
    onRead: (count: number) => void (bytes += count),
  };
  for await (const entry of archive.entries(options)) {
    if (passed.includes(entry.name)) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry.read()) chunks.push(chunk);
    files[entry.name] = Buffer.concat(chunks).toString();
    expect(files[entry.name]).toHaveLength(entry.size);
  }
  return { files, problems, bytes };
}

describe('an archive', () => {
  test.each(['x.zip', 'x.tar', 'x.tar.gz', 'x'])('%s gives its files with their bytes', async (name) => {
    const path = join(folder, name);
    if (name.endsWith('.zip')) await writeZip(path, FILES);
    else if (name === 'x') await writeFolder(path, FILES);
    else await writeTar(path, FILES);
    expect(await contentsOf(path)).toMatchObject({ files: FILES, problems: [] });
    const { files } = await contentsOf(path, ['set/a.txt', 'set/deep/b.txt']);
    expect(files).toEqual({ 'set/empty.txt': '' });
  });

  test('is told by what it holds, not by its name', async () => {
    await writeZip(join(folder, 'photos.dat'), FILES);
    await writeTar(join(folder, 'photos.gz'), FILES);
    expect((await contentsOf(join(folder, 'photos.dat'))).files).toEqual(FILES);
    expect((await contentsOf(join(folder, 'photos.gz'))).files).toEqual(FILES);
    await writeFile(join(folder, 'tweets.csv'), 'a,b\n');
    expect((await contentsOf(join(folder, 'tweets.csv'))).files).toEqual({ 'tweets.csv': 'a,b\n' });
  });

  test.skipIf(process.platform === 'win32')('in rar is unpacked by unrar, once', async () => {
    await writeFolder(at('tools'), {
      unrar: '#!/bin/sh\nfor to; do :; done\n[ "$FAIL" = 1 ] && exit 3\necho first > "$to/a.txt"\necho run >> "$LOG"\n',
    });
    await chmod(at('tools', 'unrar'), 0o755);
    await writeFile(at('x.rar'), 'Rar!\x1a\x07\x01\x00');
    vi.stubEnv('PATH', `${at('tools')}:${process.env['PATH']}`);
    vi.stubEnv('LOG', at('log'));
    vi.stubEnv('FAIL', '1');
    await expect(contentsOf(at('x.rar'))).rejects.toThrow(/unrar ended with 3/);
    vi.stubEnv('FAIL', '0');
    for (const _ of [1, 2]) expect((await contentsOf(at('x.rar'))).files).toEqual({ 'a.txt': 'first\n' });
    expect(await readFile(at('log'), 'utf8')).toBe('run\n');
    await rm(at('unpacked'), { recursive: true });
    vi.stubEnv('PATH', at('nothing'));
    await expect(contentsOf(at('x.rar'))).rejects.toThrow(/install unrar or bsdtar, or unpack it/);
    vi.unstubAllEnvs();
  });

  test.each(['x.zip', 'x.tar', 'x.tar.gz'])('%s is given whole to one who reads it slowly', async (name) => {
    const sizes = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}.bin`, 5_000 + index]));
    const files = Object.fromEntries(Object.entries(sizes).map(([file, size]) => [file, randomBytes(size)]));
    const path = join(folder, name);
    await (name.endsWith('.zip') ? writeZip(path, files) : writeTar(path, files));
    const archive = await openArchive(path, at('unpacked'));
    const found: Record<string, number> = {};
    for await (const entry of archive.entries({ report: () => undefined })) {
      let bytes = 0;
      for await (const chunk of entry.read()) bytes += chunk.length;
      found[entry.name] = bytes;
      await setTimeout(5); // The file is read to its end meanwhile, and closed.
    }
    expect(found).toEqual(sizes);
  });

  test('can be left before its end', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.txt`, 'text '.repeat(2000)]));
    for (const path of [await writeZip(join(folder, 'x.zip'), many), await writeTar(join(folder, 'x.tgz'), many)]) {
      const archive = await openArchive(path, folder);
      for await (const entry of archive.entries({ report: () => undefined })) {
        for await (const chunk of entry.read()) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
        if (entry.name === '3.txt') break;
      }
    }
  });

  test('tells how much of it was gone through', async () => {
    const path = await writeTar(join(folder, 'x.tar'), FILES);
    expect((await contentsOf(path)).bytes).toBe((await readFile(path)).length);
  });
});

describe('a hostile archive', () => {
  const OUTSIDE = ['../evil.txt', 'a/../../evil.txt', '/etc/evil.txt', 'C:\\evil.txt', '..\\evil.txt', 'a\0b'];

  test.each([...OUTSIDE, '', '.', 'x'.repeat(201), 'line\nbreak'])('no path is made of %j', (name) => {
    expect(safeName(name)).toBeUndefined();
  });

  test('names that are safe are put in one form', () => {
    expect(safeName('./a//b\\c.jpg')).toBe('a/b/c.jpg');
    expect(safeName('a/..b/c..jpg')).toBe('a/..b/c..jpg');
  });

  test('tar: names that lead out and links are reported and left out, the rest is read', async () => {
    const path = join(folder, 'x.tar');
    await writeFile(
      path,
      tarOf([
        ...OUTSIDE.slice(0, 4).map((name) => ({ name, content: 'evil' })),
        { name: 'passwd', type: 'SymbolicLink', link: '/etc/passwd' },
        { name: 'hard', type: 'Link', link: 'good.txt' },
        { name: 'folder/', type: 'Directory' },
        { name: 'good.txt', content: 'good' },
        { name: '__MACOSX/._good.txt', content: 'junk' },
        { name: '.DS_Store', content: 'junk' },
      ]),
    );
    const { files, problems } = await contentsOf(path);
    expect(files).toEqual({ 'good.txt': 'good' });
    expect(problems).toHaveLength(6);
    expect(problems.slice(0, 4).join()).toMatch(/(leads out of the folder.*){4}/);
    expect(problems[4]).toContain('"passwd" is a SymbolicLink');
  });

  test('zip: the same', async () => {
    const bytes = await readFile(await writeZip(join(folder, 'x.zip'), { 'aa/evil.txt': 'evil', 'good.txt': 'good' }));
    // yazl would not write such a name.
    await writeFile(join(folder, 'x.zip'), bytes.toString('latin1').replaceAll('aa/evil', '../evil'), 'latin1');
    const { files, problems } = await contentsOf(join(folder, 'x.zip'));
    expect(files).toEqual({ 'good.txt': 'good' });
    expect(problems.join()).toMatch(/^"\.\.\/evil.txt" leads out/);
    const links = await writeZip(join(folder, 'links.zip'), { passwd: '/etc/passwd' }, 0o120777);
    expect(await contentsOf(links)).toMatchObject({ files: {}, problems: [expect.stringContaining('is a link')] });
  });

  test('a folder: links are not followed', async () => {
    await writeFolder(join(folder, 'x'), FILES);
    await symlink('/etc', join(folder, 'x', 'etc'));
    await symlink('/etc/passwd', join(folder, 'x', 'passwd.txt'));
    const { files, problems } = await contentsOf(join(folder, 'x'));
    expect(files).toEqual(FILES);
    expect(problems).toHaveLength(2);
  });

  test('zip: a file that is longer than it says is refused, and one whose bytes changed', async () => {
    const bytes = await readFile(await writeZip(join(folder, 'x.zip'), { 'a.txt': 'a'.repeat(5000) }));
    const directory = bytes.indexOf('PK\x01\x02', 0, 'latin1');
    const size = Buffer.from(bytes);
    size.writeUInt32LE(100, directory + 24);
    const sum = Buffer.from(bytes);
    sum.writeUInt32LE(1, directory + 16);
    await writeFile(join(folder, 'size.zip'), size);
    await writeFile(join(folder, 'sum.zip'), sum);
    await expect(contentsOf(join(folder, 'size.zip'))).rejects.toThrow(/damaged in the archive/);
    await expect(contentsOf(join(folder, 'sum.zip'))).rejects.toThrow(/checksum does not match/);
  });

  test.each(['x.zip', 'x.tar', 'x.tar.gz'])('%s that was cut short is an error, and nobody waits', async (name) => {
    const random = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`${i}.bin`, Array.from({ length: 900 }, () => Math.random()).join()]),
    );
    const path = join(folder, name);
    await (name.endsWith('.zip') ? writeZip(path, random) : writeTar(path, random));
    const bytes = await readFile(path);
    for (const share of [0.1, 0.5, 0.9]) {
      await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
      const faultOf = (passed?: string[]): Promise<string> =>
        contentsOf(path, passed).then(
          ({ files }) => `none, ${Object.keys(files).length} files`,
          (error: unknown) => messageOf(error),
        );
      expect(await faultOf()).toMatch(/cut short|damaged/);
      expect(await faultOf(Object.keys(random))).toMatch(/cut short or damaged/);
    }
  });

  test('what cannot be read is said with what to do', async () => {
    await writeFile(join(folder, 'one.gz'), gzipSync('just a text'.repeat(100)));
    await expect(contentsOf(join(folder, 'one.gz'))).rejects.toThrow(/is no tar archive/);
    await writeFile(join(folder, 'x.7z'), Buffer.from('7z\xbc\xaf\x27\x1c....', 'latin1'));
    await expect(contentsOf(join(folder, 'x.7z'))).rejects.toThrow(/is a 7z archive; unpack it/);
    await expect(contentsOf(join(folder, 'none'))).rejects.toThrow(/no such file or folder/);
  });
});
