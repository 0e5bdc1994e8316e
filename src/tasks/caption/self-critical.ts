/**
 * Self-critical sequence training (Rennie et al. 2017): captions are sampled from the model itself and each word's
 * log-probability is pushed up or down by how much better or worse the caption scores than expected.
 *
 *     loss = −Σ (r(caption) − baseline) log P(caption)        r: CIDEr-D against the photo's captions, if asked with BLEU-1
 *
 * With one sample a photo the baseline is the greedy caption's reward, as in the paper; with more it is the mean reward
 * of the photo's other samples (Luo 2020). END counts as a word of the reward: without that, captions that break off
 * ("a dog with a") are not punished. What is dropped in training is dropped while captions are drawn too, by the same
 * masks, so that the gradient is of the probabilities by which they were drawn.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { rollOut } from '../../decoding/rollout.js';
import { bleu } from '../../metrics/bleu.js';
import { CiderScorer } from '../../metrics/cider.js';
import { type CaptionerState, startCaptions, stepCaptions, withoutWords } from '../../models/captioner/index.js';
import { defined } from '../../shared/assert.js';
import { counterUniform } from '../../shared/random.js';
import { tokenize } from '../../text/tokenizer.js';
import { END_ID, PADDING_ID, START_ID, UNSAID_IDS } from '../../text/vocabulary.js';
import type { CaptionModel } from './model.js';
import type { FeatureBatch, LossOptions, TrainableModel } from './train-model.js';

/**
 * The gradient must be of the probabilities by which the captions were drawn. Nothing is smoothed, and words that are
 * never said have no probability: a caption that scores badly would else become unlikely by expecting an unknown word in
 * its place, which is never drawn and which no reward takes back. Training then collapses within three epochs.
 */
export const POLICY_LOSS: LossOptions = {
  labelSmoothing: 0,
  attentionRegularization: 0,
  dropout: true,
  withoutWords: UNSAID_IDS,
};

export interface SelfCriticalOptions {
  readonly model: Pick<CaptionModel, 'config' | 'vocabulary'>;
  readonly trainable: TrainableModel;
  /** Of one photo's cached features: [h, w, c]; of a clip's: [frames, h, w, c]. */
  readonly shape: readonly number[];
  readonly train: readonly CaptionedImage[];
  /** Captions sampled of each photo, at least 1. */
  readonly samples: number;
  /** What BLEU-1 counts in the reward, beside CIDEr-D; default 0. */
  readonly bleuFactor?: number;
  /** Words of a caption at most, END included. */
  readonly maximumLength: number;
  /** Lengths are rounded up to a multiple of this: each length of a batch is compiled once. */
  readonly lengthMultiple: number;
  readonly seed: number;
}

export interface SelfCritical {
  /**
   * Samples captions of the photos of `batch` from the model as it is now; they take the place of its captions, with
   * their advantages as weights. `epoch` and `position` (of the batch in it) decide what is drawn.
   */
  sample(batch: FeatureBatch, at: Place): Promise<FeatureBatch>;
  /** The mean CIDEr-D of the captions sampled since the last call. */
  takeMeanReward(): number;
}

/**
 * `model` with its logits multiplied by `factor`. Label smoothing teaches a model to leave some of the probability on all
 * words alike, so that nearly every caption that is sampled from it holds a word out of nowhere, and the first thing
 * that rewards teach is to say less (on Flickr8k captions shrank to "a man is wearing a black"). At twice the logits the
 * samples' CIDEr-D is 0.74 instead of 0.26, at the same length. A model whose output layer is its embedding stays as it is.
 */
export function sharpened(model: CaptionModel, factor: number): CaptionModel {
  const table = 'output/table';
  if (model.captioner[table] === undefined) return model;
  const scaled = [table, 'output/bias'].map((name) => {
    const { shape, values } = defined(model.captioner[name], name);
    return [name, { shape, values: values.map((value) => value * factor) }] as const;
  });
  return { ...model, captioner: { ...model.captioner, ...Object.fromEntries(scaled) } };
}

/** Prepares the rewards of the training photos. */
export function createSelfCritical(options: SelfCriticalOptions): SelfCritical {
  const { samples, maximumLength } = options;
  const reward = createReward(options);
  const rewardsOf = ({ imageIndices }: FeatureBatch, drawn: Int32Array, each: number): Reward[] =>
    Array.from({ length: imageIndices.length * each }, (_, row) =>
      reward(rowOf(drawn, row, maximumLength), imageIndices[Math.floor(row / each)] as number),
    );
  let total = { sum: 0, count: 0 };
  return {
    async sample(batch, at) {
      const dropoutSeed = dropoutSeedOf(options.seed, at);
      const { sampled, greedy } = await drawCaptions(options, batch, { ...at, dropoutSeed });
      const rewards = rewardsOf(batch, sampled, samples);
      total = {
        sum: total.sum + rewards.reduce((sum, { ciderD }) => sum + ciderD, 0),
        count: total.count + rewards.length,
      };
      const earned = rewards.map((own) => own.total);
      const baselines =
        greedy === undefined ? meansOfOthers(earned, samples) : rewardsOf(batch, greedy, 1).map((own) => own.total);
      const weights = Float32Array.from(earned, (own, row) => own - (baselines[row] as number));
      const tokens = asTokens(sampled, batch.imageIndices.length * samples, options);
      return { ...batch, ...tokens, weights, dropoutSeed };
    },
    takeMeanReward() {
      const { sum, count } = total;
      total = { sum: 0, count: 0 };
      return count === 0 ? 0 : sum / count;
    },
  };
}

interface Reward {
  readonly ciderD: number;
  /** CIDEr-D, and BLEU-1 by its factor. */
  readonly total: number;
}

/** What a drawn caption of the training photo `image` earns. */
function createReward({
  model,
  train,
  bleuFactor = 0,
}: SelfCriticalOptions): (ids: Int32Array, image: number) => Reward {
  const end = model.vocabulary.tokenOf(END_ID);
  const references = train.map(({ captions }) => captions.map((caption) => tokenize(caption)));
  const scorer = new CiderScorer(references.map((own) => own.map((tokens) => [...tokens, end])));
  return (ids, image) => {
    const tokens = [...ids].filter((id) => id !== PADDING_ID).map((id) => model.vocabulary.tokenOf(id));
    const ciderD = scorer.score(tokens, image);
    if (bleuFactor === 0) return { ciderD, total: ciderD };
    const [bleu1 = 0] = bleu([tokens.filter((token) => token !== end)], [references[image] ?? []]);
    return { ciderD, total: ciderD + bleuFactor * bleu1 };
  };
}

const rowOf = (ids: Int32Array, row: number, length: number): Int32Array =>
  ids.subarray(row * length, (row + 1) * length);

/** For each reward the mean of the others of its group of `size`. */
export function meansOfOthers(rewards: readonly number[], size: number): number[] {
  return rewards.map((own, row) => {
    const first = row - (row % size);
    const sum = rewards.slice(first, first + size).reduce((a, b) => a + b, 0);
    return (sum - own) / (size - 1);
  });
}

interface Drawn {
  /** [n·samples, maximumLength] row by row: words, END, padding. */
  readonly sampled: Int32Array;
  /** The same of the greedy captions [n, maximumLength], where they are the baseline. */
  readonly greedy?: Int32Array;
}

/** Runs encoder (what is trained of it) and decoder, all steps and rows in one graph. */
async function drawCaptions(
  options: SelfCriticalOptions,
  { features, imageIndices }: FeatureBatch,
  at: Place & { readonly dropoutSeed: number },
): Promise<Drawn> {
  const { model, trainable, samples, maximumLength, shape } = options;
  const { captioner: config } = model.config;
  const images = imageIndices.length;
  const rows = images * samples;
  const tensors = tf.tidy(() => {
    const parameters = withoutWords(trainable.captionerOf(trainable.variables), UNSAID_IDS);
    const training = { dropoutSeed: tf.scalar(at.dropoutSeed, 'int32') };
    const gridOf = (dropped?: typeof training): tf.Tensor =>
      trainable.gridOf(tf.tensor(features, [images, ...shape]), trainable.variables, dropped);
    const rollout = {
      startId: START_ID,
      endId: END_ID,
      paddingId: PADDING_ID,
      length: maximumLength,
    };
    const uniform = tf.tensor2d(uniformNumbers(options, at, maximumLength * rows), [maximumLength, rows]);
    const sampled = rollOut(startCaptions(config, parameters, gridOf(training), { rows, training }), rows, {
      ...rollout,
      uniform,
      step: (tokens, state, time) => stepCaptions(config, parameters, state, tokens, { ...training, time }),
    });
    if (samples > 1) return [sampled];
    const step = (tokens: tf.Tensor, state: CaptionerState) => stepCaptions(config, parameters, state, tokens);
    return [sampled, rollOut(startCaptions(config, parameters, gridOf()), images, { ...rollout, step })];
  });
  const [sampled, greedy] = (await Promise.all(tensors.map((tensor) => tensor.data()))) as [Int32Array, Int32Array?];
  const drawn = { sampled: sampled.slice(), ...(greedy === undefined ? {} : { greedy: greedy.slice() }) };
  tf.dispose(tensors);
  return drawn;
}

/** A batch's place in training, on which alone what is drawn depends, so that an interrupted run draws the same. */
interface Place {
  readonly epoch: number;
  readonly position: number;
}

/** A 24-bit integer from a hash of seed and place. */
function streamOf(seed: number, { epoch, position }: Place): number {
  return Math.floor(counterUniform(Math.imul(seed + 1, 0x27d4eb2f) ^ epoch, position) * 2 ** 24);
}

const dropoutSeedOf = (seed: number, place: Place): number => streamOf(seed ^ 0x2545f491, place);

function uniformNumbers({ seed }: SelfCriticalOptions, place: Place, count: number): Float32Array {
  const stream = streamOf(seed, place) * 2 ** 7;
  return Float32Array.from({ length: count }, (_, index) => counterUniform(stream, index));
}

/** The sampled captions as a batch has them, START in front, no longer than the longest of them needs. */
function asTokens(
  sampled: Int32Array,
  rows: number,
  { maximumLength: steps, lengthMultiple }: SelfCriticalOptions,
): Pick<FeatureBatch, 'tokens' | 'captionCount' | 'length' | 'words'> {
  let longest = 1;
  let words = 0;
  sampled.forEach((id, at) => {
    if (id === PADDING_ID) return;
    words++;
    longest = Math.max(longest, (at % steps) + 1);
  });
  const kept = Math.min(steps, Math.ceil(longest / lengthMultiple) * lengthMultiple);
  const length = kept + 1;
  const tokens = new Int32Array(rows * length).fill(PADDING_ID);
  for (let row = 0; row < rows; row++) {
    tokens[row * length] = START_ID;
    tokens.set(sampled.subarray(row * steps, row * steps + kept), row * length + 1);
  }
  return { tokens, captionCount: rows, length, words };
}
