/** What extraction does about archives that mean harm, and about what is left of runs that were killed. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openArchive } from '../../../src/datasets/prepare/archive/index.js';
import {
  type Extracted,
  extract,
  type ExtractOptions,
  removeAbandoned,
  requireRoom,
} from '../../../src/datasets/prepare/extract.js';
import { type ArchiveFiles, tarOf, writeTar, writeZip } from '../../helpers/archives.js';
import { filesBelow } from '../../helpers/preparation.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

let folder: string;
let problems: string[];

const at = (...parts: string[]): string => join(folder, ...parts);

beforeEach(async () => {
  folder = await temporaryFolder();
  problems = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function extractFrom(path: string, options: Partial<ExtractOptions> = {}): Promise<Extracted> {
  return extract({
    archives: [await openArchive(path, folder)],
    report: (_, message) => void problems.push(message),
    ...{ folder: at('out'), label: 'files', limitBytes: 1000, place: ({ name }) => name },
    ...options,
  });
}

const written = async (): Promise<ArchiveFiles> => filesBelow(at('out'));

test('files that are longer than allowed are left out, and nothing of them is unpacked', async () => {
  const long = Buffer.alloc(5_000_000, 'text');
  const zip = await writeZip(at('x.zip'), { 'long.txt': long, 'good.txt': 'good' });
  const { placed, refused } = await extractFrom(zip);
  expect({ placed: [...placed], refused }).toEqual({ placed: ['good.txt'], refused: 1 });
  expect(await written()).toEqual({ 'good.txt': 'good' });
  const tar = await writeTar(at('x.tar'), { 'long.txt': long, 'later.txt': 'good' });
  await extractFrom(tar);
  expect(await written()).toEqual({ 'good.txt': 'good', 'later.txt': 'good' });
  expect(problems).toEqual(Array(2).fill('has 5000000 bytes; at most 1000 are taken; left out'));
});

test('a gzipped archive that unpacks to far more than it has is given up', async () => {
  const bomb = await writeTar(at('bomb.tgz'), { 'zeros.txt': Buffer.alloc(40_000_000) });
  await expect(extractFrom(bomb, { limitBytes: 1e9 })).rejects.toThrow(/decompression ratio exceeded/);
  expect(await written()).toEqual({});
});

test('a file that is damaged is left out without a trace, the others are taken', async () => {
  const bytes = await readFile(await writeZip(at('x.zip'), { 'bad.txt': 'bad', 'good.txt': 'good' }));
  bytes.writeUInt32LE(1, bytes.indexOf('PK\x01\x02', 0, 'latin1') + 16); // its checksum
  await writeFile(at('x.zip'), bytes);
  const { refused } = await extractFrom(at('x.zip'));
  expect(refused).toBe(1);
  expect(await written()).toEqual({ 'good.txt': 'good' });
  expect(problems.join()).toContain('checksum');
});

test('of an archive that was cut short, what came before stays', async () => {
  const tar = await readFile(await writeTar(at('x.tar'), { 'a.txt': 'a', 'b.txt': 'b'.repeat(900) }));
  await writeFile(at('x.tar'), tar.subarray(0, 2000));
  await expect(extractFrom(at('x.tar'))).rejects.toThrow(/x.tar: .*cut short or damaged.*get it again/);
  expect(await written()).toEqual({ 'a.txt': 'a' });
});

test('names that contradict each other', async () => {
  const tar = tarOf(['a', 'a/b', 'c/d', 'c', 'a', 'e'].map((name) => ({ name, content: `of ${name}` })));
  await writeFile(at('x.tar'), tar);
  await extractFrom(at('x.tar'));
  expect(await written()).toEqual({ a: 'of a', 'c/d': 'of c/d', e: 'of e' });
  expect(problems.map((problem) => problem.replace(/^.*(where|which)/, '$1')).sort()).toEqual([
    'where a file is in the way of a folder; left out',
    'where a folder is in the way; left out',
    'which is kept; left out',
  ]);
});

test('what fails the check is left out; what is there already is neither written nor checked again', async () => {
  const zip = await writeZip(at('x.zip'), { 'a.txt': 'good', 'b.txt': 'evil', 'c.txt': 'fine' });
  await mkdir(at('out'));
  await writeFile(at('out', 'c.txt'), 'FINE');
  const checked: string[] = [];
  const check = async (path: string): Promise<string | undefined> => {
    const text = await readFile(path, 'utf8');
    checked.push(text);
    return text === 'evil' ? 'is evil' : undefined;
  };
  const { reused, refused } = await extractFrom(zip, { check });
  expect({ reused, refused, checked: checked.sort() }).toEqual({ reused: 1, refused: 1, checked: ['evil', 'good'] });
  expect(await written()).toEqual({ 'a.txt': 'good', 'c.txt': 'FINE' });
  await extractFrom(zip, { check, reuse: false });
  expect((await written())['c.txt']).toBe('fine');
});

test('an output that cannot be written is an error that says so', async () => {
  const zip = await writeZip(at('x.zip'), { 'a.txt': 'a' });
  await writeFile(at('out'), 'a file');
  await expect(extractFrom(zip, { folder: at('out', 'deep') })).rejects.toThrow(/cannot be written/);
});

test('more than the disk has room for is not begun', async () => {
  await expect(requireRoom(folder, 1e18)).rejects.toThrow(/1000000000000 MB are to be unpacked/);
  await requireRoom(folder, 1);
});

test('what a process that is no more left behind is removed, what is being written is not', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const names = { gone: `a.${pid}-0123abcd.partial`, running: `b.${process.ppid}-0123abcd.partial`, done: 'c.partial' };
  await mkdir(at('deep'));
  for (const name of Object.values(names)) await writeFile(at('deep', name), 'x');
  await removeAbandoned(folder);
  expect(existsSync(at('deep', names.gone))).toBe(false);
  expect(existsSync(at('deep', names.running))).toBe(true);
  expect(existsSync(at('deep', names.done))).toBe(true);
});
