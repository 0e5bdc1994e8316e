/**
 * Prepares UCF101 (Soomro et al. 2012), all of it or some classes, by one of its official splits, which keep clips of one
 * recording (the number after `_g` in a name) on one side: `train/CLASS/*.avi` and `val/CLASS/*.avi`.
 */
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../shared/errors.js';
import { extract } from './extract.js';
import { SCRATCH_FOLDER, surveySources } from './photos.js';
import { compareCounts, type Job, type Outcome, type Recipe } from './recipe.js';

const CLIP = /(?:^|\/)([A-Za-z0-9]+)\/(v_[A-Za-z0-9]+_g\d+_c\d+\.avi)$/;
/** A line of a list: the training lists number the classes. */
const LINE = /^([A-Za-z0-9]+)\/(v_[A-Za-z0-9]+_g\d+_c\d+\.avi)(?:\s+\d+)?$/;
const LIST = /^(?:train|test)list0[123]\.txt$/;
const LIMIT_BYTES = 1_000_000_000;
const PARTS = [
  ['trainlist', 'train'],
  ['testlist', 'val'],
] as const;
/** Clips of the official splits. */
const PUBLISHED: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  1: { train: 9537, val: 3783 },
  2: { train: 9586, val: 3734 },
  3: { train: 9624, val: 3696 },
};

export const ucf101: Recipe = {
  name: 'ucf101',
  sources: 'UCF101.rar and UCF101TrainTestSplits-RecognitionTask.zip, or the folders UCF-101 and ucfTrainTestlist',
  options: ['split', 'classes'],
  prepare: prepareUcf101,
};

async function prepareUcf101(job: Job): Promise<Outcome> {
  const { split = 1, classes } = job.options;
  const { files } = await surveySources(job, (name) => LIST.test(name));
  const places = new Map<string, string>();
  for (const [list, part] of PARTS) {
    for (const { label, name } of await readList(files, `${list}0${split}.txt`, classes)) {
      places.set(`${label}/${name}`, `${part}/${label}/${name}`);
    }
  }
  const clipOf = (name: string): string | undefined => CLIP.exec(name)?.slice(1).join('/');
  const { placed, reused, refused } = await extract({
    ...job,
    ...{ folder: job.output, label: 'clips', total: places.size, limitBytes: LIMIT_BYTES },
    place: ({ name }) => places.get(clipOf(name) ?? ''),
  });
  const missing = [...places].filter(([, place]) => !placed.has(place));
  for (const [clip] of missing) job.report(clip, 'is on the list and not in the sources');
  await rm(join(job.output, SCRATCH_FOLDER), { recursive: true, force: true });
  const parts = Object.fromEntries(PARTS.map(([, part]) => [part, countClips([...placed], part)]));
  const found = Object.fromEntries(Object.entries(parts).map(([part, { clips }]) => [part, clips]));
  for (const part of ['train', 'val']) {
    if ((found[part] ?? 0) === 0) throw new UserError(`no clip of ${part} in the sources: expected CLASS/v_CLASS_g01_c01.avi`);
  }
  return {
    files: { train: join(job.output, 'train'), val: join(job.output, 'val') },
    parts,
    counts: { clipsMissing: missing.length - refused, clipsUnusable: refused, clipsThereBefore: reused },
    remarks: classes === undefined ? compareCounts('clips', PUBLISHED[split] ?? {}, found) : [],
    next: `looksay train video --data ${join(job.output, 'train')} --val ${join(job.output, 'val')} --output checkpoints/mine`,
  };
}

function countClips(placed: readonly string[], part: string): { readonly clips: number; readonly classes: number } {
  const own = placed.filter((place) => place.startsWith(`${part}/`));
  return { clips: own.length, classes: new Set(own.map((place) => place.split('/')[1])).size };
}

interface ListedClip {
  readonly label: string;
  readonly name: string;
}

/** The clips of a list, those of other classes left out. */
async function readList(
  files: ReadonlyMap<string, string>,
  list: string,
  classes: readonly string[] | undefined,
): Promise<readonly ListedClip[]> {
  const path = [...files].find(([name]) => basename(name) === list)?.[1];
  if (path === undefined) throw new UserError(`no ${list} in the sources (it is in UCF101TrainTestSplits-RecognitionTask.zip)`);
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  const clips = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const [, label, name] = LINE.exec(line.trim()) ?? [];
    if (label === undefined || name === undefined) {
      throw new UserError(`${path}:${index + 1}: expected Class/v_Class_g01_c01.avi, found ${line}`);
    }
    return [{ label, name }];
  });
  const absent = (classes ?? []).filter((label) => clips.every((clip) => clip.label !== label));
  if (absent.length > 0) throw new UserError(`--classes: ${list} has no ${absent.join(', ')}`, { exitCode: 2 });
  return clips.filter(({ label }) => classes === undefined || classes.includes(label));
}
