/** Which words a model knows, and their numbers. */
import { UserError } from '../shared/errors.js';

/** Fills up sequences that are shorter than others; never predicted. */
export const PADDING_ID = 0;
/** What is fed first. */
export const START_ID = 1;
/** What ends a sequence. */
export const END_ID = 2;
/** Stands for all words that are not known. */
export const UNKNOWN_ID = 3;
/** What a model learns to expect but never says. */
export const UNSAID_IDS: readonly number[] = [PADDING_ID, START_ID, UNKNOWN_ID];
const SPECIAL_TOKENS = ['<padding>', '<start>', '<end>', '<unknown>'] as const;

/** A vocabulary as `vocabulary.json` has it. */
export interface VocabularyJson {
  readonly tokens: readonly string[];
}

/** Which words are known. */
export interface VocabularySizes {
  /** Words that occur less often are not. Default: 1. */
  readonly minimumCount?: number;
  /** At most so many are, the most frequent ones. Default: all. */
  readonly maximumSize?: number;
}

/** Orders words with their counts: the most frequent first, ties in alphabetical order. */
export function byFrequency([a, countA]: readonly [string, number], [b, countB]: readonly [string, number]): number {
  return countB - countA || (a < b ? -1 : 1);
}

/**
 * Words by number; the first four are special.
 *
 * @example
 * const vocabulary = Vocabulary.build([['a', 'dog'], ['a', 'cat']]);
 * vocabulary.encode(['a', 'bird']); // [4, 3]: "bird" is unknown
 * vocabulary.decode([4, 5]); // ['a', 'cat']
 */
export class Vocabulary {
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  private constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
  }

  /** The (`maximumSize`) words that occur at least `minimumCount` times, the most frequent first, ties in alphabetical order. */
  static build(
    sentences: Iterable<Iterable<string>>,
    { minimumCount = 1, maximumSize = Infinity }: VocabularySizes = {},
  ): Vocabulary {
    const counts = new Map<string, number>();
    for (const sentence of sentences) for (const word of sentence) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts]
      .filter(([, count]) => count >= minimumCount)
      .sort(byFrequency)
      .slice(0, maximumSize)
      .map(([word]) => word);
    return new Vocabulary([...SPECIAL_TOKENS, ...words]);
  }

  /** This vocabulary, all numbers as they are, and after it those of `tokens` that it does not have. */
  with(tokens: Iterable<string>): Vocabulary {
    return new Vocabulary([...new Set([...this.#tokens, ...tokens])]);
  }

  get size(): number {
    return this.#tokens.length;
  }

  get tokens(): readonly string[] {
    return this.#tokens;
  }

  idOf(token: string): number {
    return this.#ids.get(token) ?? UNKNOWN_ID;
  }

  tokenOf(id: number): string {
    return this.#tokens[id] ?? SPECIAL_TOKENS[UNKNOWN_ID];
  }

  /** The numbers of words, without START and END. */
  encode(tokens: readonly string[]): number[] {
    return tokens.map((token) => this.idOf(token));
  }

  /** The words of numbers up to END, without the special ones. */
  decode(ids: readonly number[]): string[] {
    const end = ids.indexOf(END_ID);
    return (end < 0 ? ids : ids.slice(0, end)).filter((id) => id > UNKNOWN_ID).map((id) => this.tokenOf(id));
  }

  toJSON(): VocabularyJson {
    return { tokens: this.#tokens };
  }

  /** `value` as a vocabulary. Throws UserError that says what about it is wrong; `where` names it. */
  static fromJSON(value: unknown, where: string): Vocabulary {
    const tokens = (value as Partial<VocabularyJson> | undefined)?.tokens;
    if (!Array.isArray(tokens) || SPECIAL_TOKENS.some((token, id) => tokens[id] !== token)) {
      throw new UserError(`${where}: expected a list of tokens that begins with ${SPECIAL_TOKENS.join(', ')}`);
    }
    const wrong = tokens.findIndex((token) => typeof token !== 'string');
    if (wrong >= 0) {
      throw new UserError(`${where}: token ${wrong}: expected a string, found ${JSON.stringify(tokens[wrong])}`);
    }
    const distinct = new Set(tokens);
    if (distinct.size < tokens.length) {
      throw new UserError(`${where}: expected each token once, found ${tokens.length - distinct.size} repeated`);
    }
    return new Vocabulary(tokens as string[]);
  }
}
