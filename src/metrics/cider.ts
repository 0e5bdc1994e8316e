/**
 * CIDEr-D (Vedantam et al. 2015) as the COCO caption toolkit computes it: tf-idf of n-grams up to four words, clipped
 * cosine similarity, a Gaussian penalty on differences of length (σ = 6), times ten. Document frequencies are those of
 * the references given.
 */
import { countNgrams, MAXIMUM_ORDER, type NgramCounts } from './ngrams.js';

const SIGMA = 6;
const SCALE = 10;

/** What one occurrence of an n-gram (its words joined by a space) counts. */
export type NgramWeight = (ngram: string) => number;

/** All n-grams alike: where nothing is known of how frequent they are. */
export const uniformWeight: NgramWeight = () => 1;

/**
 * log(images / images with the n-gram) over the tokenised references of each image; n-grams that are in none count as
 * those of one image.
 */
export function inverseDocumentFrequency(references: readonly (readonly (readonly string[])[])[]): NgramWeight {
  const frequencies = new Map<string, number>();
  for (const own of references) {
    const seen = new Set(own.flatMap((tokens) => countNgrams(tokens).flatMap((counts) => [...counts.keys()])));
    for (const ngram of seen) frequencies.set(ngram, (frequencies.get(ngram) ?? 0) + 1);
  }
  const logImages = Math.log(references.length);
  return (ngram) => logImages - Math.log(Math.max(1, frequencies.get(ngram) ?? 0));
}

/** A caption as weighted counts, one map an order of n-grams. */
export interface CiderVector {
  readonly weights: readonly ReadonlyMap<string, number>[];
  readonly norms: readonly number[];
  readonly length: number;
}

/** A tokenised caption, ready to be compared. */
export function ciderVector(tokens: readonly string[], weightOf: NgramWeight): CiderVector {
  const weights = countNgrams(tokens).map((counts) => weigh(counts, weightOf));
  const norms = weights.map((own) => Math.sqrt([...own.values()].reduce((sum, weight) => sum + weight * weight, 0)));
  return { weights, norms, length: tokens.length };
}

function weigh(counts: NgramCounts, weightOf: NgramWeight): ReadonlyMap<string, number> {
  return new Map([...counts].map(([ngram, count]) => [ngram, count * weightOf(ngram)]));
}

/** CIDEr-D of a caption against one reference, from 0 to 10. Not symmetric: the candidate's n-grams are clipped. */
export function ciderSimilarity(candidate: CiderVector, reference: CiderVector): number {
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
  return (SCALE * sum) / MAXIMUM_ORDER;
}

/** Scores captions of images whose references are known; usable again and again, as a reward for instance. */
export class CiderScorer {
  readonly #weightOf: NgramWeight;
  readonly #references: readonly (readonly (readonly string[])[])[];
  /** Those of the image scored last: vectors of all would take a hundred times the memory of the words. */
  #last: { readonly image: number; readonly vectors: readonly CiderVector[] } = { image: -1, vectors: [] };

  /** @param references tokenised references of each image, at least one an image */
  constructor(references: readonly (readonly (readonly string[])[])[]) {
    this.#weightOf = inverseDocumentFrequency(references);
    this.#references = references;
  }

  #vectorsOf(image: number): readonly CiderVector[] {
    if (this.#last.image !== image) {
      const own = this.#references[image] ?? [];
      this.#last = { image, vectors: own.map((tokens) => ciderVector(tokens, this.#weightOf)) };
    }
    return this.#last.vectors;
  }

  /** CIDEr-D of a tokenised caption of image `image`, from 0 to 10. */
  score(candidate: readonly string[], image: number): number {
    const references = this.#vectorsOf(image);
    const vector = ciderVector(candidate, this.#weightOf);
    return references.reduce((sum, reference) => sum + ciderSimilarity(vector, reference), 0) / references.length;
  }
}
