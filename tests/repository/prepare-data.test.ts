/** The script that prepares data sets runs on the build. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { writeZip } from '../helpers/archives.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.skipIf(!existsSync(join(root, 'dist/datasets/prepare/command.js')))('the script prepares a set', async () => {
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
