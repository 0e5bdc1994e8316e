/** Searches word vectors by the cosine of their angle. */
import { UserError } from '../../shared/errors.js';
import { normalizeWords } from '../../text/tokenizer.js';
import type { WordVectors } from '../../text/word-vectors.js';

/** A word that is near to another, or to a direction. */
export interface Neighbour {
  readonly word: string;
  /** Cosine, in [-1, 1]. */
  readonly similarity: number;
}

/** Word vectors of length 1, in the order that they were given. */
export class WordIndex {
  readonly words: readonly string[];
  readonly dimension: number;
  readonly #rows: readonly Float32Array[];
  readonly #numbers: ReadonlyMap<string, number>;

  /** @param where names the vectors in errors */
  constructor(
    { dimension, vectors }: WordVectors,
    private readonly where: string,
  ) {
    this.words = [...vectors.keys()];
    this.dimension = dimension;
    this.#rows = Array.from(vectors.values(), unit);
    this.#numbers = new Map(this.words.map((word, number) => [word, number]));
  }

  /** The number of `word` as it is written, or else as training writes words: composed, in lower case, with plain apostrophes. */
  find(word: string): number | undefined {
    return this.#numbers.get(word) ?? this.#numbers.get(normalizeWords(word));
  }

  /** As `find`. Throws UserError when the word has no vector. */
  numberOf(word: string): number {
    const number = this.find(word);
    if (number !== undefined) return number;
    throw new UserError(
      `${JSON.stringify(word)}: has no vector in ${this.where} (its ${this.words.length} words are those that were ` +
        'frequent where it was trained; check the spelling)',
    );
  }

  /** The vector of word `number`, of length 1 (or 0 for a vector of zeros). */
  row(number: number): Float32Array {
    return this.#rows[number] as Float32Array;
  }

  similarity(a: number, b: number): number {
    return dot(this.row(a), this.row(b));
  }

  /** The `count` words whose vectors are nearest to the direction of `query`, best first, without those of `exclude`. */
  nearest(query: Float32Array, count: number, exclude: Iterable<number> = []): Neighbour[] {
    const direction = unit(query);
    const left = new Set(exclude);
    const best: { number: number; similarity: number }[] = [];
    this.#rows.forEach((row, number) => {
      const similarity = dot(row, direction);
      if (best.length === count && similarity <= (best.at(-1)?.similarity ?? 1)) return;
      if (left.has(number)) return;
      const place = best.findIndex((other) => other.similarity < similarity);
      best.splice(place < 0 ? best.length : place, 0, { number, similarity });
      if (best.length > count) best.pop();
    });
    return best.map(({ number, similarity }) => ({ word: this.words[number] as string, similarity }));
  }

  /** The words nearest to `word`. Throws UserError when it has no vector. */
  similar(word: string, count: number): Neighbour[] {
    const number = this.numberOf(word);
    return this.nearest(this.row(number), count, [number]);
  }

  /**
   * Words d such that a is to b as c is to d: those nearest to b − a + c (Mikolov et al. 2013c, "Linguistic Regularities
   * in Continuous Space Word Representations"), the three words left out. Throws UserError for a word without a vector.
   */
  analogous(words: readonly [a: string, b: string, c: string], count: number): Neighbour[] {
    const numbers = words.map((word) => this.numberOf(word)) as [number, number, number];
    return this.nearest(this.analogyQuery(numbers), count, numbers);
  }

  /** b − a + c. */
  analogyQuery([a, b, c]: readonly [number, number, number]): Float32Array {
    const [rowA, rowB, rowC] = [this.row(a), this.row(b), this.row(c)];
    return rowB.map((value, i) => value - (rowA[i] as number) + (rowC[i] as number));
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}
