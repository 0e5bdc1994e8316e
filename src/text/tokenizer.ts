/** Splits text into words or characters and puts it together again; the same for training, decoding and any language. */

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

/** Composed (NFC), so that a letter is the same letter however it was typed. */
export function normalizeText(text: string): string {
  return text.normalize('NFC');
}

/** The words of a sentence: lower case, composed (NFC), without punctuation but for inner apostrophes and hyphens. */
export function tokenize(sentence: string): string[] {
  return normalizeWords(sentence).match(WORD) ?? [];
}

/** Words as `tokenize` writes them: composed (NFC), in lower case, with plain apostrophes. */
export function normalizeWords(text: string): string {
  return normalizeText(text).toLowerCase().replaceAll('’', "'");
}

/** A sentence of the words given, beginning with a capital letter and ending in a full stop. */
export function detokenize(tokens: readonly string[]): string {
  if (tokens.length === 0) return '';
  const [first = '', ...rest] = tokens.join(' ');
  return `${first.toUpperCase()}${rest.join('')}.`;
}

/** What a text is made of, for a model that writes text. */
export const TEXT_UNITS = ['char', 'word'] as const;
/** See `TEXT_UNITS`. */
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

/** A unit of a text that is judged, and where it stands. */
export interface PlacedToken {
  /** In lower case. */
  readonly token: string;
  /** Its place in the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
}

/** A word, an emoji with what belongs to it, or a run of one mark. */
const WORD_OR_MARK =
  /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|\p{Extended_Pictographic}(?:[\u{1F3FB}-\u{1F3FF}\uFE0F]|\u200D\p{Extended_Pictographic})*|([^\s\p{L}\p{M}\p{N}\p{C}])\1*/gu;
/** A longer run of a mark is as long as this. */
const LONGEST_RUN = 3;

/**
 * What a text is judged by: its characters, or its words with the marks between them, which `tokenize` drops ("10/10", "?!",
 * "😀"). White space and control characters have no part in it. `text` should be composed (NFC).
 *
 * @example
 * [...placedTokens('So good!!!!', 'word')].map(({ token }) => token); // ['so', 'good', '!!!']
 */
export function* placedTokens(text: string, unit: TextUnit): Generator<PlacedToken> {
  const pieces = unit === 'word' ? text.matchAll(WORD_OR_MARK) : text.matchAll(/[^\s\p{C}]/gu);
  for (const { 0: piece, 1: mark, index } of pieces) {
    const token =
      mark === undefined ? piece.toLowerCase().replaceAll('’', "'") : piece.slice(0, LONGEST_RUN * mark.length);
    yield { token, start: index, end: index + piece.length };
  }
}
