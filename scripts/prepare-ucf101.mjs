#!/usr/bin/env node
/**
 * Prepares UCF101 (Soomro et al. 2012), all of it or some classes, by one of its official splits.
 *
 *     node scripts/prepare-ucf101.mjs VIDEOS LISTS OUTPUT [--split 1|2|3] [--classes PushUps,Punch]
 *
 * VIDEOS  `UCF101.rar` as it is downloaded (unpacked by unrar or bsdtar; a .zip or .tar of it will do), or the folder
 *         `UCF-101` that is in it
 * LISTS   the folder `ucfTrainTestlist`, with trainlist01.txt, testlist01.txt, …
 * OUTPUT  gets train/CLASS/*.avi and val/CLASS/*.avi: links to the same files where the disk allows it, copies elsewhere
 *
 * Both come from https://www.crcv.ucf.edu/data/UCF101.php. The official splits keep clips of one recording (the number
 * after `_g` in a name) on one side. Then: looksay train video --data OUTPUT/train --val OUTPUT/val --output …
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const UNPACKERS = {
  '.rar': [
    ['unrar', (archive, folder) => ['x', '-idq', '-o+', archive, `${folder}/`]],
    ['bsdtar', (archive, folder) => ['-xf', archive, '-C', folder]],
  ],
  '.zip': [
    ['unzip', (archive, folder) => ['-qo', archive, '-d', folder]],
    ['bsdtar', (archive, folder) => ['-xf', archive, '-C', folder]],
  ],
  '.tar': [['tar', (archive, folder) => ['-xf', archive, '-C', folder]]],
};

const LINE = /^([A-Za-z0-9]+)\/(v_[A-Za-z0-9]+_g\d+_c\d+\.avi)(?:\s+\d+)?$/;

function fail(message) {
  console.error(`prepare-ucf101: ${message}`);
  process.exit(2);
}

/** The folder of class folders, unpacked beside the output where an archive is given. */
async function videosOf(videos, output) {
  if (!existsSync(videos)) fail(`${videos}: no such file`);
  if ((await stat(videos)).isDirectory()) return existsSync(join(videos, 'UCF-101')) ? join(videos, 'UCF-101') : videos;
  const unpackers = UNPACKERS[videos.slice(videos.lastIndexOf('.')).toLowerCase()];
  if (unpackers === undefined) fail(`${videos}: expected a folder, or a .rar, .zip or .tar`);
  const folder = join(output, 'unpacked');
  await mkdir(folder, { recursive: true });
  for (const [tool, argvOf] of unpackers) {
    const { error, status } = spawnSync(tool, argvOf(videos, folder), { stdio: ['ignore', 'ignore', 'inherit'] });
    if (error?.code === 'ENOENT') continue;
    if (status !== 0) fail(`${videos}: ${tool} exited with ${status}`);
    return videosOf(folder, output);
  }
  return fail(`${videos}: install ${unpackers.map(([tool]) => tool).join(' or ')} to unpack it`);
}

/** The lines of a list as class and file, those of other classes left out. */
async function readList(path, classes) {
  const text = await readFile(path, 'utf8').catch(() => fail(`${path}: no such list`));
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.flatMap((line, index) => {
    const [, label, name] = LINE.exec(line.trim()) ?? fail(`${path}:${index + 1}: expected Class/v_Class_g01_c01.avi`);
    return classes === undefined || classes.has(label) ? [{ label, name }] : [];
  });
}

/** One file under a second name. */
async function place(from, to) {
  if (existsSync(to)) return;
  await link(from, to).catch(() => copyFile(from, to));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { split: { type: 'string', default: '1' }, classes: { type: 'string' } },
});
const [videos, lists, output] = positionals;
if (output === undefined) fail('usage: prepare-ucf101.mjs VIDEOS LISTS OUTPUT [--split 1|2|3] [--classes A,B]');
if (!['1', '2', '3'].includes(values.split)) fail(`--split: expected 1, 2 or 3, got ${values.split}`);
const classes = values.classes === undefined ? undefined : new Set(values.classes.split(','));
const source = await videosOf(videos, output);
for (const [list, part] of [
  ['trainlist', 'train'],
  ['testlist', 'val'],
]) {
  const clips = await readList(join(lists, `${list}0${values.split}.txt`), classes);
  const missing = [...(classes ?? [])].filter((label) => !clips.some((clip) => clip.label === label));
  if (missing.length > 0) fail(`--classes: ${list} has no ${missing.join(', ')}`);
  let placed = 0;
  for (const { label, name } of clips) {
    const from = join(source, label, basename(name));
    if (!existsSync(from)) {
      console.error(`${from}: no such clip; left out`);
      continue;
    }
    await mkdir(join(output, part, label), { recursive: true });
    await place(from, join(output, part, label, name));
    placed++;
  }
  console.error(`${join(output, part)}: ${placed} clips`);
}
