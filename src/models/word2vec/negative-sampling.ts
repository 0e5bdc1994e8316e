/**
 * Skip-gram and CBOW by negative sampling (Mikolov et al. 2013b, equation 4): for a hidden vector h, the word o that is
 * to be predicted and drawn words n, minimise
 *
 *     −log σ(u_o · h) − Σ_n log σ(−u_n · h)
 *
 * Each step changes a few rows of two tables, so it runs as loops over shared memory and not as tensors; threads change
 * the tables without locks (Recht et al. 2011). Nothing is allocated per word.
 */
import { Random } from '../../shared/random.js';
import type { Word2VecArchitecture } from './config.js';
import type { Kernel } from './kernel.js';
import { FLOAT_BYTES, type MemoryLayout, placesOf, type ThreadPlaces } from './memory.js';
import { type AliasTable, drawFrom, isKept } from './sampling.js';

export interface NegativeSamplingRecipe {
  readonly architecture: Word2VecArchitecture;
  /** The largest distance of a word that is predicted; the distance at each place is drawn from 1 to this. */
  readonly window: number;
  /** Drawn words for each that is predicted. */
  readonly negatives: number;
  /** Falls in a straight line over all epochs to `minimumLearningRate`. */
  readonly learningRate: number;
  readonly minimumLearningRate: number;
  readonly epochs: number;
  readonly seed: number;
}

/** The text as numbers; the arrays lie on memory that threads share. */
export interface TrainingText {
  /** The words of all sentences, one after the other. */
  readonly tokens: Int32Array;
  /** Where each sentence starts in `tokens`, and where the last ends. */
  readonly sentenceStarts: Uint32Array;
  /** The first sentence of each job (what a thread takes at a time), and the end of the last. */
  readonly jobStarts: Uint32Array;
  /** What negatives are drawn from. */
  readonly noise: AliasTable;
  /** Of each word (see `keepThresholds`). */
  readonly keepThresholds: Float64Array;
}

/** Everything that the threads of a training share. */
export interface SharedTraining {
  readonly recipe: NegativeSamplingRecipe;
  readonly text: TrainingText;
  readonly layout: MemoryLayout;
  readonly memory: WebAssembly.Memory;
}

/** Rows of one table that a step takes at most. */
export function rowsAtOnce({ negatives, window }: Pick<NegativeSamplingRecipe, 'negatives' | 'window'>): number {
  return Math.max(negatives + 1, 2 * window);
}

/** Jobs of an epoch. */
export function jobsPerEpoch({ jobStarts }: TrainingText): number {
  return jobStarts.length - 1;
}

/** Words of the jobs before `job`, which counts over all epochs. */
export function wordsBefore(text: TrainingText, job: number): number {
  const { sentenceStarts, jobStarts } = text;
  const jobs = jobsPerEpoch(text);
  const total = sentenceStarts[sentenceStarts.length - 1] as number;
  return Math.floor(job / jobs) * total + (sentenceStarts[jobStarts[job % jobs] as number] as number);
}

/** The learning rate of `job`. */
export function learningRateOf({ recipe, text }: Pick<SharedTraining, 'recipe' | 'text'>, job: number): number {
  const { learningRate, minimumLearningRate, epochs } = recipe;
  const share = wordsBefore(text, job) / wordsBefore(text, epochs * jobsPerEpoch(text));
  return learningRate + (minimumLearningRate - learningRate) * share;
}

/** The logistic function at steps between ±8, and straight lines between them: off by 4e-6 at most, beyond 4e-4. */
const SIGMOID_LIMIT = 8;
const SIGMOID_STEPS_PER_UNIT = 64;
const SIGMOID = Float64Array.from(
  { length: 2 * SIGMOID_LIMIT * SIGMOID_STEPS_PER_UNIT + 1 },
  (_, i) => 1 / (1 + Math.exp(SIGMOID_LIMIT - i / SIGMOID_STEPS_PER_UNIT)),
);

function sigmoid(x: number): number {
  if (!(x > -SIGMOID_LIMIT)) return 0;
  if (x >= SIGMOID_LIMIT) return 1;
  const position = (x + SIGMOID_LIMIT) * SIGMOID_STEPS_PER_UNIT;
  const step = Math.trunc(position);
  const low = SIGMOID[step] as number;
  return low + (position - step) * ((SIGMOID[step + 1] as number) - low);
}

/** Trains on jobs, one at a time; each thread has its own. */
export class NegativeSamplingTrainer {
  readonly #training: SharedTraining;
  readonly #kernel: Kernel;
  readonly #places: ThreadPlaces;
  readonly #floats: Float32Array;
  readonly #offsets: Uint32Array;
  readonly #sentence: Int32Array;
  readonly #baseSeed: number;

  constructor(training: SharedTraining, kernelModule: WebAssembly.Module, thread: number) {
    const { memory, layout, text, recipe } = training;
    this.#training = training;
    this.#kernel = new WebAssembly.Instance(kernelModule, { word2vec: { memory } }).exports as unknown as Kernel;
    this.#places = placesOf(layout, thread);
    this.#floats = new Float32Array(memory.buffer);
    this.#offsets = new Uint32Array(memory.buffer);
    this.#sentence = new Int32Array(longestSentence(text));
    this.#baseSeed = new Random(recipe.seed).nextInt32() >>> 0;
  }

  /** Trains on job number `job` of all epochs. What is drawn depends on the seed and that number alone. */
  train(job: number): void {
    const { text } = this.#training;
    const random = new Random(this.#baseSeed + job * 0x1_0000_0000);
    const rate = learningRateOf(this.#training, job);
    const jobInEpoch = job % jobsPerEpoch(text);
    const end = text.jobStarts[jobInEpoch + 1] as number;
    for (let sentence = text.jobStarts[jobInEpoch] as number; sentence < end; sentence++) {
      const length = this.#takeSentence(sentence, random);
      for (let place = 0; place < length; place++) this.#trainPlace(place, length, random, rate);
    }
  }

  /** Copies the words of a sentence that are kept; returns how many there are. */
  #takeSentence(sentence: number, random: Random): number {
    const { tokens, sentenceStarts, keepThresholds } = this.#training.text;
    const words = this.#sentence;
    const end = sentenceStarts[sentence + 1] as number;
    let length = 0;
    for (let at = sentenceStarts[sentence] as number; at < end; at++) {
      const word = tokens[at] as number;
      if (isKept(keepThresholds[word] as number, random.nextInt32() >>> 0)) words[length++] = word;
    }
    return length;
  }

  #trainPlace(place: number, length: number, random: Random, rate: number): void {
    const { architecture, window } = this.#training.recipe;
    const reach = 1 + random.integer(window);
    const from = Math.max(0, place - reach);
    const to = Math.min(length, place + reach + 1);
    if (to - from === 1) return;
    if (architecture === 'cbow') this.#predictFromMean(place, from, to, random, rate);
    else this.#predictAround(place, from, to, random, rate);
  }

  /** Skip-gram: each word around `place` from the word there. */
  #predictAround(place: number, from: number, to: number, random: Random, rate: number): void {
    const { stride, inputAt } = this.#training.layout;
    const { contextAt } = this.#places;
    const row = inputAt + (this.#sentence[place] as number) * stride;
    this.#offsets[contextAt / FLOAT_BYTES] = row;
    for (let other = from; other < to; other++) {
      if (other === place) continue;
      this.#drawTargets(this.#sentence[other] as number, random);
      this.#stepTargets(row, rate);
      this.#moveContext(1);
    }
  }

  /**
   * CBOW: the word at `place` from the mean of those around it. Each of them moves by the whole change of the mean, as
   * in the authors' program; the exact gradient is that divided by their number.
   */
  #predictFromMean(place: number, from: number, to: number, random: Random, rate: number): void {
    const { stride, inputAt } = this.#training.layout;
    const { hiddenAt, contextAt, weightsAt } = this.#places;
    const count = to - from - 1;
    let at = contextAt / FLOAT_BYTES;
    for (let other = from; other < to; other++) {
      if (other !== place) this.#offsets[at++] = inputAt + (this.#sentence[other] as number) * stride;
    }
    this.#fill(weightsAt, count, 1 / count);
    this.#fill(hiddenAt, stride / FLOAT_BYTES, 0);
    this.#kernel.combine(hiddenAt, contextAt, weightsAt, count, stride);
    this.#drawTargets(this.#sentence[place] as number, random);
    this.#stepTargets(hiddenAt, rate);
    this.#moveContext(count);
  }

  /** The word to predict, and words drawn in its stead; where that word itself is drawn, the next by frequency. */
  #drawTargets(word: number, random: Random): void {
    const { stride, outputAt } = this.#training.layout;
    const { noise } = this.#training.text;
    const at = this.#places.targetsAt / FLOAT_BYTES;
    const { negatives } = this.#training.recipe;
    this.#offsets[at] = outputAt + word * stride;
    for (let i = 1; i <= negatives; i++) {
      let drawn = drawFrom(noise, random.nextInt32() >>> 0);
      if (drawn === word) drawn = (drawn + 1) % noise.alias.length;
      this.#offsets[at + i] = outputAt + drawn * stride;
    }
  }

  /** Moves the rows of the targets against their gradient, and puts by how much the hidden vector is to move. */
  #stepTargets(hiddenAt: number, rate: number): void {
    const { stride } = this.#training.layout;
    const { targetsAt, factorsAt, changeAt } = this.#places;
    const count = this.#training.recipe.negatives + 1;
    this.#kernel.dots(hiddenAt, targetsAt, factorsAt, count, stride);
    const at = factorsAt / FLOAT_BYTES;
    this.#floats[at] = (1 - sigmoid(this.#floats[at] as number)) * rate;
    for (let i = at + 1; i < at + count; i++) this.#floats[i] = -sigmoid(this.#floats[i] as number) * rate;
    this.#fill(changeAt, stride / FLOAT_BYTES, 0);
    this.#kernel.combine(changeAt, targetsAt, factorsAt, count, stride);
    this.#kernel.spread(hiddenAt, targetsAt, factorsAt, count, stride);
  }

  /** Adds the change to the rows of the context. */
  #moveContext(count: number): void {
    const { changeAt, contextAt, weightsAt } = this.#places;
    this.#fill(weightsAt, count, 1);
    this.#kernel.spread(changeAt, contextAt, weightsAt, count, this.#training.layout.stride);
  }

  #fill(begin: number, count: number, value: number): void {
    const floats = this.#floats;
    const start = begin / FLOAT_BYTES;
    for (let i = start; i < start + count; i++) floats[i] = value;
  }
}

function longestSentence({ sentenceStarts }: TrainingText): number {
  let longest = 0;
  for (let i = 1; i < sentenceStarts.length; i++) {
    longest = Math.max(longest, (sentenceStarts[i] as number) - (sentenceStarts[i - 1] as number));
  }
  return longest;
}
