/** The preparation of UCF101, on an archive of its layout. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readClips } from '../../src/datasets/clips/index.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/prepare-ucf101.mjs', import.meta.url));
const CLASSES = ['Punch', 'PushUps', 'YoYo'];

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const names = (label: string): string[] => [1, 2, 8].map((group) => `v_${label}_g0${group}_c01.avi`);
  for (const label of CLASSES) {
    mkdirSync(join(folder, 'UCF-101', label), { recursive: true });
    for (const name of names(label)) writeFileSync(join(folder, 'UCF-101', label, name), name);
  }
  execFileSync('tar', ['-cf', join(folder, 'UCF101.tar'), '-C', folder, 'UCF-101']);
  mkdirSync(join(folder, 'lists'));
  const list = (groups: string[], number: boolean): string =>
    CLASSES.flatMap((label, index) =>
      groups.map((group) => `${label}/v_${label}_${group}_c01.avi${number ? ` ${index + 1}` : ''}\r\n`),
    ).join('');
  writeFileSync(join(folder, 'lists', 'trainlist01.txt'), list(['g08'], true));
  writeFileSync(join(folder, 'lists', 'testlist01.txt'), list(['g01', 'g02'], false));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const prepare = (videos: string, output: string, ...rest: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(process.execPath, [SCRIPT, join(folder, videos), join(folder, 'lists'), join(folder, output), ...rest], {
    encoding: 'utf8',
  });

test.each(['UCF-101', 'UCF101.tar'])('%s by an official split, two classes of it', (videos) => {
  const output = `out-${videos}`;
  expect(prepare(videos, output, '--classes', 'Punch,PushUps').status).toBe(0);
  expect(readClips(join(folder, output, 'train')).labels).toEqual(['Punch', 'PushUps']);
  expect(readdirSync(join(folder, output, 'val', 'PushUps'))).toEqual([
    'v_PushUps_g01_c01.avi',
    'v_PushUps_g02_c01.avi',
  ]);
});

test('wrong usage is named', () => {
  expect(prepare('UCF-101', 'x', '--classes', 'Swimming').stderr).toContain('no Swimming');
  expect(prepare('UCF-101', 'x', '--split', '2').stderr).toContain('trainlist02.txt');
  expect(prepare('none', 'x').stderr).toContain('no such file');
});
