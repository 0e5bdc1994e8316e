/**
 * Splits sentences as the COCO caption toolkit does before it scores them: the Penn Treebank conventions (Marcus et al.
 * 1993) of Stanford's tokenizer in lower case, without the punctuation that the toolkit removes.
 */

/** What the toolkit removes after tokenising. */
const PUNCTUATION: ReadonlySet<string> = new Set([
  "''",
  "'",
  '``',
  '`',
  '.',
  '?',
  '!',
  ',',
  ':',
  '-',
  '--',
  '...',
  ';',
]);

/** Words that the Treebank splits although nothing marks the place. */
const SPLIT_WORDS: Readonly<Record<string, readonly string[]>> = {
  cannot: ['can', 'not'],
  gonna: ['gon', 'na'],
  gotta: ['got', 'ta'],
  wanna: ['wan', 'na'],
  lemme: ['lem', 'me'],
  gimme: ['gim', 'me'],
};

/** Abbreviations that keep their full stop inside a sentence. */
const ABBREVIATION = /^(?:[a-z]|mr|mrs|ms|dr|st|jr|sr|vs|etc|inc|ltd|co|[a-z](?:\.[a-z])+)\.$/;

const TOKEN =
  /\.{3}|'n'|\$?\d+(?:[.,:/]\d+)+(?![\p{L}\p{N}])|[\p{L}\p{M}\p{N}]+(?:[-/][\p{L}\p{M}\p{N}]+|\.(?=[\p{L}])[\p{L}]+|['’](?=[\p{L}])[\p{L}]+)*\.?|['’](?:s|d|m|ll|re|ve|em)\b|\S/gu;

/** Brackets have names of their own, which the toolkit removes in capitals only: they stay. */
const BRACKETS: Readonly<Record<string, string>> = {
  '(': '-lrb-',
  ')': '-rrb-',
  '[': '-lsb-',
  ']': '-rsb-',
  '{': '-lcb-',
  '}': '-rcb-',
};

/** `n't` and `'s` and the like are tokens of their own. */
const CLITIC = /^(.+?)(n't|'s|'d|'m|'ll|'re|'ve)$/;

function splitWord(word: string, isLast: boolean): readonly string[] {
  const stopped = word.endsWith('.') && word.length > 1;
  if (stopped && !(ABBREVIATION.test(word) && !isLast)) return [...splitWord(word.slice(0, -1), false), '.'];
  const known = SPLIT_WORDS[word];
  if (known !== undefined) return known;
  const clitic = CLITIC.exec(word);
  return clitic === null ? [word] : [clitic[1] as string, clitic[2] as string];
}

/** The tokens of a sentence that take part in scores. */
export function ptbTokenize(sentence: string): string[] {
  const words = sentence.toLowerCase().replaceAll('’', "'").match(TOKEN) ?? [];
  return words
    .flatMap((word, index) => splitWord(word, index === words.length - 1))
    .map((token) => BRACKETS[token] ?? token)
    .filter((token) => !PUNCTUATION.has(token) && !/^["“”]$/.test(token));
}
