/** From texts to token ids: the one place where training, prediction and explanation decide what a text is made of. */
import type { LabelledText } from '../../datasets/texts/index.js';
import { textVocabulary } from '../../text/text-vocabulary.js';
import { normalizeText, placedTokens, type PlacedToken, type TextUnit } from '../../text/tokenizer.js';
import type { Vocabulary, VocabularySizes } from '../../text/vocabulary.js';

/** What is read of a text. */
export interface SentimentReading {
  /** What the text is judged by. */
  readonly unit: TextUnit;
  /** Tokens that are read at most: of a longer text its first and last halves. */
  readonly maximumLength: number;
}

export interface ReadText {
  /** The text, composed. */
  readonly text: string;
  /** What is read of it, with the places in `text`. */
  readonly tokens: readonly PlacedToken[];
  /** Whether more was there. */
  readonly cut: boolean;
}

/** The tokens of `text` that are read. */
export function readTokens(text: string, { unit, maximumLength }: SentimentReading): ReadText {
  const composed = normalizeText(text);
  const tokens = [...placedTokens(composed, unit)];
  if (tokens.length <= maximumLength) return { text: composed, tokens, cut: false };
  const head = Math.ceil(maximumLength / 2);
  const tail = maximumLength - head;
  const kept = [...tokens.slice(0, head), ...tokens.slice(tokens.length - tail)];
  return { text: composed, tokens: kept, cut: true };
}

/** The vocabulary of what is read of `texts`. */
export function readVocabulary(
  texts: readonly LabelledText[],
  reading: SentimentReading,
  sizes: VocabularySizes,
): Vocabulary {
  const tokensOf = (text: string): string[] => readTokens(text, reading).tokens.map(({ token }) => token);
  return textVocabulary(
    texts.map(({ text }) => text),
    tokensOf,
    sizes,
  );
}

/** The ids of what is read of `text`; none when it has no words. */
export function encodeText(text: string, reading: SentimentReading, vocabulary: Vocabulary): Int32Array {
  return Int32Array.from(readTokens(text, reading).tokens, ({ token }) => vocabulary.idOf(token));
}
