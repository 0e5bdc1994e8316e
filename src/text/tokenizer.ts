/** Splits captions into words and puts words together again; the same for training, decoding and any language. */

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a sentence: lower case, composed (NFC), without punctuation but for inner apostrophes and hyphens. */
export function tokenize(sentence: string): string[] {
  return sentence.normalize('NFC').toLowerCase().replaceAll('’', "'").match(WORD) ?? [];
}

/** A sentence of the words given, beginning with a capital letter and ending in a full stop. */
export function detokenize(tokens: readonly string[]): string {
  if (tokens.length === 0) return '';
  const [first = '', ...rest] = tokens.join(' ');
  return `${first.toUpperCase()}${rest.join('')}.`;
}
