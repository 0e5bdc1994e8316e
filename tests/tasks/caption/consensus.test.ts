/** Photos that look alike: the search for them, and what their captions change in the choice. */
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { ciderSimilarity, ciderVector, inverseDocumentFrequency } from '../../../src/metrics/cider.js';
import { ptbTokenize } from '../../../src/metrics/ptb-tokenizer.js';
import { Random } from '../../../src/shared/random.js';
import { setQuiet } from '../../../src/shared/log.js';
import { type ConsensusOptions, createConsensus } from '../../../src/tasks/caption/consensus.js';
import { createMember } from '../../../src/tasks/caption/members.js';
import { createPhotoIndex, poolFeatures } from '../../../src/tasks/caption/nearest.js';
import { type CaptionOptions, createCaptioner } from '../../../src/tasks/caption/predict.js';
import { encodeImages } from '../../../src/tasks/encoder/encode.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

/** Shades beside each other look alike. */
const SHADES = ['#ff0000', '#f01008', '#00ff00', '#10f008', '#0000ff', '#0810f0'];
const CAPTIONS = ['A red wall.', 'A crimson wall.', 'A green field.', 'A lush field.', 'A blue sky.', 'A clear sky.'];

const model = tinyCaptionModel();
let folder: string;
let photos: string[];

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  photos = SHADES.map((_, index) => join(folder, `${index}.png`));
  for (const [index, shade] of SHADES.entries()) await writePicture(photos[index] ?? '', shade);
  const rows = CAPTIONS.map((caption, index) => `${index}.png,${caption}`);
  await writeFile(join(folder, 'captions.csv'), `image,caption\n${rows.join('\n')}\n`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (change: Partial<ConsensusOptions> = {}): ConsensusOptions => ({
  sources: [{ images: folder, captions: join(folder, 'captions.csv') }],
  cacheDirectory: join(folder, 'cache'),
  ...change,
});

const vectorOf = (caption: string) =>
  ciderVector(ptbTokenize(caption), inverseDocumentFrequency(CAPTIONS.map((text) => [ptbTokenize(text)])));

/** Features [1, h, w, c] of a photo. */
async function featuresOf(photo: string): Promise<tf.Tensor> {
  const member = createMember(model);
  for await (const image of encodeImages(member.encoder, [photo], { batchSize: 1 })) {
    member.dispose();
    if ('error' in image) throw image.error;
    const { gridLength, featureSize } = model.config.captioner;
    const side = Math.sqrt(gridLength);
    return tf.tensor4d(image.features, [1, side, side, featureSize]);
  }
  throw new Error('no photo');
}

describe('the index of photos', () => {
  test('finds what a plain search finds, nearest first, never more than there are', async () => {
    const random = new Random(3);
    const unit = (): Float32Array => {
      const values = Float32Array.from({ length: 8 }, () => random.normal());
      return values.map((value) => value / Math.hypot(...values));
    };
    const known = Array.from({ length: 20 }, unit);
    const asked = Array.from({ length: 5 }, unit);
    const index = createPhotoIndex(known);
    const queries = tf.tensor2d(asked.map((vector) => [...vector]));
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    for (const count of [1, 4, 50]) {
      const found = await index.nearest(queries, count);
      const expected = asked.map((vector) =>
        known
          .map((other, place) => ({ place, cosine: dot(vector, other) }))
          .sort((a, b) => b.cosine - a.cosine)
          .slice(0, count)
          .map(({ place }) => place),
      );
      expect(found).toEqual(expected);
    }
    index.dispose();
  });

  test('pooled features are means over the grid, of length 1', async () => {
    const features = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const [[a = 0, b = 0] = []] = await poolFeatures(features).array();
    expect(a / b).toBeCloseTo(4 / 5);
    expect(Math.hypot(a, b)).toBeCloseTo(1);
  });
});

describe('consensus', () => {
  test('is what was said of the photos that look most alike, the photo itself left out under any name', async () => {
    const link = join(folder, 'link');
    await mkdir(link, { recursive: true });
    await symlink(photos[2] ?? '', join(link, 'green.png'));
    const consensus = await createConsensus(model, options({ neighbours: 1, weight: 2 }));
    for (const path of [photos[2] ?? '', join(link, 'green.png')]) {
      const [near] = await consensus.near(await featuresOf(path), [path]);
      expect(near?.captions).toEqual([vectorOf('A lush field.')]);
      expect(near?.weight).toBe(2);
      expect(near?.weightOf('a')).toBe(0);
      expect(near?.weightOf('red')).toBeCloseTo(Math.log(6));
    }
    const copy = join(link, 'copy.png');
    await writePicture(copy, SHADES[2] ?? '');
    const [near] = await consensus.near(await featuresOf(copy), [copy]);
    expect(near?.captions).toEqual([vectorOf('A green field.')]);
    consensus.dispose();
  });

  test('a photo that two sources have is one photo with the captions of both', async () => {
    const second = join(folder, 'second.csv');
    await writeFile(second, 'image,caption\n1.png,A dark red wall.\n');
    const { sources } = options();
    const both = [...sources, { images: folder, captions: second }];
    const consensus = await createConsensus(model, options({ sources: both, neighbours: 1 }));
    const path = photos[0] ?? '';
    const [near] = await consensus.near(await featuresOf(path), [path]);
    expect(near?.captions.map(({ length }) => length)).toEqual([3, 4]);
    consensus.dispose();
  });

  test('photos of validation and test parts have no say', async () => {
    const split = join(folder, 'split.jsonl');
    const line = (index: number, part: string): string =>
      JSON.stringify({ image: `${index}.png`, captions: [CAPTIONS[index]], split: part });
    await writeFile(split, `${[line(0, 'val'), line(1, 'test'), line(2, 'train')].join('\n')}\n`);
    const sources = [{ images: folder, captions: split }];
    const consensus = await createConsensus(model, options({ sources }));
    const path = photos[0] ?? '';
    const [near] = await consensus.near(await featuresOf(path), [path]);
    expect(near?.captions).toHaveLength(1);
    consensus.dispose();
    await writeFile(split, `${line(0, 'val')}\n`);
    await expect(createConsensus(model, options({ sources }))).rejects.toThrow('val and test parts');
  });

  test('chooses among the captions found by score and mean CIDEr-D, and shows the rest in that order', async () => {
    const captioner = createCaptioner(model);
    const captions = async (change: CaptionOptions): Promise<{ caption: string; logProbability: number }[]> => {
      const decoding = { beamWidth: 6, lengthPenalty: 0, maximumLength: 4, candidates: 6, ...change };
      for await (const result of captioner.caption([photos[0] ?? ''], decoding)) {
        if ('caption' in result) return [...(result.candidates ?? [result])];
      }
      throw new Error('no caption');
    };
    const plain = await captions({});
    // One of the last becomes what was said of the only other photo.
    const wanted = plain.findLast(({ caption }) => ptbTokenize(caption).length > 1) ?? { caption: '' };
    expect(wanted.caption).not.toBe(plain[0]?.caption);
    const said = join(folder, 'said.csv');
    const rows = [`1.png,${wanted.caption}`, ...[2, 3, 4].map((index) => `${index}.png,nothing like it at all`)];
    await writeFile(said, `image,caption\n${rows.join('\n')}\n`);
    const consensus = options({ sources: [{ images: folder, captions: said }], neighbours: 1, weight: 10 });
    const chosen = await captions({ consensus });
    expect(chosen[0]?.caption).toBe(wanted.caption);
    expect(chosen.map(({ caption }) => caption).toSorted()).toEqual(plain.map(({ caption }) => caption).toSorted());
    const weightOf = inverseDocumentFrequency(rows.map((row) => [ptbTokenize(row.slice(row.indexOf(',') + 1))]));
    const truth = ciderVector(ptbTokenize(wanted.caption), weightOf);
    const values = chosen.map(
      ({ caption, logProbability }) =>
        logProbability + 10 * ciderSimilarity(ciderVector(ptbTokenize(caption), weightOf), truth),
    );
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    // Asked for one caption, it chooses among as many as there are beams.
    expect((await captions({ consensus, candidates: 1 }))[0]?.caption).toBe(wanted.caption);
    expect(await captions({})).toEqual(plain);
    captioner.dispose();
  });

  test.each([{ neighbours: 0 }, { neighbours: 1.5 }, { weight: -1 }, { weight: NaN }])(
    '%j is refused',
    async (change) => {
      await expect(createConsensus(model, options(change))).rejects.toThrow(
        `consensus.${Object.keys(change).join()}: expected a `,
      );
    },
  );
});
