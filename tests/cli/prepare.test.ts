/** `looksay prepare`: what is asked for reaches the preparation, and what makes no sense is refused before anything is read. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeZip } from '../helpers/archives.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';
import { run } from './run.js';

test.each([
  [[], 'name the set to prepare'],
  [['flickr8k'], '--output: is required'],
  [['flickr9k', 'x', '--output', 'y'], 'no such set; there are flickr8k, flickr30k, coco'],
  [['coco', '--output', '/tmp/looksay-none'], 'name the sources: annotations_trainval2017.zip'],
  [['coco', 'x', '--output', 'y', '--train', 'many'], '--train: expected a number, got "many"'],
  [['coco', 'x', '--output', 'y', '--train', '1.5'], '--train: expected a whole number from 0 on, got 1.5'],
  [['coco', 'x', '--output', 'y', '--column', 'a'], '--column: means nothing for coco'],
  [['ucf101', 'x', '--output', 'y', '--split', '4'], '--split: expected a whole number from 1 to 3, got 4'],
  [['ucf101', 'x', '--output', 'y', '--classes', ' ,'], '--classes: expected names with commas between them'],
  [['corpus', 'x', '--output', 'y', '--output', 'z'], '--output: given 2 times'],
  [['coco', 'x', '--output', 'y', '--what'], 'unknown argument --what (see looksay prepare --help)'],
])('wrong usage: %j', async (argv, message) => {
  expect(await run(['prepare', ...argv])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining(message) as string,
  });
});

test('a set of several sources, also after --; stdin is none', async () => {
  const folder = await temporaryFolder();
  const sources = [
    await writeZip(join(folder, 'one.zip'), { 'a.txt': 'some text\n' }),
    await writeZip(join(folder, 'two.zip'), { 'b.txt': 'more of it\n' }),
  ] as const;
  const output = join(folder, 'out');
  const { code, out, err } = await run(['prepare', 'corpus', sources[0], '--output', output, '--', sources[1]]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ set: 'corpus', parts: { all: { files: 2, characters: 21 } } });
  expect(err).toContain(`next: looksay train text --text ${output}`);
  expect(await run(['prepare', 'corpus', '-', '--output', output])).toMatchObject({
    code: 1,
    err: expect.stringContaining('-: no such file or folder') as string,
  });
  await rm(folder, { recursive: true, force: true });
});

test('where nothing is left to prepare, it is said why', async () => {
  const folder = await temporaryFolder();
  const text = join(folder, 'latin1.txt');
  await writeFile(text, Buffer.from('caf\u00e9\n', 'latin1'));
  const output = join(folder, 'out');
  expect(await run(['prepare', 'corpus', text, '--output', output, '--quiet'])).toEqual({
    code: 1,
    out: '',
    err: `warning: ${text}: is not valid UTF-8; left out\nlooksay: no text file in the sources that is UTF-8\n`,
  });
  await rm(folder, { recursive: true, force: true });
});
