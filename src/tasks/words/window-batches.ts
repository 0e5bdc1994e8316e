/** Batches for the full softmax: places of the text in order, each with the words around it, as word2vec draws them. */
import { isKept } from '../../models/word2vec/index.js';
import type { Random } from '../../shared/random.js';
import type { WordCorpus } from './corpus.js';

export interface WindowBatch {
  readonly places: number;
  /** Words around a place at most: twice the window. */
  readonly around: number;
  /** [places]; places that fill up the last batch have no words around them. */
  readonly centers: Int32Array;
  /** [places, around]. */
  readonly contexts: Int32Array;
  /** 1 where `contexts` has a word: [places, around]. */
  readonly mask: Float32Array;
  /** How many words that are. */
  readonly words: number;
}

export interface WindowBatchOptions {
  readonly window: number;
  /** Of each word, see `keepThresholds`. */
  readonly keepThresholds: Float64Array;
  /** Places a batch. */
  readonly batchSize: number;
  readonly random: Random;
}

/** The batches of an epoch. Places with no word around them are left out. */
export function* windowBatches(corpus: WordCorpus, options: WindowBatchOptions): Generator<WindowBatch> {
  const { window, batchSize, random } = options;
  let batch = new BatchBuilder(batchSize, 2 * window);
  for (const sentence of keptSentences(corpus, options)) {
    for (const place of sentence.keys()) {
      const reach = 1 + random.integer(window);
      const around = [
        ...sentence.slice(Math.max(0, place - reach), place),
        ...sentence.slice(place + 1, place + reach + 1),
      ];
      if (around.length === 0) continue;
      batch.add(sentence[place] as number, around);
      if (!batch.isFull) continue;
      yield batch.finish();
      batch = new BatchBuilder(batchSize, 2 * window);
    }
  }
  if (!batch.isEmpty) yield batch.finish();
}

/** The words of each sentence that are kept. */
function* keptSentences(
  { tokens, sentenceStarts }: WordCorpus,
  { keepThresholds, random }: WindowBatchOptions,
): Generator<Int32Array> {
  for (let i = 1; i < sentenceStarts.length; i++) {
    const sentence = tokens.subarray(sentenceStarts[i - 1], sentenceStarts[i]);
    yield sentence.filter((word) => isKept(keepThresholds[word] as number, random.nextInt32() >>> 0));
  }
}

class BatchBuilder {
  readonly #centers: Int32Array;
  readonly #contexts: Int32Array;
  readonly #mask: Float32Array;
  #length = 0;
  #words = 0;

  constructor(
    private readonly places: number,
    private readonly around: number,
  ) {
    this.#centers = new Int32Array(places);
    this.#contexts = new Int32Array(places * around);
    this.#mask = new Float32Array(places * around);
  }

  get isFull(): boolean {
    return this.#length === this.places;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(center: number, around: readonly number[]): void {
    const begin = this.#length * this.around;
    this.#centers[this.#length++] = center;
    this.#contexts.set(around, begin);
    this.#mask.fill(1, begin, begin + around.length);
    this.#words += around.length;
  }

  finish(): WindowBatch {
    return {
      places: this.places,
      around: this.around,
      centers: this.#centers,
      contexts: this.#contexts,
      mask: this.#mask,
      words: this.#words,
    };
  }
}
