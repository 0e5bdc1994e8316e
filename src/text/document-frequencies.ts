/**
 * In how many documents each word occurs, and what it therefore tells of one (inverse document frequency: Spärck Jones
 * 1972): log(documents / documents with the word).
 */
import { fieldReader, requireFields, requireNames } from '../shared/fields.js';
import { UserError } from '../shared/errors.js';

export interface DocumentFrequenciesJson {
  readonly documents: number;
  /** The most frequent first; those of equal frequency in the order of their code units. */
  readonly words: readonly string[];
  /** In how many documents each of them occurs. */
  readonly counts: readonly number[];
}

const LARGEST_COUNT = 2 ** 53 - 1;

/**
 * @example
 * const frequencies = DocumentFrequencies.of([['a', 'dog'], ['a', 'cat']], () => true);
 * frequencies.vectorOf(['a', 'dog']); // Map { 'a' → 0, 'dog' → 1 }
 */
export class DocumentFrequencies {
  /** The most frequent first. */
  readonly words: readonly string[];
  readonly #documents: number;
  readonly #counts: ReadonlyMap<string, number>;

  private constructor(documents: number, counts: ReadonlyMap<string, number>) {
    this.words = [...counts.keys()];
    this.#documents = documents;
    this.#counts = counts;
  }

  /** Of documents as their words, keeping the words that `isKept`. */
  static of(documents: Iterable<Iterable<string>>, isKept: (word: string) => boolean): DocumentFrequencies {
    const counts = new Map<string, number>();
    let total = 0;
    for (const words of documents) {
      total++;
      for (const word of new Set(words)) if (isKept(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const falling = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new DocumentFrequencies(total, new Map(falling));
  }

  /** In how many documents `word` occurs. */
  countOf(word: string): number {
    return this.#counts.get(word) ?? 0;
  }

  /** From 0 for a word that is in all documents; words in none count as those in one. */
  weightOf(word: string): number {
    return Math.log(this.#documents) - Math.log(Math.max(1, this.countOf(word)));
  }

  /** The tf-idf vector of a text, of length 1 (or without any weight, where all its words are in all documents). */
  vectorOf(words: readonly string[]): ReadonlyMap<string, number> {
    const weights = new Map<string, number>();
    for (const word of words) weights.set(word, (weights.get(word) ?? 0) + this.weightOf(word));
    const norm = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight * weight, 0));
    return norm === 0 ? weights : new Map([...weights].map(([word, weight]) => [word, weight / norm]));
  }

  toJSON(): DocumentFrequenciesJson {
    return { documents: this.#documents, words: this.words, counts: [...this.#counts.values()] };
  }

  /** `value` as such a table. Throws UserError that says what about it is wrong; `where` names it. */
  static fromJSON(value: unknown, where: string): DocumentFrequencies {
    const fields = requireFields(value, where);
    requireNames(fields, ['documents', 'words', 'counts'], where);
    const documents = fieldReader(fields, where).integer('documents', 1, LARGEST_COUNT);
    const { words, counts } = fields;
    const isCount = (count: unknown): count is number =>
      Number.isInteger(count) && (count as number) >= 1 && (count as number) <= documents;
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) {
      throw new UserError(`${where}.words: expected a list of words (copy the file again)`);
    }
    if (!Array.isArray(counts) || counts.length !== words.length || !counts.every(isCount)) {
      throw new UserError(
        `${where}.counts: expected ${words.length} whole numbers from 1 to ${documents} (copy the file again)`,
      );
    }
    const table = new Map(words.map((word: string, index) => [word, counts[index] as number]));
    if (table.size !== words.length)
      throw new UserError(`${where}.words: expected each word once (copy the file again)`);
    return new DocumentFrequencies(documents, table);
  }
}
