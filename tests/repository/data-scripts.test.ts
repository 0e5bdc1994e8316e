/** The scripts about data sets run on the build. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { writeZip } from '../helpers/archives.js';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.skipIf(!existsSync(join(root, 'dist/cli/commands/prepare.js')))('the script prepares a set', async () => {
  const folder = await temporaryFolder();
  const run = (...argv: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [join(root, 'scripts/prepare-data.mjs'), ...argv], { encoding: 'utf8' });
  const archive = await writeZip(join(folder, 'x.zip'), { 'a.txt': 'some text\n' });
  const { status, stdout, stderr } = run('corpus', archive, '--output', join(folder, 'out'));
  expect(status).toBe(0);
  expect(JSON.parse(String(stdout))).toMatchObject({ set: 'corpus', parts: { all: { files: 1, characters: 10 } } });
  expect(stderr).toContain('next: looksay train text');
  expect(run('corpus', join(folder, 'none'), '--output', join(folder, 'out')).status).toBe(1);
  expect(run('corpus').status).toBe(2);
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(!existsSync(join(root, 'dist/tasks/caption/near-duplicates.js')))(
  'the script finds near duplicates',
  async () => {
    const folder = await temporaryFolder();
    for (const [name, colour] of [
      ['a', 'red'],
      ['b', 'red'],
      ['c', 'blue'],
    ] as const)
      await writePicture(join(folder, `${name}.png`), colour);
    for (const [list, photos] of [
      ['train', 'a.png\nc.png\n'],
      ['val', 'b.png\n'],
    ] as const) {
      await writeFile(join(folder, `${list}.txt`), photos);
    }
    await writeFile(join(folder, 'captions.csv'), 'image,caption\na.png,red\nb.png,red\nc.png,blue\n');
    const run = (...argv: string[]): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [join(root, 'scripts/near-duplicates.mjs'), '--images', folder, ...argv], {
        encoding: 'utf8',
        env: { ...process.env, LOOKSAY_CACHE: join(folder, 'cache') },
      });
    const checkpoint = await saveTinyCaptioner();
    const given = ['--captions', join(folder, 'captions.csv'), '--splits', folder, '--checkpoint', checkpoint];
    const { status, stdout, stderr } = run(...given, '--threshold', '0.9999', '--threads', '1');
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('1 pairs') as string });
    expect(JSON.parse(String(stdout))).toMatchObject({
      part: 'train',
      otherPart: 'val',
      cosine: expect.closeTo(1, 3) as number,
    });
    expect(run(...given, '--threshold', 'high').status).toBe(2);
    expect(run().status).toBe(2);
    await rm(folder, { recursive: true, force: true });
  },
);
