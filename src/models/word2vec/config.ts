/**
 * word2vec (Mikolov et al. 2013a, "Efficient Estimation of Word Representations in Vector Space"; 2013b, "Distributed
 * Representations of Words and Phrases and their Compositionality"): what it predicts, by which objective, and its weights.
 */
import { constantTensor, type HostTensor, type ParameterShapes, uniformTensor } from '../../layers/parameters.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';
import type { Random } from '../../shared/random.js';

/** `skip-gram` predicts each word around a word from that word; `cbow` predicts a word from the mean of those around it. */
export const WORD2VEC_ARCHITECTURES = ['skip-gram', 'cbow'] as const;
/** See `WORD2VEC_ARCHITECTURES`. */
export type Word2VecArchitecture = (typeof WORD2VEC_ARCHITECTURES)[number];

/**
 * `negative-sampling` tells the word from a few drawn at random; `softmax` gives every word of the vocabulary a
 * probability.
 */
export const OBJECTIVES = ['negative-sampling', 'softmax'] as const;
export type Objective = (typeof OBJECTIVES)[number];

export interface Word2VecConfig {
  readonly architecture: Word2VecArchitecture;
  readonly objective: Objective;
  readonly vocabularySize: number;
  /** Length of a word vector. */
  readonly embeddingSize: number;
}

export const word2vecDefaults: Omit<Word2VecConfig, 'vocabularySize'> = {
  architecture: 'skip-gram',
  objective: 'negative-sampling',
  embeddingSize: 100,
};

/** The word vectors: a row a word. */
export const INPUT_TABLE = 'input';
/** What a hidden vector is multiplied with to predict a word: a row a word. */
export const OUTPUT_TABLE = 'output';

/** Limits what a damaged file can make us allocate. */
const MOST_WORDS = 50_000_000;
const LONGEST_VECTOR = 10_000;

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateWord2VecConfig(value: unknown, where: string): Word2VecConfig {
  const fields = requireFields(value, where);
  requireNames(fields, Object.keys({ ...word2vecDefaults, vocabularySize: 0 }), where);
  const reader = fieldReader(fields, where);
  return {
    architecture: reader.choice('architecture', WORD2VEC_ARCHITECTURES),
    objective: reader.choice('objective', OBJECTIVES),
    vocabularySize: reader.integer('vocabularySize', 2, MOST_WORDS),
    embeddingSize: reader.integer('embeddingSize', 1, LONGEST_VECTOR),
  };
}

/** The names and shapes of the weights. */
export function word2vecParameterShapes({ vocabularySize, embeddingSize }: Word2VecConfig): ParameterShapes {
  return { [INPUT_TABLE]: [vocabularySize, embeddingSize], [OUTPUT_TABLE]: [vocabularySize, embeddingSize] };
}

/** Both tables as they start: the first uniform in ±1 / embeddingSize, the second zero. */
export function createWord2VecParameters(
  config: Word2VecConfig,
  random: Random,
): Record<typeof INPUT_TABLE | typeof OUTPUT_TABLE, HostTensor> {
  const shape = [config.vocabularySize, config.embeddingSize];
  return {
    [INPUT_TABLE]: uniformTensor(shape, 1 / config.embeddingSize, random),
    [OUTPUT_TABLE]: constantTensor(shape, 0),
  };
}
