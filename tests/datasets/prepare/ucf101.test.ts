/** The preparation of UCF101, on archives of its layout. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readClips } from '../../../src/datasets/clips/index.js';
import { type ArchiveFiles, writeTar, writeZip } from '../../helpers/archives.js';
import { filesBelow, prepare, prepareKilled, runCommand } from '../../helpers/preparation.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

const CLASSES = ['Punch', 'PushUps', 'YoYo'];

let folder: string;

const at = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  folder = await temporaryFolder();
  const clips: ArchiveFiles = Object.fromEntries(
    CLASSES.flatMap((label) =>
      [1, 2, 8, 9].map((group) => [`UCF-101/${label}/v_${label}_g0${group}_c01.avi`, `${label} ${group}`]),
    ),
  );
  await writeTar(at('UCF101.tar'), clips);
  for (const [name, text] of Object.entries(clips)) {
    await mkdir(at(name, '..'), { recursive: true });
    await writeFile(at(name), text);
  }
  const list = (groups: string[], number: boolean): string =>
    CLASSES.flatMap((label, index) =>
      groups.map((group) => `${label}/v_${label}_${group}_c01.avi${number ? ` ${index + 1}` : ''}\r\n`),
    ).join('');
  await writeZip(at('UCF101TrainTestSplits-RecognitionTask.zip'), {
    'ucfTrainTestlist/classInd.txt': '1 Punch\r\n',
    'ucfTrainTestlist/trainlist01.txt': list(['g08', 'g09', 'g10'], true),
    'ucfTrainTestlist/testlist01.txt': list(['g01', 'g02'], false),
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const argv = (videos: string, output: string, ...rest: string[]): string[] => [
  ...['ucf101', at(videos), at('UCF101TrainTestSplits-RecognitionTask.zip'), '--output', at(output), ...rest],
];

test.each(['UCF-101', 'UCF101.tar'])('%s by an official split, two classes of it', async (videos) => {
  const output = `out-${videos}`;
  const { parts, problems } = await prepare(...argv(videos, output, '--classes', 'Punch,PushUps'));
  expect(parts).toEqual({ train: { clips: 4, classes: 2 }, val: { clips: 4, classes: 2 } });
  expect(problems.count).toBe(2); // Those of group 10 are on the list alone.
  expect(readClips(at(output, 'train')).labels).toEqual(['Punch', 'PushUps']);
  expect(await readdir(at(output, 'val', 'PushUps'))).toEqual(['v_PushUps_g01_c01.avi', 'v_PushUps_g02_c01.avi']);
});

test('is killed half-way and resumed', async () => {
  expect(await prepareKilled(2 + 5, ...argv('UCF101.tar', 'killed'))).toBe('SIGKILL');
  const left = Object.keys(await filesBelow(at('killed'))).filter((name) => name.endsWith('.avi')).length;
  const { counts, remarks } = await prepare(...argv('UCF101.tar', 'killed'));
  expect(counts['clipsThereBefore']).toBe(left);
  expect(remarks).toContain('train: the publisher has 9,537 clips, here are 6');
  expect(Object.keys(await filesBelow(at('killed')))).toHaveLength(12);
});

test('wrong usage is named', async () => {
  const fault = async (...given: string[]): Promise<string> => (await runCommand(given)).err;
  expect(await fault(...argv('UCF-101', 'x', '--classes', 'Swimming'))).toContain('no Swimming');
  expect(await fault(...argv('UCF-101', 'x', '--split', '2'))).toContain('trainlist02.txt');
  expect(await fault(...argv('UCF-101', 'x', '--split', '4'))).toContain('from 1 to 3');
  expect(await fault(...argv('none', 'x'))).toContain('no such file');
});
