/**
 * Judges word vectors by analogy questions (Mikolov et al. 2013a, section 4.1: right only when the very word is found)
 * and by how well their cosines order pairs of words as people do (Spearman's ρ). Questions and pairs with a word that
 * has no vector are left out, and counted.
 */
import * as tf from '@tensorflow/tfjs-core';
import { spearman } from '../../metrics/spearman.js';
import { warn } from '../../shared/log.js';
import type { WordVectors } from '../../text/word-vectors.js';
import { type AnalogyQuestion, readAnalogies, readRatedPairs } from './question-files.js';
import { WordIndex } from './word-index.js';

/** Which vectors are scored, and by what. */
export interface EvaluateWordsOptions {
  readonly vectors: WordVectors;
  /** Names the vectors in errors. */
  readonly where: string;
  /** Files of analogy questions. */
  readonly analogies: readonly string[];
  /** Files of rated pairs. */
  readonly similarities: readonly string[];
  /** Only the first so many words, which by custom are the most frequent, can be answers. Default 300,000. */
  readonly candidates?: number;
  readonly signal?: AbortSignal;
}

/** How many questions of a section were answered rightly. */
export interface AnalogyScore {
  readonly section: string;
  /** Right answers among those that were given, in [0, 1]; NaN without any. */
  readonly accuracy: number;
  readonly right: number;
  readonly answered: number;
  readonly questions: number;
}

/** The answers to one file of analogy questions. */
export interface AnalogyResult {
  readonly file: string;
  readonly total: AnalogyScore;
  readonly sections: readonly AnalogyScore[];
}

/** How well cosines agree with what people said of the pairs of one file. */
export interface SimilarityResult {
  readonly file: string;
  /** Spearman's ρ of cosines and ratings; NaN with fewer than two pairs. */
  readonly rho: number;
  readonly compared: number;
  readonly pairs: number;
}

/** The scores of word vectors, file by file. */
export interface WordsEvaluation {
  readonly words: number;
  readonly analogies: readonly AnalogyResult[];
  readonly similarities: readonly SimilarityResult[];
}

const DEFAULT_CANDIDATES = 300_000;
/** Numbers of a batch of similarities, all questions with all words. */
const BATCH_NUMBERS = 8_000_000;

/** Throws UserError for files that cannot be read. */
export async function evaluateWords(options: EvaluateWordsOptions): Promise<WordsEvaluation> {
  const index = new WordIndex(firstOf(options.vectors, options.candidates ?? DEFAULT_CANDIDATES), options.where);
  const analogies: AnalogyResult[] = [];
  for (const file of options.analogies) {
    const questions = await readAnalogies(file);
    const scores = await scoreAnalogies(index, questions, options.signal);
    if (scores.total.answered === 0) warnOfNothing(file, `none of its ${questions.length} questions`, index);
    analogies.push({ file, ...scores });
  }
  const similarities: SimilarityResult[] = [];
  for (const file of options.similarities) similarities.push(await scoreSimilarities(index, file));
  return { words: index.words.length, analogies, similarities };
}

function firstOf({ dimension, vectors }: WordVectors, count: number): WordVectors {
  if (vectors.size <= count) return { dimension, vectors };
  return { dimension, vectors: new Map([...vectors].slice(0, count)) };
}

async function scoreSimilarities(index: WordIndex, file: string): Promise<SimilarityResult> {
  const pairs = await readRatedPairs(file);
  const known = pairs.flatMap(({ words: [a, b], rating }) => {
    const [first, second] = [index.find(a), index.find(b)];
    return first === undefined || second === undefined ? [] : [{ cosine: index.similarity(first, second), rating }];
  });
  if (known.length === 0) warnOfNothing(file, `none of its ${pairs.length} pairs`, index);
  const rho = spearman(
    known.map(({ cosine }) => cosine),
    known.map(({ rating }) => rating),
  );
  return { file, rho, compared: known.length, pairs: pairs.length };
}

function warnOfNothing(file: string, what: string, { words }: WordIndex): void {
  warn(`${file}: ${what} could be scored: not one has all its words among the ${words.length} with vectors`);
}

/** Numbers of the words a, b, c and d. */
type Numbers = readonly [number, number, number, number];

async function scoreAnalogies(
  index: WordIndex,
  questions: readonly AnalogyQuestion[],
  signal: AbortSignal | undefined,
): Promise<Omit<AnalogyResult, 'file'>> {
  const numbers = questions.map(({ words }) => {
    const found = words.map((word) => index.find(word));
    return found.includes(undefined) ? undefined : (found as unknown as Numbers);
  });
  const right = await answerAll(index, numbers, signal);
  const sections = [...new Set(questions.map(({ section }) => section))];
  const scoreOf = (section: string, isMember: (i: number) => boolean): AnalogyScore => {
    const members = [...questions.keys()].filter(isMember);
    const answered = members.filter((i) => numbers[i] !== undefined).length;
    const correct = members.filter((i) => right[i] === true).length;
    return { section, accuracy: correct / answered, right: correct, answered, questions: members.length };
  };
  return {
    total: scoreOf('all', () => true),
    sections: sections.map((section) => scoreOf(section, (i) => questions[i]?.section === section)),
  };
}

/** Whether each question is answered rightly; undefined where a word has no vector. */
async function answerAll(
  index: WordIndex,
  questions: readonly (Numbers | undefined)[],
  signal: AbortSignal | undefined,
): Promise<(boolean | undefined)[]> {
  const results: (boolean | undefined)[] = questions.map(() => undefined);
  const answered = [...questions.keys()].filter((i) => questions[i] !== undefined);
  const size = Math.max(1, Math.floor(BATCH_NUMBERS / index.words.length));
  const table = tableOf(index);
  try {
    for (let begin = 0; begin < answered.length; begin += size) {
      signal?.throwIfAborted();
      const batch = answered.slice(begin, begin + size);
      const numbers = batch.map((i) => questions[i] as Numbers);
      const best = await bestAnswers(index, table, numbers);
      batch.forEach((question, i) => (results[question] = best[i] === numbers[i]?.[3]));
    }
  } finally {
    table.dispose();
  }
  return results;
}

/** [words, dimension] */
function tableOf(index: WordIndex): tf.Tensor2D {
  const values = new Float32Array(index.words.length * index.dimension);
  for (let number = 0; number < index.words.length; number++) values.set(index.row(number), number * index.dimension);
  return tf.tensor2d(values, [index.words.length, index.dimension]);
}

async function bestAnswers(index: WordIndex, table: tf.Tensor2D, questions: readonly Numbers[]): Promise<number[]> {
  const queries = new Float32Array(questions.length * index.dimension);
  questions.forEach(([a, b, c], i) => queries.set(index.analogyQuery([a, b, c]), i * index.dimension));
  const products = tf.tidy(() =>
    tf.matMul(tf.tensor2d(queries, [questions.length, index.dimension]), table, false, true),
  ); // [questions, words]
  const similarities = await products.data();
  products.dispose();
  const words = index.words.length;
  return questions.map(([a, b, c], i) => {
    let best = -1;
    for (let word = 0; word < words; word++) {
      if (word === a || word === b || word === c) continue;
      const beats = best < 0 || (similarities[i * words + word] as number) > (similarities[i * words + best] as number);
      if (beats) best = word;
    }
    return best;
  });
}
