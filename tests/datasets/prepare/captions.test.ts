/** Captioned sets from archives in their publishers' layouts: killed half-way, resumed, then trained on. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCaptionSource } from '../../../src/datasets/captions/index.js';
import { mobilenetParameterShapes } from '../../../src/models/mobilenet/index.js';
import { saveEncoder } from '../../../src/tasks/encoder/index.js';
import { run } from '../../cli/run.js';
import { type ArchiveFiles, writeTar, writeZip } from '../../helpers/archives.js';
import { filesBelow, jpeg, prepare, prepareKilled, runCommand } from '../../helpers/preparation.js';
import { randomWeights, temporaryFolder, tinyEncoder } from '../../helpers/tiny-captioner.js';

let folder: string;
let photos: Buffer[];

const PHOTOS = 12;
/** The photo that is cut short. */
const BROKEN = 3;
const SENTENCES = ['a dog runs', 'a cat sits', 'a man rides a horse', 'two birds fly'];

const at = (...parts: string[]): string => join(folder, ...parts);
const captionOf = (photo: number, index: number): string => `${SENTENCES[(photo + index) % 4]} in picture ${photo} .`;
const splitOf = (photo: number): string => (photo < 8 ? 'train' : photo < 10 ? 'val' : 'test');

beforeAll(async () => {
  folder = await temporaryFolder();
  photos = await Promise.all(Array.from({ length: PHOTOS }, (_, seed) => jpeg(seed)));
  photos[BROKEN] = (photos[BROKEN] as Buffer).subarray(0, 600);
  process.env['LOOKSAY_CACHE'] = at('cache');
  await saveEncoder(
    at('encoder'),
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
  await Promise.all([makeFlickr8k(), makeFlickr30k(), makeCoco(), makeUitViic()]);
});

afterAll(async () => {
  delete process.env['LOOKSAY_CACHE'];
  await rm(folder, { recursive: true, force: true });
});

const photosNamed = (nameOf: (photo: number) => string): ArchiveFiles =>
  Object.fromEntries(photos.map((bytes, photo) => [nameOf(photo), bytes]));

const flickrName = (photo: number): string => `${1000 + photo}_ab.jpg`;

const tokens = (): string =>
  photos.map((_, photo) => [0, 1, 2].map((n) => `${flickrName(photo)}#${n}\t${captionOf(photo, n)}\n`).join('')).join('');

const listOf = (split: string): string =>
  photos.map((_, photo) => (splitOf(photo) === split ? `${flickrName(photo)}\n` : '')).join('');

const karpathy = (): string =>
  JSON.stringify({
    images: photos.map((_, photo) => ({
      filename: flickrName(photo),
      split: splitOf(photo),
      sentences: [{ raw: captionOf(photo, 0), sentid: photo }],
    })),
    dataset: 'flickr',
  });

async function makeFlickr8k(): Promise<void> {
  await writeZip(at('Flickr8k_Dataset.zip'), {
    ...photosNamed((photo) => `Flicker8k_Dataset/${flickrName(photo)}`),
    '__MACOSX/Flicker8k_Dataset/._1000_ab.jpg': 'junk',
  });
  await writeZip(at('Flickr8k_text.zip'), {
    'CrowdFlowerAnnotations.txt': 'x',
    // The published file has captions of a photo that is in no archive.
    'Flickr8k.token.txt': `${tokens()}2258277193_586949ec62.jpg.1#0\tPeople waiting for the subway\n`,
    'Flickr_8k.trainImages.txt': `${listOf('train')}2258277193_586949ec62.jpg.1\n`,
    'Flickr_8k.devImages.txt': listOf('val'),
    'Flickr_8k.testImages.txt': listOf('test'),
    'readme.txt': 'x',
  });
}

async function makeFlickr30k(): Promise<void> {
  await writeTar(at('flickr30k-images.tar.gz'), photosNamed((photo) => `flickr30k-images/${flickrName(photo)}`));
  await writeTar(at('flickr30k.tar.gz'), { 'readme.txt': 'x', 'results_20130124.token': tokens() });
  await writeZip(at('caption_datasets.zip'), { 'dataset_flickr30k.json': karpathy(), 'dataset_coco.json': '{}' });
}

const cocoName = (photo: number): string => `${String(photo).padStart(12, '0')}.jpg`;

function cocoCaptions(split: string, split2 = split): string {
  const own = photos.flatMap((_, photo) => ([split, split2].includes(splitOf(photo)) ? [photo] : []));
  return JSON.stringify({
    info: {},
    images: own.map((id) => ({ id, file_name: cocoName(id), coco_url: `http://images.cocodataset.org/${id}` })),
    annotations: own.flatMap((id) => [0, 1].map((n) => ({ id: 10 * id + n, image_id: id, caption: captionOf(id, n) }))),
  });
}

function instances(split: string): string {
  const own = photos.flatMap((_, photo) => (splitOf(photo) === split ? [photo] : []));
  return JSON.stringify({
    images: own.map((id) => ({ id, file_name: cocoName(id) })),
    annotations: own.map((id) => ({ id, image_id: id, category_id: 1 + (id % 3), segmentation: [[1, 2.5, id]] })),
    categories: [
      { id: 1, name: 'person', supercategory: 'person' },
      { id: 2, name: 'dog', supercategory: 'animal' },
      { id: 3, name: 'cat', supercategory: 'animal' },
    ],
  });
}

async function makeCoco(): Promise<void> {
  await writeZip(at('annotations_trainval2017.zip'), {
    'annotations/captions_train2017.json': cocoCaptions('train'),
    'annotations/captions_val2017.json': cocoCaptions('val'),
    'annotations/instances_train2017.json': instances('train'),
    'annotations/instances_val2017.json': instances('val'),
    'annotations/person_keypoints_val2017.json': '{}',
  });
  const all = photosNamed((photo) => `${splitOf(photo)}2017/${cocoName(photo)}`);
  const part = (split: string): ArchiveFiles =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith(split)));
  await writeZip(at('train2017.zip'), part('train'));
  await writeZip(at('val2017.zip'), { ...part('val'), ...part('test') });
}

async function makeUitViic(): Promise<void> {
  await writeZip(at('UIT-ViIC.zip'), {
    'UIT-ViIC/uitviic_captions_train2017.json': cocoCaptions('train').replaceAll('a dog runs', 'một con chó chạy'),
    'UIT-ViIC/uitviic_captions_val2017.json': cocoCaptions('val'),
    'UIT-ViIC/uitviic_captions_test2017.json': cocoCaptions('test'),
  });
}

/** Trains a tiny captioner for one epoch on what was prepared. */
async function train(output: string): Promise<unknown> {
  const { code, out, err } = await run([
    ...['train', 'caption', '--images', `${output}/images`, '--captions', `${output}/captions.jsonl`, '--quiet'],
    ...['--encoder', at('encoder'), '--output', `${output}/model`, '--epochs', '1', '--min-count', '1', '--threads', '1'],
    ...['--hidden-size', '8', '--embedding-size', '8', '--batch-images', '4', '--inject', 'first-step', '--cell', 'gru'],
  ]);
  expect(code).toBe(0);
  expect(err).toMatch(/^(warning: \d+ photos? to choose the epoch by: too few.*\n)?$/);
  return JSON.parse(out);
}

/** `files`: with captions and lists. */
const SETS = [
  { set: 'flickr8k', sources: ['Flickr8k_Dataset.zip', 'Flickr8k_text.zip'], files: 4, captions: 3 },
  { set: 'flickr30k', sources: ['flickr30k-images.tar.gz', 'caption_datasets.zip'], files: 1, captions: 1 },
  { set: 'coco', sources: ['val2017.zip', 'annotations_trainval2017.zip', 'train2017.zip'], files: 2, captions: 2 },
  { set: 'uit-viic', sources: ['UIT-ViIC.zip', 'train2017.zip', 'val2017.zip'], files: 3, captions: 2 },
];

describe.each(SETS)('$set', ({ set, sources, files, captions }) => {
  const paths = sources.map((name) => () => at(name));
  const argv = (output: string): string[] => [set, ...paths.map((path) => path()), '--output', output];

  test('is killed half-way, resumed, and trained on', async () => {
    const [whole, killed] = [at(`${set}-whole`), at(`${set}-killed`)];
    const expected = await prepare(...argv(whole));
    expect(expected.parts).toMatchObject({
      train: { photos: 7, captions: 7 * captions },
      val: { photos: 2, captions: 2 * captions },
    });
    expect(expected.counts).toMatchObject({ photosUndecodable: 1, photosThereBefore: 0 });
    expect(JSON.stringify(expected.problems)).toMatch(/(1003_ab|000000000003)\.jpg.*damaged/);

    // Captions and lists are renamed too, before any photo.
    expect(await prepareKilled(files + 6, ...argv(killed))).toBe('SIGKILL');
    const left = Object.keys(await filesBelow(killed));
    // The five before were on their way; those that had not arrived are partial, as is the one that was to be next.
    const there = left.filter((name) => name.endsWith('.jpg')).length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThanOrEqual(5);
    expect(left.filter((name) => name.endsWith('.partial')).length).toBeGreaterThan(0);
    expect(left).not.toContain('captions.jsonl');

    const resumed = await prepare(...argv(killed));
    expect(resumed.counts['photosThereBefore']).toBe(there);
    expect(resumed.parts).toEqual(expected.parts);
    expect(await filesBelow(killed)).toEqual(await filesBelow(whole));
    expect((await prepare(...argv(killed))).counts['photosThereBefore']).toBe(set === 'coco' ? 9 : 11);

    expect(await train(killed)).toMatchObject({ ending: 'completed' });
  });
});

describe('what is in a set', () => {
  test('Flickr8k has the splits of its lists, and each photo its captions', async () => {
    const output = at('flickr8k-lines');
    const summary = await prepare('flickr8k', at('Flickr8k_text.zip'), at('Flickr8k_Dataset.zip'), '--output', output);
    const lines = (await readFile(join(output, 'captions.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(lines[0] as string)).toEqual({
      image: '1000_ab.jpg',
      captions: [captionOf(0, 0), captionOf(0, 1), captionOf(0, 2)],
      split: 'train',
    });
    const { examples, problems } = await readCaptionSource({ ...summary.files, split: 'test' } as never);
    expect(examples.map(({ image }) => image)).toEqual([
      join(output, 'images/1010_ab.jpg'),
      join(output, 'images/1011_ab.jpg'),
    ]);
    expect(problems).toEqual([]);
    expect(summary.counts).toMatchObject({ photosInSources: 12, photosWithCaptions: 13, photosMissing: 1 });
    expect(summary.remarks).toContain('all: the publisher has 8,091 photos, here are 12');
    expect(summary.remarks).toContain('train: the publisher has 6,000 photos with captions, here are 9');
    expect(JSON.stringify(summary.problems)).toContain('2258277193_586949ec62.jpg.1 is not in the sources');
  });

  test('Flickr30k without Karpathy has no splits, which is said; --val draws some', async () => {
    const sources = [at('flickr30k.tar.gz'), at('flickr30k-images.tar.gz')];
    const plain = await prepare('flickr30k', ...sources, '--output', at('flickr30k-plain'));
    expect(plain.parts).toEqual({ all: { photos: 11, captions: 33 } });
    expect(plain.remarks.join()).toContain('no splits were found');
    const drawn = await prepare('flickr30k', ...sources, '--output', at('flickr30k-drawn'), '--val', '2', '--test', '1');
    expect(drawn.parts).toMatchObject({ val: { photos: 2 }, test: { photos: 1 } });
  });

  test('folders that were unpacked serve as well, and keep their files', async () => {
    await mkdir(at('unpacked', 'deep'), { recursive: true });
    for (const [name, bytes] of Object.entries(photosNamed(flickrName))) await writeFile(at('unpacked', 'deep', name), bytes);
    await writeFile(at('unpacked', 'results_20130124.token'), tokens());
    await symlink('/etc/passwd', at('unpacked', 'deep', 'link.jpg'));
    const before = await filesBelow(at('unpacked'));
    const { parts, problems } = await prepare('flickr30k', at('unpacked'), '--output', at('from-folder'));
    expect(parts).toEqual({ all: { photos: 11, captions: 33 } });
    expect(JSON.stringify(problems)).toContain('link.jpg');
    expect(await filesBelow(at('unpacked'))).toEqual(before);
  });
});

describe('a part of COCO', () => {
  const coco = (output: string, ...options: string[]): ReturnType<typeof prepare> =>
    prepare(
      ...['coco', at('annotations_trainval2017.zip'), at('train2017.zip'), at('val2017.zip')],
      ...['--output', at(output), ...options],
    );
  const namesOf = async (output: string): Promise<string[]> =>
    (await readFile(at(output, 'captions.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { image: string }).image);

  test('by size: the same photos in every run, and in every larger part', async () => {
    const { parts } = await coco('coco-3', '--train', '3', '--val', '1', '--seed', '7');
    expect(parts['val']).toEqual({ photos: 1, captions: 2 });
    await coco('coco-3-again', '--train', '3', '--val', '1', '--seed', '7');
    await coco('coco-5', '--train', '5', '--val', '1', '--seed', '7');
    expect(await namesOf('coco-3-again')).toEqual(await namesOf('coco-3'));
    expect(await namesOf('coco-5')).toEqual(expect.arrayContaining(await namesOf('coco-3')));
    expect(Object.keys(await filesBelow(at('coco-3', 'images')))).toEqual(await namesOf('coco-3'));
  });

  test('by category or supercategory', async () => {
    await coco('coco-dog', '--categories', 'dog');
    expect(await namesOf('coco-dog')).toEqual([1, 4, 7].map(cocoName));
    await coco('coco-animal', '--categories', 'animal');
    expect(await namesOf('coco-animal')).toEqual([1, 2, 4, 5, 7, 8].map(cocoName));
    await expect(coco('coco-unicorn', '--categories', 'unicorn')).rejects.toThrow(
      /no unicorn; there are animal, cat, dog, person/,
    );
  });

  test('of one archive, in parts of its own', async () => {
    const { parts, problems } = await prepare(
      ...['coco', at('annotations_trainval2017.zip'), at('train2017.zip'), '--output', at('coco-resplit')],
      ...['--resplit', '--train', '4', '--val', '2', '--seed', '2'],
    );
    expect(parts).toMatchObject({ train: { photos: expect.any(Number) as number }, val: { photos: 2 } });
    expect(JSON.stringify(problems)).toContain('none of the 2 photos of this part (val) is in the sources');
  });

  test('larger than there is: said', async () => {
    expect((await coco('coco-many', '--val', '100')).remarks).toContain('val: 100 photos were asked for, there are 2');
  });
});

describe('any folder with captions', () => {
  const OWN = 'image,caption\n1000_ab.jpg,"a cat, black"\n1001_ab.jpg,a dog\n';

  test('captions beside the photos, in a tar archive', async () => {
    const files = { ...photosNamed((photo) => `mine/photos/${flickrName(photo)}`), 'mine/captions.csv': OWN };
    const source = await writeTar(at('mine.tar'), files);
    const { parts, counts } = await prepare('captions', source, '--output', at('mine'));
    expect(parts).toEqual({ all: { photos: 2, captions: 2 } });
    expect(counts).toMatchObject({ photosInSources: 12 });
    expect(Object.keys(await filesBelow(at('mine')))).toEqual([
      'captions.jsonl',
      'images/1000_ab.jpg',
      'images/1001_ab.jpg',
    ]);
  });

  test('a captions file a split, with photos of the same name in two folders', async () => {
    const source = await writeZip(at('two.zip'), {
      'train/1.jpg': photos[0] as Buffer,
      'val/1.jpg': photos[1] as Buffer,
      'captions_train.csv': 'image,caption\ntrain/1.jpg,a dog\n',
      'captions_val.csv': 'image,caption\nval/1.jpg,a cat\n1.jpg,which one\n',
    });
    const { parts, problems } = await prepare('captions', source, '--output', at('two'));
    expect(parts).toMatchObject({ train: { photos: 1 }, val: { photos: 1 } });
    expect(JSON.stringify(problems)).toContain('image 1.jpg may be several of the photos');
    expect((await filesBelow(at('two')))['images/val/1.jpg']).toBe(photos[1]?.toString('latin1'));
  });

  test('several captions files: the one to take is asked for', async () => {
    const source = await writeZip(at('which.zip'), { ...photosNamed(flickrName), 'a.csv': OWN, 'deep/b.csv': OWN });
    const argv = ['captions', source, '--output', at('which')];
    expect(await runCommand(argv)).toMatchObject({ code: 2, err: expect.stringContaining('--captions') as string });
    expect((await prepare(...argv, '--captions', 'b.csv')).parts).toMatchObject({ all: { photos: 2 } });
  });

  test('names in captions cannot lead out of the folder', async () => {
    const source = await writeZip(at('out.zip'), {
      ...photosNamed(flickrName),
      'captions.csv': `${OWN}../../1002_ab.jpg,out\n/etc/1002_ab.jpg,out\n`,
    });
    const { parts, problems } = await prepare('captions', source, '--output', at('out'));
    expect(parts).toMatchObject({ all: { photos: 2 } });
    expect(problems.count).toBe(2);
  });
});

describe('missing things', () => {
  test('sources that are not there, or of another set', async () => {
    const none = await runCommand(['coco', at('nothing.zip'), '--output', at('none')]);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('no such file or folder') as string });
    const other = await runCommand(['coco', at('Flickr8k_Dataset.zip'), at('Flickr8k_text.zip'), '--output', at('none')]);
    expect(other.code).toBe(1);
    expect(other.err).toMatch(/no captions of coco .* expected dataset_coco.json, or captions_train2017.json.*found 12 photos/);
  });

  test('--help names the sets; a summary is written as text to stderr', async () => {
    expect((await runCommand(['--help'])).out).toContain('uit-viic');
    const argv = ['flickr8k', at('Flickr8k_Dataset.zip'), at('Flickr8k_text.zip'), '--output', at('told')];
    const { code, out, err } = await runCommand(argv);
    expect(code).toBe(0);
    expect(out.split('\n')).toHaveLength(2);
    expect(err).toContain('train: 7 photos, 21 captions');
    expect(err).toContain('next: looksay train caption --images');
  });

  test('a run that is stopped says so, and goes on later', async () => {
    const argv = ['flickr8k', at('Flickr8k_Dataset.zip'), at('Flickr8k_text.zip'), '--output', at('stopped')];
    const { code, err } = await runCommand(argv, AbortSignal.abort());
    expect({ code, err }).toEqual({ code: 130, err: 'the same command goes on from here\nstopped\n' });
    expect((await prepare(...argv)).parts).toMatchObject({ train: { photos: 7 } });
  });
});
