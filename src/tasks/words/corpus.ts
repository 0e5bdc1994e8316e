/** The text that word vectors are trained on: its vocabulary, and the text as numbers of words of that vocabulary. */
import { UserError } from '../../shared/errors.js';
import type { CorpusSource } from '../../text/corpus.js';
import { byFrequency } from '../../text/vocabulary.js';
import { joinPhrases } from './phrases.js';
import { countWords, tokenizeCorpus, type TokenizedText } from './tokenized-text.js';

/** Which words of a text have vectors, and whether neighbours are joined into phrases. */
export interface CorpusOptions {
  /** Words that occur less often are left out. */
  readonly minimumCount: number;
  /** Only so many of the most frequent words are kept. */
  readonly maximumWords?: number;
  /** How often neighbours are joined into phrases; a second pass makes phrases of up to four words. */
  readonly phrasePasses: number;
  readonly phraseThreshold: number;
}

/** The one place where the defaults of reading stand. */
export const corpusDefaults: CorpusOptions = { minimumCount: 5, phrasePasses: 0, phraseThreshold: 100 };

/** Arrays lie on memory that threads can share. */
export interface WordCorpus {
  /** The vocabulary: the most frequent word first, ties in alphabetical order. */
  readonly words: readonly string[];
  /** How often each occurs. */
  readonly counts: readonly number[];
  /** The sentences, one after the other, without words that are not in the vocabulary. */
  readonly tokens: Int32Array;
  /** Where each sentence starts in `tokens`, and where the last ends. */
  readonly sentenceStarts: Uint32Array;
  /** Words of the text, those left out as well. */
  readonly textWords: number;
}

/** Reads and counts the texts of `source`. Throws UserError when they have less than two words for the vocabulary. */
export async function readWordCorpus(
  source: CorpusSource,
  options: CorpusOptions,
  signal?: AbortSignal,
): Promise<WordCorpus> {
  let text = await tokenizeCorpus(source, signal);
  const textWords = text.tokens.length;
  if (textWords === 0) throw new UserError(`${source.path}: expected text, found no words in it`);
  const { minimumCount, phrasePasses, phraseThreshold: threshold } = options;
  for (let pass = 0; pass < phrasePasses; pass++) text = joinPhrases(text, { minimumCount, threshold });
  const vocabulary = vocabularyOf(text, options);
  if (vocabulary.length < 2) {
    throw new UserError(
      `${source.path}: expected two different words that occur ${minimumCount} times or more, found ` +
        `${vocabulary.length} (give more text, or lower --min-count)`,
    );
  }
  const words = vocabulary.map(([word]) => word);
  return { words, counts: vocabulary.map(([, count]) => count), ...encode(text, words), textWords };
}

function vocabularyOf(text: TokenizedText, { minimumCount, maximumWords }: CorpusOptions): [string, number][] {
  const counts = countWords(text);
  return text.words
    .map((word, id): [string, number] => [word, counts[id] as number])
    .filter(([, count]) => count >= minimumCount)
    .sort(byFrequency)
    .slice(0, maximumWords);
}

const OUTSIDE = -1;

/** The text in numbers of `words`; sentences that lose all their words go. */
function encode(text: TokenizedText, words: readonly string[]): Pick<WordCorpus, 'tokens' | 'sentenceStarts'> {
  const places = new Map(words.map((word, place) => [word, place]));
  const newId = Int32Array.from(text.words, (word) => places.get(word) ?? OUTSIDE);
  const tokens = new Int32Array(text.tokens.length);
  const starts = new Uint32Array(text.sentenceStarts.length);
  let [length, sentences] = [0, 0];
  for (let i = 1; i < text.sentenceStarts.length; i++) {
    const end = text.sentenceStarts[i] as number;
    for (let at = text.sentenceStarts[i - 1] as number; at < end; at++) {
      const id = newId[text.tokens[at] as number] as number;
      if (id !== OUTSIDE) tokens[length++] = id;
    }
    if (length > (starts[sentences] as number)) starts[++sentences] = length;
  }
  const sharedTokens = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length));
  sharedTokens.set(tokens.subarray(0, length));
  const sentenceStarts = new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT * (sentences + 1)));
  sentenceStarts.set(starts.subarray(0, sentences + 1));
  return { tokens: sharedTokens, sentenceStarts };
}
