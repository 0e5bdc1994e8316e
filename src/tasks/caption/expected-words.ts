/**
 * The words that are expected of a photo have a say in which of the captions found for it is given: learnt from the training
 * photos by what the captioner's own encoder says of them, when everything else is trained.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { RidgeRegression } from '../../models/expected-words/index.js';
import { given } from '../../shared/given.js';
import { note } from '../../shared/log.js';
import { DocumentFrequencies } from '../../text/document-frequencies.js';
import { tokenize } from '../../text/tokenizer.js';
import type { Agreement } from './choose.js';
import { type CaptionModel, type ExpectedWords, loadCaptionModel, saveCaptionModel } from './model.js';
import { cachePooled, matrixOf, type PooledPhotos } from './nearest.js';

export interface ExpectedWordsOptions {
  /** What the model's encoder says of the photos, where that is known; otherwise each goes through it. */
  readonly pooled?: PooledPhotos | undefined;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
}

/** More words than these 1,250, said of 20 of the 9,296 photos of the shipped captioner, gain nothing there. */
const MOST_WORDS = 1250;
/** Of what fewer photos have little can be learnt. */
const FEWEST_PHOTOS = 5;
/** In units of the features' mean variance; from 0.06 to 0.6 much is the same (benchmarks/captions.md). */
const RIDGE = 0.2;
const BATCH_SIZE = 256;

/**
 * Learns from `examples` which words are expected of photos, each of which goes through the model's encoder once at most and
 * never again. Undefined where no word is said of five photos. Throws the signal's reason when it is aborted.
 */
export async function learnExpectedWords(
  model: CaptionModel,
  examples: readonly CaptionedImage[],
  { pooled: known, cacheDirectory, signal }: ExpectedWordsOptions = {},
): Promise<ExpectedWords | undefined> {
  const said = new Set(model.vocabulary.tokens);
  const images = examples.map(({ image }) => image);
  const pooled = known ?? (await cachePooled(model, { images, ...given({ directory: cacheDirectory, signal }) }));
  signal?.throwIfAborted();
  const photos = examples
    .filter(({ image }) => pooled.usable.has(image))
    .map(({ image, captions }) => ({ image, captions: captions.map(tokenize) }));
  const frequencies = DocumentFrequencies.of(
    photos.map(({ captions }) => captions.flat()),
    (word) => said.has(word),
  );
  const words = frequencies.words.slice(0, MOST_WORDS).filter((word) => frequencies.countOf(word) >= FEWEST_PHOTOS);
  if (words.length === 0) return undefined;
  const weights = await regress(photos, { pooled, frequencies, words });
  note(`learnt which of ${words.length} words are expected of photos, from ${photos.length} of them`);
  return { frequencies, config: { featureSize: weights.mean.values.length, words: words.length }, weights };
}

/** `learnExpectedWords` for the captioner of photos in `folder`, which is saved again with what was learnt. */
export async function addExpectedWords(
  folder: string,
  examples: readonly CaptionedImage[],
  options: ExpectedWordsOptions = {},
): Promise<void> {
  const { expectedWords: _before, ...model } = await loadCaptionModel(folder);
  const expectedWords = await learnExpectedWords(model, examples, options);
  if (expectedWords === undefined) return;
  const modelCard = await readFile(join(folder, 'README.md'), 'utf8');
  await saveCaptionModel(folder, { ...model, expectedWords }, { modelCard, precision: 'F16' });
}

interface TokenizedPhoto {
  readonly image: string;
  readonly captions: readonly (readonly string[])[];
}

interface Learning {
  readonly pooled: PooledPhotos;
  readonly frequencies: DocumentFrequencies;
  readonly words: readonly string[];
}

async function regress(photos: readonly TokenizedPhoto[], { pooled, frequencies, words }: Learning) {
  const columns = new Map(words.map((word, column) => [word, column]));
  const targetOf = ({ captions }: TokenizedPhoto): Float32Array => {
    const target = new Float32Array(words.length);
    for (const caption of captions) {
      for (const [word, weight] of frequencies.vectorOf(caption)) {
        const column = columns.get(word);
        if (column !== undefined) target[column] = (target[column] as number) + weight / captions.length;
      }
    }
    return target;
  };
  let regression: RidgeRegression | undefined;
  try {
    for (let begin = 0; begin < photos.length; begin += BATCH_SIZE) {
      const batch = photos.slice(begin, begin + BATCH_SIZE);
      const x = matrixOf(batch.map(({ image }) => pooled.vectorOf(image)));
      const y = matrixOf(batch.map(targetOf));
      regression ??= new RidgeRegression(x.shape[1], words.length);
      regression.add(x, y);
      tf.dispose([x, y]);
    }
    if (regression === undefined) throw new Error('no photo to learn from');
    return await regression.solve({ ridge: RIDGE });
  } finally {
    regression?.dispose();
  }
}

/** As CIDEr-D is. */
const SCALE = 10;

/**
 * How well a caption agrees with what is expected of a photo (`expected` [words], a share for each of the first words of
 * `frequencies`): the expected cosine between its tf-idf vector and that of a caption by people, times ten, so that it is
 * CIDEr's first order. As in CIDEr-D, what a word gains by coming twice is clipped: it makes the vector longer alone.
 */
export function agreementWithExpected({ words, frequencies }: WordTable, expected: Float32Array): Agreement {
  return (caption) => {
    let sum = 0;
    for (const [word, weight] of frequencies.vectorOf(caption.words)) {
      const column = words.get(word);
      if (column === undefined) continue;
      const times = caption.words.filter((other) => other === word).length;
      sum += (weight / times) * (expected[column] as number);
    }
    return SCALE * sum;
  };
}

/** The words that something is expected of, by their places. */
export interface WordTable {
  readonly words: ReadonlyMap<string, number>;
  readonly frequencies: DocumentFrequencies;
}

/** The table of `expected`. */
export function wordTable({ frequencies, config }: Omit<ExpectedWords, 'weights'>): WordTable {
  return {
    words: new Map(frequencies.words.slice(0, config.words).map((word, column) => [word, column])),
    frequencies,
  };
}
