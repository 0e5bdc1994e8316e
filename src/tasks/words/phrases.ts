/**
 * Joins words that stand together more often than chance into phrases such as new_york (Mikolov et al. 2013b, section 4):
 * the pair a b is one when
 *
 *     (count(a b) − δ) · N / (count(a) · count(b)) > threshold
 *
 * with N words in all, as the authors' program has it, where δ is the minimum count.
 */
import { countWords, type TokenizedText } from './tokenized-text.js';

export interface PhraseOptions {
  /** δ; rarer words join no phrase. */
  readonly minimumCount: number;
  readonly threshold: number;
}

/** What joins the words of a phrase. */
const JOINT = '_';
/** Different pairs that are counted at once: when there are more, the rarest are forgotten. */
const MOST_PAIRS = 8_000_000;

/** `text` with its phrases joined; a second pass joins longer ones. */
export function joinPhrases(text: TokenizedText, options: PhraseOptions): TokenizedText {
  const ids = new Map(text.words.map((word, id) => [word, id]));
  const phraseOf = new Map<number, number>();
  for (const pair of findPhrases(text, options)) {
    const [first, second] = wordsOf(pair, text.words.length);
    // a b_c and a_b c make the same phrase.
    const phrase = `${text.words[first]}${JOINT}${text.words[second]}`;
    if (!ids.has(phrase)) ids.set(phrase, ids.size);
    phraseOf.set(pair, ids.get(phrase) as number);
  }
  return { words: [...ids.keys()], ...replacePairs(text, phraseOf) };
}

const pairOf = (first: number, second: number, vocabularySize: number): number => first * vocabularySize + second;

function wordsOf(pair: number, vocabularySize: number): readonly [number, number] {
  return [Math.floor(pair / vocabularySize), pair % vocabularySize];
}

/** The pairs that are phrases. */
function findPhrases(text: TokenizedText, { minimumCount, threshold }: PhraseOptions): number[] {
  const counts = countWords(text);
  const size = text.words.length;
  const found: number[] = [];
  for (const [pair, count] of countPairs(text, counts, minimumCount)) {
    const [first, second] = wordsOf(pair, size);
    const score =
      ((count - minimumCount) * text.tokens.length) / ((counts[first] as number) * (counts[second] as number));
    if (score > threshold) found.push(pair);
  }
  return found;
}

function countPairs(text: TokenizedText, counts: Float64Array, minimumCount: number): Map<number, number> {
  const pairs = new Map<number, number>();
  let forgotten = 0;
  eachSentence(text, (begin, end) => {
    for (let at = begin + 1; at < end; at++) {
      const [first, second] = [text.tokens[at - 1] as number, text.tokens[at] as number];
      if ((counts[first] as number) < minimumCount || (counts[second] as number) < minimumCount) continue;
      const pair = pairOf(first, second, text.words.length);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    if (pairs.size < MOST_PAIRS) return;
    forgotten++;
    for (const [pair, count] of pairs) if (count <= forgotten) pairs.delete(pair);
  });
  return pairs;
}

/** From left to right, so that of a b c, where both pairs are phrases, a_b c becomes. */
function replacePairs(
  text: TokenizedText,
  phraseOf: ReadonlyMap<number, number>,
): Pick<TokenizedText, 'tokens' | 'sentenceStarts'> {
  const tokens = new Int32Array(text.tokens.length);
  const sentenceStarts = new Uint32Array(text.sentenceStarts.length);
  let length = 0;
  let sentence = 0;
  eachSentence(text, (begin, end) => {
    for (let at = begin; at < end; at++) {
      const word = text.tokens[at] as number;
      const phrase =
        at + 1 < end ? phraseOf.get(pairOf(word, text.tokens[at + 1] as number, text.words.length)) : undefined;
      tokens[length++] = phrase ?? word;
      if (phrase !== undefined) at++;
    }
    sentenceStarts[++sentence] = length;
  });
  return { tokens: tokens.subarray(0, length), sentenceStarts };
}

function eachSentence({ sentenceStarts }: TokenizedText, visit: (begin: number, end: number) => void): void {
  for (let i = 1; i < sentenceStarts.length; i++) visit(sentenceStarts[i - 1] as number, sentenceStarts[i] as number);
}
