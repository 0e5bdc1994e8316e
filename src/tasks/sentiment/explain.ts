/**
 * Why a text is judged as it is: what the model believes after each word, and how much each word speaks for the class, by
 * leaving it out (Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure").
 */
import { UserError } from '../../shared/errors.js';
import { UNKNOWN_ID } from '../../text/vocabulary.js';
import type { ClassifyAllOptions, ClassifyIds } from './classify.js';
import type { SentimentModel } from './model.js';
import { readTokens } from './tokens.js';

/** A word of a text, and what it says for the class that the text is judged as. */
export interface ExplainedWord {
  /** As it is written in the text. */
  readonly word: string;
  /** Its place in `text`, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** Of the class, when the text ends after this word. */
  readonly probability: number;
  /** How much the log-odds of the class fall when this word is left out: above 0 it speaks for the class. */
  readonly contribution: number;
  /** Whether the model knows the word. */
  readonly known: boolean;
}

/** Why a text is judged as it is. */
export interface SentimentExplanation {
  /** The text, composed (NFC). */
  readonly text: string;
  /** What it is judged as. */
  readonly label: string;
  readonly probability: number;
  /** What is read of the text, in its order. */
  readonly words: readonly ExplainedWord[];
}

/** Probabilities nearer to 0 or 1 than single precision tells apart. */
const SMALLEST = 1e-7;

/** Explains what `classify` says of `text`. Throws UserError when it has no word. */
export async function explainText(
  { config, vocabulary, labels }: SentimentModel,
  classify: ClassifyIds,
  text: string,
  options: ClassifyAllOptions,
): Promise<SentimentExplanation> {
  const { text: composed, tokens } = readTokens(text, config);
  if (tokens.length === 0) throw new UserError('the text has no words to explain');
  const ids = Int32Array.from(tokens, ({ token }) => vocabulary.idOf(token));
  const prefixes = tokens.map((_, index) => ids.slice(0, index + 1));
  const deletions = tokens.map((_, index) => withoutTokens(ids, [index]));
  const rows = await classify([...prefixes, ...deletions], options);
  const whole = rows[tokens.length - 1] as Float32Array;
  const label = whole.indexOf(Math.max(...whole));
  const probabilityAt = (row: number): number => rows[row]?.[label] ?? 0;
  const words = tokens.map(({ start, end }, index) => ({
    word: composed.slice(start, end),
    start,
    end,
    probability: probabilityAt(index),
    contribution: logOdds(whole[label] as number) - logOdds(probabilityAt(tokens.length + index)),
    known: ids[index] !== UNKNOWN_ID,
  }));
  return { text: composed, label: labels[label] as string, probability: whole[label] as number, words };
}

/** `ids` without those at `places`; a text of which nothing is left is a single unknown word. */
function withoutTokens(ids: Int32Array, places: readonly number[]): Int32Array {
  const left = ids.filter((_, index) => !places.includes(index));
  return left.length > 0 ? left : Int32Array.of(UNKNOWN_ID);
}

function logOdds(probability: number): number {
  const within = Math.min(1 - SMALLEST, Math.max(SMALLEST, probability));
  return Math.log(within / (1 - within));
}

export interface DeletionTestOptions {
  /** Words that are removed. */
  readonly words: number;
  /** Draws the random ones. */
  readonly random: { integer(limit: number): number };
  readonly signal?: AbortSignal;
}

export interface DeletionTest {
  /** Of the class that the whole text is judged as. */
  readonly probability: number;
  readonly withoutStrongest: number;
  readonly withoutRandom: number;
}

/**
 * Removes the words that contribute most, and as many others at random: contributions mean something when the first lowers
 * the probability more. `text` has more words than are removed.
 */
export async function testDeletion(
  model: SentimentModel,
  classify: ClassifyIds,
  text: string,
  { words: count, random, signal }: DeletionTestOptions,
): Promise<DeletionTest> {
  const options = signal === undefined ? {} : { signal };
  const { words, label, probability } = await explainText(model, classify, text, options);
  const ids = Int32Array.from(readTokens(text, model.config).tokens, ({ token }) => model.vocabulary.idOf(token));
  const strongest = words
    .map(({ contribution }, index) => ({ contribution, index }))
    .sort((a, b) => b.contribution - a.contribution)
    .slice(0, count)
    .map(({ index }) => index);
  const drawn = new Set<number>();
  while (drawn.size < Math.min(count, ids.length)) drawn.add(random.integer(ids.length));
  const rows = await classify([withoutTokens(ids, strongest), withoutTokens(ids, [...drawn])], options);
  const [withoutStrongest = 0, withoutRandom = 0] = rows.map((row) => row[model.labels.indexOf(label)] as number);
  return { probability, withoutStrongest, withoutRandom };
}
