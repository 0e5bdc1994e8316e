/** Files of results: written whole or gone on with, replaced only when asked, and never lost to a full disk. */
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Files from '../../src/shared/files.js';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';
import { jsonLines, run, type Run } from './run.js';

/** Whether the disk is full for files that are written as a whole. */
const disk = vi.hoisted(() => ({ full: false }));

vi.mock('../../src/shared/files.js', async (load) => {
  const files = await load<typeof Files>();
  const writeFileAtomically: typeof files.writeFileAtomically = (path, chunks) =>
    disk.full
      ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))
      : files.writeFileAtomically(path, chunks);
  return { ...files, writeFileAtomically };
});

let checkpoint: string;
let folder: string;
let output: string;

beforeAll(async () => {
  checkpoint = await saveTinyCaptioner();
});

beforeEach(async () => {
  disk.full = false;
  folder = await temporaryFolder();
  output = join(folder, 'out.jsonl');
  await writePicture(join(folder, 'a.png'), 'red');
  await writePicture(join(folder, 'b.png'), 'green');
  await writePicture(join(folder, 'c.png'), 'blue');
});

const caption = (...rest: string[]): Promise<Run> =>
  run(['caption', '--checkpoint', checkpoint, '--beam-width', '2', ...rest]);

const namesIn = (text: string): string[] => jsonLines(text).map(({ image }) => image.slice(folder.length + 1));

describe('an output file', () => {
  test('an existing one is refused, replaced or completed', async () => {
    expect((await caption(folder, '--output', output)).code).toBe(0);
    const first = await readFile(output, 'utf8');
    const refused = await caption(folder, '--output', output);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('exists already');
    expect((await caption(folder, '--output', output, '--overwrite')).code).toBe(0);
    expect(await readFile(output, 'utf8')).toBe(first);
    await writePicture(join(folder, 'aa.png'), 'white');
    expect((await caption(folder, '--output', output, '--skip-done')).code).toBe(0);
    expect(namesIn(await readFile(output, 'utf8'))).toEqual(['a.png', 'aa.png', 'b.png', 'c.png']);
  });

  test.skipIf(process.platform === 'win32')('a link stays, and what it leads to is replaced', async () => {
    const file = join(folder, 'elsewhere.jsonl');
    await writeFile(file, 'before\n');
    await symlink(file, output);
    expect((await caption(folder, '--output', output, '--overwrite')).code).toBe(0);
    expect(await readlink(output)).toBe(file);
    expect(namesIn(await readFile(file, 'utf8'))).toEqual(['a.png', 'b.png', 'c.png']);
  });

  test('a folder is refused before anything is captioned', async () => {
    for (const option of ['--overwrite', '--skip-done']) {
      const { code, err } = await caption(folder, '--output', folder, option);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is a folder') as string });
    }
    expect(existsSync(`${folder}.partial`)).toBe(false);
  });

  test.each(['jsonl', 'csv', 'text'])('--skip-done keeps what an interrupted run wrote (%s)', async (format) => {
    output = join(folder, 'out');
    const options = ['--output', output, '--format', format];
    expect((await caption(folder, ...options)).code).toBe(0);
    const whole = await readFile(output, 'utf8');
    // As if the run had ended in the middle of the second line.
    const secondLine = whole.indexOf('\n', whole.indexOf('a.png')) + 1;
    await writeFile(`${output}.partial`, whole.slice(0, secondLine + 9).replace('.\n', '. (kept)\n'));
    await rm(output);
    const again = await caption(folder, ...options, '--skip-done');
    expect(again.code).toBe(0);
    expect(existsSync(`${output}.partial`)).toBe(false);
    expect((await readFile(output, 'utf8')).replace(' (kept)', '')).toBe(whole);
  });

  test('a device is not replaced by a file, and - is no file', async () => {
    const device = await caption(folder, '--output', '/dev/null', '--overwrite');
    expect(device).toMatchObject({ code: 2, err: expect.stringContaining('/dev/null: is a device') as string });
    const hyphen = await caption(folder, '--output', '-');
    expect(hyphen).toMatchObject({ code: 2, err: expect.stringContaining('stdout') as string });
  });

  test('what could not be written is said, and nothing is left under the final name', async () => {
    const blocked = join(folder, 'a.png', 'out.jsonl');
    const { code, err } = await caption(folder, '--output', blocked);
    expect(code).toBe(1);
    expect(err).toContain('cannot be written');
  });
});

describe('an unfinished part', () => {
  test('is refused, gone on with, or begun again', async () => {
    expect((await caption(folder, '--output', output)).code).toBe(0);
    const whole = await readFile(output, 'utf8');
    const first = whole.slice(0, whole.indexOf('\n') + 1);
    await rm(output);
    await writeFile(`${output}.partial`, first);
    const refused = await caption(folder, '--output', output);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('unfinished');
    expect(await readFile(`${output}.partial`, 'utf8')).toBe(first);
    expect((await caption(folder, '--output', output, '--overwrite')).code).toBe(0);
    expect(await readFile(output, 'utf8')).toBe(whole);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test.each([
    ['cut within a quoted name with a line break', 'line\nbreak.png', (text: string) => text.lastIndexOf('break') + 2],
    ['cut within its first line', 'd.png', (text: string) => text.indexOf('\n') - 3],
  ])('as CSV, %s, loses no other line', async (_, name, cutAt) => {
    output = join(folder, 'out.csv');
    await writePicture(join(folder, name), 'white');
    expect((await caption(folder, '--output', output)).code).toBe(0);
    const whole = await readFile(output, 'utf8');
    await rm(output);
    await writeFile(`${output}.partial`, whole.slice(0, cutAt(whole)));
    expect((await caption(folder, '--output', output, '--skip-done')).code).toBe(0);
    expect(await readFile(output, 'utf8')).toBe(whole);
  });

  test('is not left behind by a run that wrote nothing', async () => {
    const { code } = await run(['caption', folder, '--checkpoint', join(folder, 'nowhere'), '--output', output]);
    expect(code).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(['a.png', 'b.png', 'c.png']);
  });

  test('stays after an interruption, and the next run goes on with it', async () => {
    const controller = new AbortController();
    const argv = ['caption', folder, '--checkpoint', checkpoint, '--batch-size', '1', '--output', output];
    const watch = setInterval(() => existsSync(`${output}.partial`) && controller.abort(), 1);
    const stopped = await run(argv, { signal: controller.signal });
    clearInterval(watch);
    expect(stopped.code).toBe(130);
    expect(existsSync(output)).toBe(false);
    expect((await run([...argv, '--skip-done'])).code).toBe(0);
    expect(namesIn(await readFile(output, 'utf8'))).toEqual(['a.png', 'b.png', 'c.png']);
  });
});

describe('--skip-done', () => {
  test('leaves a file in another format alone', async () => {
    for (const [text, format] of [
      ['image,caption,logProbability,error\n', 'jsonl'],
      ['{"image":"a.png","caption":"A."}\n', 'text'],
      ['a.png\tA.\n', 'csv'],
      ['notes', 'jsonl'],
    ] as const) {
      await writeFile(output, text);
      const { code, err } = await caption(folder, '--output', output, '--skip-done', '--format', format);
      expect(code).toBe(2);
      expect(err).toContain('--format');
      expect(await readFile(output, 'utf8')).toBe(text);
    }
  });

  test('tries again what failed', async () => {
    await writeFile(join(folder, 'b.png'), '');
    const { code, err } = await caption(folder, '--output', output);
    expect(code).toBe(1);
    expect(err).toContain(`1 of 3 could not be done; ${output} says why\n`);
    expect(jsonLines(await readFile(output, 'utf8'))[1]?.error).toBeTruthy();
    await writePicture(join(folder, 'b.png'), 'green');
    const again = await caption(folder, '--output', output, '--skip-done');
    expect(again).toMatchObject({ code: 0, err: expect.stringContaining(`${output}: has 2 of 3 already\n`) as string });
    expect(jsonLines(await readFile(output, 'utf8')).every((line) => line.caption !== undefined)).toBe(true);
  });

  test('says that nothing is left to do, and loads no model for it', async () => {
    expect((await caption(folder, '--output', output)).code).toBe(0);
    const before = await readFile(output, 'utf8');
    const argv = ['caption', folder, '--output', output, '--skip-done', '--checkpoint', join(folder, 'nowhere')];
    expect(await run(argv)).toEqual({ code: 0, out: '', err: `${output}: has 3 of 3 already\n` });
    expect(await run([...argv, '--quiet'])).toEqual({ code: 0, out: '', err: '' });
    expect(await readFile(output, 'utf8')).toBe(before);
  });
});

describe.each(['jsonl', 'csv', 'text'])('--skip-done as %s', (format) => {
  test('knows a file by where it is, not by how it is written', async () => {
    const argv = ['--output', output, '--format', format];
    await writePicture(join(folder, 'tab\t.png'), 'white');
    await writeFile(join(folder, 'b.png'), '');
    expect((await caption(folder, ...argv)).code).toBe(1);
    const linesOf = (text: string): string[] => text.trim().split('\n');
    const before = linesOf(await readFile(output, 'utf8'));
    await writePicture(join(folder, 'b.png'), 'green');
    const spelled = relative('.', folder);
    expect((await caption(spelled, ...argv, '--skip-done')).code).toBe(0);
    const after = await readFile(output, 'utf8');
    const changed = linesOf(after).filter((line) => !before.includes(line));
    expect(changed).toEqual([expect.stringContaining(`${spelled}/b.png`)]);
    expect(linesOf(after)).toHaveLength(before.length);
    await symlink(folder, `${folder}-link`);
    for (const other of [`${folder}/.`, `${folder}-link`]) {
      expect((await caption(other, ...argv, '--skip-done')).code).toBe(0);
      expect(await readFile(output, 'utf8')).toBe(after);
    }
  });

  test('keeps the lines, errors too, of images that are not asked for', async () => {
    await writeFile(join(folder, 'b.png'), '');
    expect((await caption(folder, '--output', output, '--format', format)).code).toBe(1);
    const before = await readFile(output, 'utf8');
    const argv = ['--output', output, '--skip-done', '--format', format];
    expect((await caption(join(folder, 'a.png'), ...argv)).code).toBe(0);
    expect(before).toContain('b.png');
    expect(await readFile(output, 'utf8')).toBe(before);
    // Asked for, it is tried again and its line replaced.
    await writePicture(join(folder, 'b.png'), 'green');
    expect((await caption(folder, ...argv)).code).toBe(0);
    const after = await readFile(output, 'utf8');
    expect(after).not.toContain('is empty');
    expect(after.split('\n').length).toBe(before.split('\n').length);
  });
});

describe('a full disk', () => {
  test('at the last write: said, exit code 1, nothing lost', async () => {
    disk.full = true;
    const { code, err } = await caption(folder, '--output', output);
    expect(code).toBe(1);
    expect(err).toContain('the disk is full');
    expect(err).toContain('--skip-done');
    expect(existsSync(output)).toBe(false);
    expect(namesIn(await readFile(`${output}.partial`, 'utf8'))).toEqual(['a.png', 'b.png', 'c.png']);
    // Still full: what is there stays.
    expect((await caption(folder, '--output', output, '--skip-done')).code).toBe(1);
    expect(namesIn(await readFile(`${output}.partial`, 'utf8'))).toEqual(['a.png', 'b.png', 'c.png']);
    disk.full = false;
    expect((await caption(folder, '--output', output, '--skip-done')).code).toBe(0);
    expect(namesIn(await readFile(output, 'utf8'))).toEqual(['a.png', 'b.png', 'c.png']);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  test.skipIf(!existsSync('/dev/full'))('at a line in between', async () => {
    await symlink('/dev/full', `${output}.partial`);
    const { code, err } = await caption(folder, '--output', output, '--overwrite');
    expect(code).toBe(1);
    expect(err).toContain('the disk is full');
    expect(existsSync(output)).toBe(false);
  });
});
