/** The vocabulary of texts, whatever unit they are read by. */
import { UserError } from '../shared/errors.js';
import type { TextUnit } from './tokenizer.js';
import { UNKNOWN_ID, Vocabulary, type VocabularySizes } from './vocabulary.js';

/** The vocabulary of `texts`, read one after another as `tokensOf` says: no text is held in pieces while others are read. */
export function textVocabulary(
  texts: Iterable<string>,
  tokensOf: (text: string) => Iterable<string>,
  sizes: VocabularySizes = {},
): Vocabulary {
  return Vocabulary.build(eachOf(texts, tokensOf), sizes);
}

function* eachOf(texts: Iterable<string>, tokensOf: (text: string) => Iterable<string>): Generator<Iterable<string>> {
  for (const text of texts) yield tokensOf(text);
}

/** Throws UserError when `vocabulary` knows nothing of what `where` has, of which each is a `unit`. */
export function requireFrequent(vocabulary: Vocabulary, where: string, unit: TextUnit): void {
  if (vocabulary.size > UNKNOWN_ID + 1) return;
  throw new UserError(`${where}: no ${unit} occurs often enough (lower --min-count)`);
}
