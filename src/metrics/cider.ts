/**
 * CIDEr-D (Vedantam et al. 2015) as the COCO caption toolkit computes it: tf-idf of n-grams up to four words, clipped
 * cosine similarity, a Gaussian penalty on differences of length (σ = 6), times ten. Document frequencies are those of
 * the references given.
 */
import { countNgrams, MAXIMUM_ORDER, type NgramCounts } from './ngrams.js';

const SIGMA = 6;
const SCALE = 10;

/** A caption as tf-idf vectors, one an order of n-grams. */
interface Vector {
  readonly weights: readonly ReadonlyMap<string, number>[];
  readonly norms: readonly number[];
  readonly length: number;
}

/** Scores captions of images whose references are known; usable again and again, as a reward for instance. */
export class CiderScorer {
  readonly #frequencies = new Map<string, number>();
  readonly #logImages: number;
  readonly #references: readonly (readonly (readonly string[])[])[];
  /** Those of the image scored last: vectors of all would take a hundred times the memory of the words. */
  #last: { readonly image: number; readonly vectors: readonly Vector[] } = { image: -1, vectors: [] };

  /** @param references tokenised references of each image, at least one an image */
  constructor(references: readonly (readonly (readonly string[])[])[]) {
    for (const own of references) {
      const seen = new Set(own.flatMap((tokens) => countNgrams(tokens).flatMap((counts) => [...counts.keys()])));
      for (const ngram of seen) this.#frequencies.set(ngram, (this.#frequencies.get(ngram) ?? 0) + 1);
    }
    this.#logImages = Math.log(references.length);
    this.#references = references;
  }

  #vectorsOf(image: number): readonly Vector[] {
    if (this.#last.image !== image) {
      this.#last = { image, vectors: (this.#references[image] ?? []).map((tokens) => this.#vectorOf(tokens)) };
    }
    return this.#last.vectors;
  }

  #weigh(counts: NgramCounts): ReadonlyMap<string, number> {
    const weights = new Map<string, number>();
    for (const [ngram, count] of counts) {
      weights.set(ngram, count * (this.#logImages - Math.log(Math.max(1, this.#frequencies.get(ngram) ?? 0))));
    }
    return weights;
  }

  #vectorOf(tokens: readonly string[]): Vector {
    const weights = countNgrams(tokens).map((counts) => this.#weigh(counts));
    const norms = weights.map((own) => Math.sqrt([...own.values()].reduce((sum, weight) => sum + weight * weight, 0)));
    return { weights, norms, length: tokens.length };
  }

  /** CIDEr-D of a tokenised caption of image `image`, from 0 to 10. */
  score(candidate: readonly string[], image: number): number {
    const references = this.#vectorsOf(image);
    const vector = this.#vectorOf(candidate);
    const total = references.reduce((sum, reference) => sum + similarity(vector, reference), 0);
    return (SCALE * total) / references.length;
  }
}

function similarity(candidate: Vector, reference: Vector): number {
  const delta = candidate.length - reference.length;
  const penalty = Math.exp(-(delta * delta) / (2 * SIGMA * SIGMA));
  let sum = 0;
  for (let order = 0; order < MAXIMUM_ORDER; order++) {
    const norm = (candidate.norms[order] as number) * (reference.norms[order] as number);
    if (norm === 0) continue;
    let product = 0;
    for (const [ngram, weight] of candidate.weights[order] as ReadonlyMap<string, number>) {
      const other = reference.weights[order]?.get(ngram);
      if (other !== undefined) product += Math.min(weight, other) * other;
    }
    sum += (product / norm) * penalty;
  }
  return sum / MAXIMUM_ORDER;
}
