/** Caption files as found in the wild, sound and broken, each read from a small generated data set. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type CaptionData, type CaptionSource, readCaptionSource } from '../../src/datasets/captions/index.js';
import { UserError } from '../../src/shared/errors.js';
import { NOT_UTF8 } from '../../src/text/encoding.js';

const root = mkdtempSync(join(tmpdir(), 'looksay-captions-'));
afterAll(() => rmSync(root, { recursive: true }));
let folder = '';
let images = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'set-'));
  images = join(folder, 'images');
  mkdirSync(join(images, 'sub'), { recursive: true });
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg', 'sub/e.jpg', 'với dấu.jpg']) writeFileSync(join(images, name), 'x');
  writeFileSync(join(folder, 'outside.jpg'), 'x');
});

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

type Rest = Omit<CaptionSource, 'images' | 'captions'>;
const read = (content: string | Uint8Array, rest: Rest = {}, name = 'captions'): Promise<CaptionData> =>
  readCaptionSource({ images, captions: file(name, content), ...rest });

/** `{ 'a.jpg': ['one', 'two'] }`, the shape that is easiest to compare. */
const byName = ({ examples }: CaptionData): Record<string, readonly string[]> =>
  Object.fromEntries(examples.map(({ image, captions }) => [image.slice(images.length + 1), captions]));
const splits = ({ examples }: CaptionData): unknown => examples.map(({ image, split }) => [basename(image), split]);
const notes = ({ problems }: CaptionData): string[] =>
  problems.map(({ where, message }) => `${where.slice(folder.length + 1)}: ${message}`);

describe('CSV', () => {
  it('reads quoted captions, in the order of the file', async () => {
    const data = await read('image,caption\nb.jpg,"A dog, running."\na.jpg,"He said ""hi""."\nb.jpg,"Two\nlines"\r\nvới dấu.jpg,Một người.\n');
    expect(byName(data)).toEqual({ 'b.jpg': ['A dog, running.', 'Two lines'], 'a.jpg': ['He said "hi".'], 'với dấu.jpg': ['Một người.'] });
    expect(data.problems).toEqual([]);
  });

  it.each([
    ['a byte order mark', '\uFEFFimage,caption\na.jpg,A dog.'],
    ['Windows line ends', 'image,caption\r\na.jpg,A dog.\r\n'],
    ['the line ends of old Macs', 'image,caption\ra.jpg,A dog.\r'],
    ['an index column', ',image,caption\n0,a.jpg,A dog.'],
    ['other names and order', 'Caption;ID;File_Name\nA dog.;7;a.jpg'],
    ['tabs', 'image\tcaption\na.jpg\tA dog.'],
    ['bars and spaces', 'image_name| comment_number| comment\na.jpg| 0| A dog.'],
    ['no header', 'a.jpg,A dog.'],
    ['quotes everywhere', '"image","caption"\n"a.jpg" , "A dog."'],
  ])('with %s', async (_, content) => {
    const data = await read(content);
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog.'] });
    expect(data.problems).toEqual([]);
  });

  it('has a split column', async () => {
    const content = 'image,caption,split\na.jpg,A dog.,train\nb.jpg,A cat.,dev\nc.jpg,A cow.,val\nd.jpg,A pig.,\n';
    const data = await read(content, { split: 'val' });
    expect(splits(data)).toEqual([['b.jpg', 'val'], ['c.jpg', 'val']]);
    expect(notes(data)).toEqual(['captions:5: d.jpg names no split, though others do; left out']);
    expect(splits(await read(content))).toHaveLength(4);
  });

  it('reports rows that do not fit, with their line, and reads the others', async () => {
    const data = await read(
      'image,caption\na.jpg\nb.jpg,A dog, running\nc.jpg,"never closed\nd.jpg,A cat.\na.jpg,a 5" pipe\nb.jpg,a 6" pipe\nsub/e.jpg,"A cow."\n\n',
    );
    expect(byName(data)).toEqual({ 'd.jpg': ['A cat.'], 'sub/e.jpg': ['A cow.'] });
    expect(notes(data)).toEqual([
      'captions:2: expected 2 columns (image, caption), found 1; is the caption missing?',
      'captions:3: expected 2 columns (image, caption), found 3; quote captions that contain commas',
      expect.stringMatching(/^captions:4: a quote is opened and never closed/),
      expect.stringMatching(/^captions:6: .*quote/),
      expect.stringMatching(/^captions:7: .*quote/),
    ]);
  });

  it('tells of a row that does not fit however many columns there are, in a line that can be read', async () => {
    const error: unknown = await read(`image,caption${',c'.repeat(100_000)}\na.jpg,A dog.\n`).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/:2: expected 100002 columns \(image, caption, c, .*…\), found 2; is the caption missing\?$/);
    expect(String(error).length).toBeLessThan(1000);
  });

  it('refuses a file that is something else', async () => {
    await expect(read('Once upon a time, there was a file.\n')).rejects.toThrow(/captions:1: expected a header with the columns image and caption/);
    await expect(read('{"a": 1}\n{"b": 2}\n')).rejects.toThrow(/expected "image": a string, found undefined, and 1 more problem/);
    await expect(read('[1, 2]')).rejects.toThrow(/captions:\[0\]: expected an object with "image" and "captions", found 1, and 1 more problem/);
  });
});

describe('Flickr8k token file', () => {
  const TOKENS = 'a.jpg#0\tA dog .\na.jpg#1\tA brown dog .\nb.jpg#0\tA cat .\nc.jpg#0\tA cow .\n';

  it('reads captions, and reports lines and ids that are wrong', async () => {
    const data = await read(`${TOKENS}a.jpg#1\tAgain .\nnonsense\nd.jpg#0\t .\n`);
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog .', 'A brown dog .'], 'b.jpg': ['A cat .'], 'c.jpg': ['A cow .'] });
    expect(notes(data)).toEqual([
      `captions:5: duplicate id a.jpg#1, first at ${folder}/captions:2; the first is kept`,
      'captions:6: expected image#number, a tab and a caption',
      'captions:7: empty caption for d.jpg',
    ]);
  });

  it('takes the lists beside it, in a folder, or one list', async () => {
    const lists = join(folder, 'lists');
    mkdirSync(lists);
    for (const where of ['', 'lists/']) {
      file(`${where}Flickr_8k.trainImages.txt`, 'a.jpg\nd.jpg\n');
      file(`${where}Flickr_8k.devImages.txt`, 'b.jpg\n\n');
    }
    const listed = { [`${lists}/Flickr_8k.trainImages.txt:2`]: 'd.jpg has no caption' };
    expect(byName(await read(TOKENS, { split: 'dev' }))).toEqual({ 'b.jpg': ['A cat .'] });
    const train = await read(TOKENS, { split: 'train', splits: lists });
    expect(splits(train)).toEqual([['a.jpg', 'train']]);
    expect(Object.fromEntries(train.problems.map(({ where, message }) => [where, message]))).toEqual(listed);
    expect(splits(await read(TOKENS, { splits: lists }))).toEqual([['a.jpg', 'train'], ['b.jpg', 'val']]);
    expect(splits(await read(TOKENS))).toEqual([['a.jpg', 'train'], ['b.jpg', 'val']]);
    const own = file('mine', 'c\n'); // names without extension
    expect(splits(await read(TOKENS, { split: 'test', splits: own }))).toEqual([['c.jpg', 'test']]);
    await expect(read(TOKENS, { split: 'test' })).rejects.toThrow(/no image is in split test; there are train \(1\), val \(1\)/);
  });

  it('reports photos on two lists, and refuses lists that do not fit', async () => {
    file('train.txt', 'a.jpg\nb.jpg\nb.jpg\n');
    file('val.txt', 'a.jpg\nc.jpg\n');
    const data = await read(TOKENS, { splits: folder });
    expect(splits(data)).toEqual([['a.jpg', 'train'], ['b.jpg', 'train'], ['c.jpg', 'val']]);
    expect(data.problems.map(({ message }) => message.replaceAll(folder, ''))).toEqual([
      'b.jpg is already listed at /train.txt:2 (split train), which is kept',
      'a.jpg is already listed at /train.txt:1 (split train), which is kept',
    ]);
    await expect(read(TOKENS, { splits: file('other.txt', 'zzz.jpg') })).rejects.toThrow(/none of the listed names occurs/);
    await expect(read(TOKENS, { splits: images })).rejects.toThrow(/no split lists found/);
    await expect(read(TOKENS, { splits: join(folder, 'nowhere') })).rejects.toThrow(/no such file or folder/);
  });

  it('reads a source without lists whole', async () => {
    expect(splits(await read(TOKENS, { split: 'train' }))).toHaveLength(3);
  });
});

describe('COCO captions', () => {
  const coco = (indent?: number): string =>
    JSON.stringify(
      {
        info: {},
        images: [{ id: 7, file_name: 'a.jpg' }, { id: 9, file_name: 'sub/e.jpg' }, { id: 7, file_name: 'b.jpg' }, {}],
        annotations: [
          { id: 1, image_id: 9, caption: 'A dog.\n' },
          { id: 2, image_id: 7, caption: 'A cat.' },
          { id: 2, image_id: 7, caption: 'A cow.' },
          { id: 3, image_id: 8, caption: 'A pig.' },
          { id: 4, image_id: 7 },
        ],
      },
      null,
      indent,
    );

  it.each([undefined, 2])('reads images and annotations (indent %s)', async (indent) => {
    const data = await read(coco(indent), { split: 'train' });
    expect(byName(data)).toEqual({ 'sub/e.jpg': ['A dog.'], 'a.jpg': ['A cat.'] });
    expect(notes(data)).toEqual([
      'captions:images[2]: duplicate id 7; the first is kept',
      'captions:images[3]: expected "id" and "file_name"',
      `captions:annotations[2]: duplicate id annotation 2, first at ${folder}/captions:annotations[1]; the first is kept`,
      'captions:annotations[3]: image_id 8 is not among the images',
      'captions:annotations[4]: expected "caption": a string, found undefined',
    ]);
  });

  it('says where the JSON breaks off, and what else it found', async () => {
    await expect(read(coco(2).slice(0, 200))).rejects.toThrow(/captions:\d\d: is not valid JSON/);
    await expect(read('{"images": [{"id": 1}], "licenses": 3}')).rejects.toThrow(/expected COCO captions .* found images, licenses/);
  });
});

describe("Karpathy's splits", () => {
  const karpathy = JSON.stringify({
    dataset: 'coco',
    images: [
      { filename: 'e.jpg', filepath: 'sub', split: 'restval', sentences: [{ raw: 'A dog.', sentid: 1 }, { raw: 'One dog.', sentid: 2 }] },
      { filename: 'a.jpg', filepath: 'val2014', split: 'val', sentences: [{ raw: 'A cat.', sentid: 3 }] },
      { filename: 'b.jpg', split: 'test', sentences: [{ raw: 'A cow.', sentid: 3 }, { tokens: [] }, { raw: 'A bull.' }] },
      { filename: 'c.jpg' },
    ],
  });

  it('reads sentences and splits; photos may lie without their folder', async () => {
    const data = await read(karpathy);
    expect(splits(data)).toEqual([['e.jpg', 'train'], ['a.jpg', 'val'], ['b.jpg', 'test']]);
    expect(byName(data)).toEqual({ 'sub/e.jpg': ['A dog.', 'One dog.'], 'a.jpg': ['A cat.'], 'b.jpg': ['A bull.'] });
    expect(notes(data)).toEqual([
      `captions:images[2].sentences[0]: duplicate id sentence 3, first at ${folder}/captions:images[1].sentences[0]; the first is kept`,
      'captions:images[2].sentences[1]: expected "raw": a string, found undefined',
      'captions:images[3]: expected "filename" and "sentences"',
    ]);
    expect(splits(await read(karpathy, { split: 'dev' }))).toEqual([['a.jpg', 'val']]);
  });
});

describe('JSONL', () => {
  it('takes the names that columns of CSV may have', async () => {
    const data = await read('{"file_name": "a.jpg", "text": "A dog."}\n{"caption": "A cat.", "path": "b.jpg", "id": 1}\n');
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog.'], 'b.jpg': ['A cat.'] });
    expect(data.problems).toEqual([]);
  });

  it('reads captions, caption and split, and reports the rest', async () => {
    const data = await read(
      [
        '{"image": "a.jpg", "captions": ["A dog.", "A hound."], "split": "dev"}',
        '{"image": "b.jpg", "caption": "A cat.", "split": "train"}',
        '{"image": "a.jpg", "caption": "A puppy."}',
        '',
        '{"image": "c.jpg"}',
        '{"image": 3, "caption": "A cow."}',
        '{"image": "c.jpg", "captions": [4, "A cow."], "split": null}',
        '{"image": "c.jpg", "caption": "A',
        '"text"',
        '{"image": "b.jpg", "caption": "Cats.", "split": "val"}',
        '{"image": "b.jpg", "caption": "Cats.", "split": 3}',
      ].join('\n'),
    );
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog.', 'A hound.', 'A puppy.'], 'b.jpg': ['A cat.', 'Cats.'], 'c.jpg': ['A cow.'] });
    expect(splits(data)).toEqual([['a.jpg', 'val'], ['b.jpg', 'train'], ['c.jpg', undefined]]);
    expect(notes(data)).toEqual([
      'captions:5: expected "captions" (or "caption"), found none',
      'captions:6: expected "image": a string, found 3',
      'captions:7: expected captions that are strings, found 4',
      expect.stringMatching(/^captions:8: is not valid JSON/),
      expect.stringMatching(/^captions:9: expected an object/),
      `captions:10: b.jpg is in split val here and in train at ${folder}/captions:2, which is kept`,
      'captions:11: expected "split": a string, found 3',
    ]);
  });

  it('may be a list in one JSON document', async () => {
    const records = [
      { image: 'a.jpg', captions: ['A dog.', 'A hound.'], split: 'dev' },
      { file_name: 'b.jpg', text: 'A cat.', split: 'train' },
      { image: 'c.jpg' },
      'c.jpg',
      null,
    ];
    for (const indent of [undefined, 2]) {
      const data = await read(JSON.stringify(records, null, indent), {}, 'captions.json');
      expect(byName(data)).toEqual({ 'a.jpg': ['A dog.', 'A hound.'], 'b.jpg': ['A cat.'] });
      expect(splits(data)).toEqual([['a.jpg', 'val'], ['b.jpg', 'train']]);
      expect(notes(data)).toEqual([
        'captions.json:[2]: expected "captions" (or "caption"), found none',
        'captions.json:[3]: expected an object with "image" and "captions", found "c.jpg"',
        'captions.json:[4]: expected an object with "image" and "captions", found null',
      ]);
    }
    await expect(read('[]')).rejects.toThrow('the file holds none');
    await expect(read('['.repeat(100_000))).rejects.toThrow(/captions:1: is not valid JSON \(found objects or lists more than 100 deep at position 100\)/);
    await expect(read('[\n{"image": "a.jpg"},\n')).rejects.toThrow(/captions:3: is not valid JSON/);
    await expect(read('{\n"image": "a.jpg",\n"caption": "A dog."}')).rejects.toThrow(/or a list of objects with "image" and "captions", found image, caption$/);
  });

  it('reports a line that nests without end, and reads the others', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const data = await read(`{"image": "a.jpg", "caption": "A dog."}\n{"image": "b.jpg", "captions": [${deep}]}\n`);
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog.'] });
    expect(notes(data)).toEqual([expect.stringContaining('captions:2: is not valid JSON (found objects or lists more than 100 deep at position')]);
  });

  it('is recognised when its only line is longer than what is looked at', async () => {
    const long = JSON.stringify({ image: 'a.jpg', captions: Array.from({ length: 5000 }, (_, i) => `Dog number ${i}.`) });
    expect((await read(long)).examples[0]?.captions).toHaveLength(5000);
    expect((await read(`${long}\n${long}`)).problems).toHaveLength(5000);
  });
});

describe('all formats', () => {
  it('report missing images once, names that leave the folder, bad encodings and repeated captions', async () => {
    const content = Buffer.concat([
      Buffer.from(`image,caption\na.jpg,A dog.\nzzz.jpg,A cat.\nzzz.jpg,A cow.\n../outside.jpg,A pig.\n${folder}/outside.jpg,A hen.\nsub,A fox.\n`),
      Buffer.from('a.jpg,Caf\xe9 noir.\n', 'latin1'),
      Buffer.from('a.jpg,A  dog. \nsub/../b.jpg,A goat.\nC:\\x.jpg,A bat.\n,Nobody.\nsub/../a.jpg,A wolf.\n'),
    ]);
    const data = await read(content);
    expect(byName(data)).toEqual({ 'a.jpg': ['A dog.'], 'b.jpg': ['A goat.'] });
    expect(notes(data)).toEqual([
      `captions:8: ${NOT_UTF8}`,
      'captions:9: a.jpg has this caption already: "A dog."',
      'captions:12: the name of the image is empty',
      `captions:3: image "zzz.jpg" not found in ${images}`,
      `captions:5: image "../outside.jpg" leaves the folder of images; write it relative to ${images}`,
      `captions:6: image "${folder}/outside.jpg" leaves the folder of images; write it relative to ${images}`,
      `captions:7: image "sub" not found in ${images}`,
      `captions:11: image "C:\\\\x.jpg" leaves the folder of images; write it relative to ${images}`,
      `captions:13: sub/../a.jpg is the same file as a.jpg at ${folder}/captions:2, which is kept`,
    ]);
  });

  it('say which folder would find images whose names begin with that of their folder', async () => {
    const data = await read('image,caption\na.jpg,A dog.\nimages/b.jpg,A cat.\nimages/zzz.jpg,A cow.\nimages/sub,A pig.\n');
    expect(notes(data)).toEqual([
      `captions:3: image "images/b.jpg" not found in ${images}; ${images}/b.jpg is there: --images ${folder} would find it`,
      `captions:4: image "images/zzz.jpg" not found in ${images}`,
      `captions:5: image "images/sub" not found in ${images}`,
    ]);
    const deeper = await readCaptionSource({ images: join(images, 'sub'), captions: file('names', 'e.jpg,A dog.\nimages/sub/e.jpg,A cat.\n') });
    expect(deeper.problems[0]?.message).toContain(`${images}/sub/e.jpg is there: --images ${folder} would find it`);
  });

  it('fail when nothing is left, or with strict on the first problem', async () => {
    const content = 'image,caption\nzzz.jpg,A cat.\n';
    await expect(read(content)).rejects.toThrow(/no captioned file is left; .*captions:2: image "zzz.jpg" not found/);
    await expect(read(`${content}a.jpg,A dog.\n`, { strict: true })).rejects.toThrow(/captions:2: image .*strict/);
    expect((await read('image,caption\na.jpg,A dog.\n', { strict: true })).examples).toHaveLength(1);
    await expect(read('image,caption\n')).rejects.toThrow('the file holds none');
  });

  it('say what is wrong with the file itself', async () => {
    const failure = async (captions: string, folderOfImages = images): Promise<unknown> =>
      readCaptionSource({ images: folderOfImages, captions }).catch((error: unknown) => error);
    for (const [found, message] of [
      [await failure(join(folder, 'none.csv')), 'no such captions file'],
      [await failure(folder), 'is a folder'],
      [await failure(file('empty', '')), 'is empty'],
      [await failure(file('blank', ' \n\n')), 'is empty'],
      [await failure(file('utf16', Buffer.from('\uFEFFimage,caption\na.jpg,A', 'utf16le'))), 'is UTF-16, expected UTF-8 (save it as that)'],
      [await failure(file('wide', Buffer.from('image,caption\na.jpg,A', 'utf16le'))), 'has NUL bytes, as UTF-16 and spreadsheets do'],
      [await failure(file('good', 'a.jpg,A dog.'), join(folder, 'nowhere')), 'no such folder of images'],
      [await failure(file('good', 'a.jpg,A dog.'), join(folder, 'x'.repeat(300))), 'the name is too long'],
      [await failure(file('long', `${'x'.repeat(300)}.jpg,A dog.`)), 'x.jpg": the name is too long'],
    ] as const) {
      expect(found).toBeInstanceOf(UserError);
      expect((found as UserError).message).toContain(message);
    }
  });

  it('are read piece by piece', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `a.jpg#${i}\tSố ${i} trong nhiều câu .\n`);
    const data = await read(rows.join(''));
    expect(data.examples[0]?.captions).toHaveLength(20_000);
  });
});
