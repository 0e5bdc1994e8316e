/** Splits text into words or characters and puts it together again; the same for training, decoding and any language. */

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

/** What a text is made of, for a model that writes text. */
export const TEXT_UNITS = ['char', 'word'] as const;
export type TextUnit = (typeof TEXT_UNITS)[number];

/** A word or a punctuation mark, with the space before it if there is one; or white space. */
const PIECE = / ?[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*| ?[^\s\p{L}\p{M}\p{N}]|\s/gu;

/**
 * The units of a text, without loss: joined they are the text. A `char` is a code point; a `word` carries the space before
 * it, so that nothing has to be guessed when words are put together.
 *
 * @example
 * [...splitText("It's late.", 'word')]; // ["It's", ' late', '.']
 */
export function* splitText(text: string, unit: TextUnit): Generator<string> {
  if (unit === 'char') yield* text;
  else for (const [piece] of text.matchAll(PIECE)) yield piece;
}
