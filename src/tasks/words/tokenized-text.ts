/** A text as numbers while its vocabulary is not known yet: words are numbered as they come. */
import { UserError } from '../../shared/errors.js';
import { type CorpusSource, readTexts } from '../../text/corpus.js';
import { tokenize } from '../../text/tokenizer.js';

export interface TokenizedText {
  /** Each different word once. */
  readonly words: readonly string[];
  /** The numbers of the words of all sentences, one after the other. */
  readonly tokens: Int32Array;
  /** Where each sentence starts in `tokens`, and where the last ends. */
  readonly sentenceStarts: Uint32Array;
}

/** Words of a sentence; longer ones are cut, so that memory for one is bounded. */
const LONGEST_SENTENCE = 10_000;
/** A Map of V8 holds no more. */
const MOST_WORDS = 16_000_000;
/** Positions in the text are 32-bit numbers. */
const MOST_TOKENS = 2 ** 32 - 1;
const FIRST_CAPACITY = 1 << 16;

/** A typed array that grows. */
class Growing<T extends Int32Array | Uint32Array> {
  #values: T;
  length = 0;

  constructor(private readonly create: (length: number) => T) {
    this.#values = create(FIRST_CAPACITY);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.create(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  get values(): T {
    return this.#values.subarray(0, this.length) as T;
  }
}

/** Collects sentences of words. */
export class TextBuilder {
  readonly #ids = new Map<string, number>();
  readonly #tokens = new Growing((length) => new Int32Array(length));
  readonly #starts = new Growing((length) => new Uint32Array(length));

  /** @param where names the text in errors */
  constructor(private readonly where: string) {
    this.#starts.push(0);
  }

  addSentence(words: readonly string[]): void {
    for (const [position, word] of words.entries()) {
      if (position > 0 && position % LONGEST_SENTENCE === 0) this.#starts.push(this.#tokens.length);
      this.#tokens.push(this.#idOf(word));
    }
    if (words.length > 0) this.#starts.push(this.#tokens.length);
    if (this.#tokens.length > MOST_TOKENS) {
      throw new UserError(`${this.where}: has more than ${MOST_TOKENS} words (train on a part of it)`);
    }
  }

  finish(): TokenizedText {
    return { words: [...this.#ids.keys()], tokens: this.#tokens.values, sentenceStarts: this.#starts.values };
  }

  #idOf(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    if (id === MOST_WORDS) {
      throw new UserError(
        `${this.where}: has more than ${MOST_WORDS} different words (is it text? train on a part of it)`,
      );
    }
    this.#ids.set(word, id);
    return id;
  }
}

/** The texts of `source`, split into words; each text is a sentence. Throws UserError for what cannot be read. */
export async function tokenizeCorpus(source: CorpusSource, signal?: AbortSignal): Promise<TokenizedText> {
  const builder = new TextBuilder(source.path);
  for await (const text of readTexts(source)) {
    signal?.throwIfAborted();
    builder.addSentence(tokenize(text));
  }
  return builder.finish();
}

/** How often each word occurs. */
export function countWords({ words, tokens }: TokenizedText): Float64Array {
  const counts = new Float64Array(words.length);
  for (const word of tokens) counts[word] = (counts[word] as number) + 1;
  return counts;
}
