/**
 * Prepares a set of captioned photos: `images/` with those that can be decoded, and `captions.jsonl` with a line a
 * photo, `{"image","captions","split"}`, whatever format the publisher's captions are in.
 */
import { rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UserError } from '../../shared/errors.js';
import { writeFileAtomically } from '../../shared/files.js';
import { note } from '../../shared/log.js';
import { assignSplits, type Group, isSplitList, readCaptionGroups, readLists, splitInName } from '../captions/index.js';
import { safeName } from './archive/index.js';
import { CAPTION_SETS, type CaptionSet, type CaptionsFile } from './caption-sets.js';
import { readCategories, requireCategories } from './categories.js';
import { type ChosenPhoto, extractPhotos, IMAGES_FOLDER, SCRATCH_FOLDER, type Survey, surveySources } from './photos.js';
import { compareCounts, count, type Job, type OptionName, type Outcome, type Recipe } from './recipe.js';
import { chooseSubset } from './subset.js';

const CAPTIONS_FILE = 'captions.jsonl';
const SUBSET_OPTIONS: readonly OptionName[] = ['train', 'val', 'test', 'resplit', 'seed'];
/** What captions of a folder of one's own may be in. */
const CAPTION_EXTENSIONS: ReadonlySet<string> = new Set(['.csv', '.tsv', '.json', '.jsonl', '.token', '.txt']);

export const captionRecipes: readonly Recipe[] = [
  ...CAPTION_SETS.map(
    (set): Recipe => ({
      name: set.name,
      sources: set.sources,
      options: [...SUBSET_OPTIONS, ...(set.categories === undefined ? [] : (['categories'] as const))],
      prepare: (job) => prepareCaptions(set, job),
    }),
  ),
  {
    name: 'captions',
    sources: 'a folder or archives of photos, and a captions file (CSV, JSONL, COCO, Karpathy, Flickr8k tokens) in or beside it',
    options: [...SUBSET_OPTIONS, 'captions'],
    prepare: (job) => prepareCaptions(undefined, job),
  },
];

/** A photo with captions that is in the sources. */
interface Located extends ChosenPhoto {
  readonly captions: ReadonlySet<string>;
  readonly split: string | undefined;
}

/** Captions as they were read, and what is to be said about them. */
interface ReadCaptions {
  readonly groups: readonly Group[];
  readonly remarks: readonly string[];
}

async function prepareCaptions(set: CaptionSet | undefined, job: Job): Promise<Outcome> {
  const survey = await surveySources(job, (name) => isWanted(set, name, job));
  const { groups, remarks } = await readCaptions(set, survey, job);
  const located = locatePhotos(groups, survey, job);
  const shown = await ofCategories(set, located, survey, job);
  const subset = chooseSubset(shown, job.options);
  note(`${count(survey.photos.count, 'photo')} found, ${groups.length} with captions, ${subset.chosen.length} to be taken`);
  const { placed, reused, refused } = await extractPhotos(job, subset.chosen);
  const kept = subset.chosen.filter(({ place }) => placed.has(place));
  if (kept.length === 0) throw new UserError(`${job.output}: no photo with captions is left; see above`);
  const [images, captions] = [join(job.output, IMAGES_FOLDER), join(job.output, CAPTIONS_FILE)];
  await writeFileAtomically(captions, Buffer.from(kept.map(lineOf).join('')));
  await rm(join(job.output, SCRATCH_FOLDER), { recursive: true, force: true });
  return {
    files: { images, captions },
    parts: countParts(kept),
    counts: {
      photosInSources: survey.photos.count,
      photosWithCaptions: groups.length,
      photosMissing: groups.length - located.length,
      photosUndecodable: refused,
      photosThereBefore: reused,
    },
    remarks: [
      ...(set?.photos === undefined ? [] : compareCounts('photos', { all: set.photos }, { all: survey.photos.count })),
      ...remarks,
      ...subset.remarks,
    ],
    next: `looksay train caption --images ${images} --captions ${captions} --output checkpoints/mine`,
  };
}

function lineOf({ place, captions, split }: Located): string {
  return `${JSON.stringify({ image: place, captions: [...captions], ...(split === undefined ? {} : { split }) })}\n`;
}

function countParts(photos: readonly Located[]): Outcome['parts'] {
  const parts = new Map<string, { photos: number; captions: number }>();
  for (const { split = 'all', captions } of photos) {
    const own = parts.get(split) ?? { photos: 0, captions: 0 };
    parts.set(split, { photos: own.photos + 1, captions: own.captions + captions.size });
  }
  return Object.fromEntries(parts);
}

function isWanted(set: CaptionSet | undefined, name: string, { options }: Job): boolean {
  if (set === undefined) return CAPTION_EXTENSIONS.has(extname(name).toLowerCase());
  if (set.lists?.test(name) === true) return true;
  if (set.categories?.test(name) === true) return options.categories !== undefined;
  return set.alternatives.flat().some((file) => file.name.test(name));
}

/** Reads the captions of the set, with the splits that files and lists tell. */
async function readCaptions(set: CaptionSet | undefined, survey: Survey, job: Job): Promise<ReadCaptions> {
  const chosen = set === undefined ? ownFiles(survey, job) : publishedFiles(set, survey);
  const groups: Group[] = [];
  const remarks: string[] = [];
  for (const { path, file } of chosen) {
    const read = await readFile(path, file, listsOf(set, survey, path), job);
    if (file.photos !== undefined) remarks.push(...compareCounts('photos with captions', file.photos, countSplits(read)));
    groups.push(...read);
  }
  if (groups.every(({ split }) => split === undefined)) {
    remarks.push('no splits were found: a training holds a tenth out (--val N draws parts here)');
  }
  return { groups, remarks };
}

async function readFile(
  path: string,
  { split }: CaptionsFile,
  lists: readonly string[],
  { report }: Job,
): Promise<readonly Group[]> {
  const { groups } = await readCaptionGroups(path, report);
  if (split !== undefined) return groups.map((group) => ({ ...group, split: group.split ?? split }));
  if (lists.length === 0 || groups.some((group) => group.split !== undefined)) return groups;
  return assignSplits(groups, await readLists(lists, report), path);
}

function countSplits(groups: readonly Group[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { split = 'all' } of groups) counts[split] = (counts[split] ?? 0) + 1;
  return counts;
}

interface ChosenFile {
  readonly path: string;
  readonly file: CaptionsFile;
}

function listsOf(set: CaptionSet | undefined, survey: Survey, captions: string): readonly string[] {
  const isList = (name: string): boolean => (set === undefined ? isSplitList(name) : set.lists?.test(name) === true);
  return [...survey.files].flatMap(([name, path]) => (isList(basename(name)) && path !== captions ? [path] : []));
}

/** The publisher's files: the first group of alternatives of which any is there. */
function publishedFiles(set: CaptionSet, survey: Survey): readonly ChosenFile[] {
  for (const files of set.alternatives) {
    const found = files.flatMap((file) => {
      const path = [...survey.files].find(([name]) => file.name.test(basename(name)))?.[1];
      return path === undefined ? [] : [{ path, file }];
    });
    if (found.length > 0) return found;
  }
  const names = set.alternatives.map((files) => files.map(({ name }) => plainName(name)).join(' and ')).join(', or ');
  throw new UserError(`no captions of ${set.name} in the sources: expected ${names}, found ${foundIn(survey)}`);
}

/** A pattern as the name that it stands for. */
function plainName({ source }: RegExp): string {
  return source.replace(/^\^|\$$|\\/g, '');
}

function foundIn({ photos, files, others }: Survey): string {
  const names = [...files.keys(), ...others].slice(0, 8);
  return `${count(photos.count, 'photo')}${names.length === 0 ? '' : `, ${names.join(', ')}`}`;
}

/** The captions file of one's own set: the one named, the only one there is, or one a split. */
function ownFiles(survey: Survey, { options }: Job): readonly ChosenFile[] {
  const all = [...survey.files].filter(([name]) => !isSplitList(basename(name)));
  const named = options.captions;
  const found = named === undefined ? all : [...survey.files].filter(([name]) => `/${name}`.endsWith(`/${named}`));
  const files = found.map(([name, path]) => ({ path, file: fileOf(named === undefined ? basename(name) : '') }));
  const splits = new Set(files.map(({ file }) => file.split));
  if (files.length === 1) return files.map(({ path }) => ({ path, file: { name: /^/ } }));
  if (files.length > 1 && splits.size === files.length && !splits.has(undefined)) return files;
  const names = [...survey.files.keys()].slice(0, 8).join(', ');
  throw new UserError(
    `expected one captions file in the sources, or one a split (captions_train.csv, captions_val.csv), found ` +
      `${files.length === 0 ? foundIn(survey) : names} (name it with --captions)`,
    { exitCode: files.length === 0 ? 1 : 2 },
  );
}

function fileOf(name: string): CaptionsFile {
  const split = splitInName(name);
  return { name: /^/, ...(split === undefined ? {} : { split }) };
}

/** The groups whose photo is in the sources; the others are reported, one by one unless all of a split are missing. */
function locatePhotos(groups: readonly Group[], { photos }: Survey, { report }: Job): readonly Located[] {
  const located: Located[] = [];
  const missing: Group[] = [];
  const places = new Map<string, Group>();
  for (const group of groups) {
    const place = safeName(group.image);
    const name = [group.image, group.otherImage].find((one) => one !== undefined && photos.find(one) !== undefined);
    const photo = name === undefined ? undefined : photos.find(name);
    const owner = place === undefined ? undefined : places.get(place);
    if (place === undefined) report(group.where, `image ${JSON.stringify(group.image)} is no name of a file`);
    else if (photo === undefined) missing.push(group);
    else if (photo === 'several') report(group.where, `image ${group.image} may be several of the photos; left out`);
    else if (owner !== undefined) report(group.where, `image ${group.image} has captions at ${owner.where} already`);
    else {
      places.set(place, group);
      located.push({ photo, place, captions: group.captions, split: group.split });
    }
  }
  reportMissing(missing, groups, report);
  return located;
}

function reportMissing(missing: readonly Group[], groups: readonly Group[], report: Job['report']): void {
  const [of, gone] = [countSplits(groups), countSplits(missing)];
  const said = new Set<string>();
  for (const { where, image, split = 'all' } of missing) {
    if (gone[split] !== of[split] || gone[split] === 1) report(where, `image ${image} is not in the sources`);
    else if (!said.has(split)) report(where, `none of the ${gone[split]} photos of this part (${split}) is in the sources`);
    said.add(split);
  }
}

/** Those that show one of the categories asked for. */
async function ofCategories(
  set: CaptionSet | undefined,
  photos: readonly Located[],
  survey: Survey,
  { options }: Job,
): Promise<readonly Located[]> {
  const wanted = options.categories;
  if (wanted === undefined) return photos;
  const paths = [...survey.files].flatMap(([name, path]) => (set?.categories?.test(basename(name)) === true ? [path] : []));
  if (paths.length === 0) {
    throw new UserError('--categories: expected instances_train2017.json or the like in the sources, found none');
  }
  const categories = await readCategories(paths);
  requireCategories(wanted, categories);
  return photos.filter(({ place }) => {
    const shown = categories.shown.get(basename(place));
    return wanted.some((name) => shown?.has(name) === true);
  });
}
