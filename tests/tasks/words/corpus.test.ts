/** How a text becomes numbered words, phrases and windows. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  corpusDefaults,
  type CorpusOptions,
  readWordCorpus,
  type WordCorpus,
} from '../../../src/tasks/words/corpus.js';
import { joinPhrases } from '../../../src/tasks/words/phrases.js';
import { TextBuilder, type TokenizedText } from '../../../src/tasks/words/tokenized-text.js';
import { keepThresholds } from '../../../src/models/word2vec/index.js';
import { windowBatches } from '../../../src/tasks/words/window-batches.js';
import { Random } from '../../../src/shared/random.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'looksay-words-'));
});

async function corpusOf(text: string | Uint8Array, options: Partial<CorpusOptions> = {}): Promise<WordCorpus> {
  const path = join(folder, 'text.txt');
  await writeFile(path, text);
  return readWordCorpus({ path }, { ...corpusDefaults, minimumCount: 1, ...options });
}

/** The sentences in words again. */
function sentencesOf({ words, tokens, sentenceStarts }: TokenizedText | WordCorpus): string[] {
  return Array.from(sentenceStarts.subarray(1), (end, i) =>
    Array.from(tokens.subarray(sentenceStarts[i], end), (token) => words[token]).join(' '),
  );
}

describe('a corpus', () => {
  test('numbers words by frequency and keeps sentences apart', async () => {
    const corpus = await corpusOf('The cat sat.\n\nThe dog, the CAT\n...\nsat');
    expect(corpus.words).toEqual(['the', 'cat', 'sat', 'dog']);
    expect(corpus.counts).toEqual([3, 2, 2, 1]);
    expect(sentencesOf(corpus)).toEqual(['the cat sat', 'the dog the cat', 'sat']);
    expect(corpus.tokens.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('leaves out rare words, and sentences that have no others', async () => {
    const corpus = await corpusOf('a b c\nd\na b d e', { minimumCount: 2 });
    expect(corpus.words).toEqual(['a', 'b', 'd']);
    expect(sentencesOf(corpus)).toEqual(['a b', 'd', 'a b d']);
    expect(corpus.textWords).toBe(8);
    const shorter = await corpusOf('a b c\nd\na b d e', { maximumWords: 2 });
    expect(sentencesOf(shorter)).toEqual(['a b', 'a b']);
  });

  test('reads right-to-left text and emoji between words, NUL bytes and broken UTF-8', async () => {
    const text = Buffer.concat([
      Buffer.from('שלום עולם 👍🏽 שלום\ncafe\u0301 café\0one'),
      Buffer.from([0xff]),
      Buffer.from('two'),
    ]);
    const corpus = await corpusOf(text);
    expect(sentencesOf(corpus)).toEqual(['שלום עולם שלום', 'café café one two']);
  });

  test('cuts an endless line into sentences', async () => {
    const corpus = await corpusOf(Array.from({ length: 300_000 }, (_, i) => `word${i % 50}`).join(' '));
    expect(corpus.tokens).toHaveLength(300_000);
    const lengths = Array.from(
      corpus.sentenceStarts.subarray(1),
      (end, i) => end - (corpus.sentenceStarts[i] as number),
    );
    expect(Math.max(...lengths)).toBeLessThanOrEqual(10_000);
    expect(corpus.counts.reduce((sum, count) => sum + count, 0)).toBe(300_000);
  });

  test.each([
    ['', 1, 'found no words'],
    ['… \0 👍\n', 1, 'found no words'],
    ['same same same', 1, 'expected two different words that occur 1 times or more, found 1'],
    ['I pet my cat', 5, 'lower --min-count'],
  ])('%j is too little', async (text, minimumCount, message) => {
    await expect(corpusOf(text, { minimumCount })).rejects.toThrow(message);
  });
});

describe('phrases', () => {
  const textOf = (...sentences: string[]): TokenizedText => {
    const builder = new TextBuilder('text');
    for (const sentence of sentences) builder.addSentence(sentence.split(' '));
    return builder.finish();
  };

  test('join pairs that score above the threshold', () => {
    // (3 − 1) · 14 / (3 · 3) = 3.1 for new york; (2 − 1) · 14 / (3 · 2) = 2.3 for york city; 1.6 for in new.
    const text = textOf('new york city', 'in new york city', 'see new york', 'see it in it');
    expect(sentencesOf(joinPhrases(text, { minimumCount: 1, threshold: 3 }))).toEqual([
      'new_york city',
      'in new_york city',
      'see new_york',
      'see it in it',
    ]);
    expect(sentencesOf(joinPhrases(text, { minimumCount: 1, threshold: 4 }))).toEqual(sentencesOf(text));
  });

  test('a second pass makes longer ones, whichever way they came together', () => {
    const text = textOf('a b c', 'a b c', 'a b c', 'x y', 'x z', 'u b c', 'u b c', 'a b v', 'a b v');
    const once = joinPhrases(text, { minimumCount: 1, threshold: 0.5 });
    const twice = joinPhrases(once, { minimumCount: 1, threshold: 0.5 });
    expect(twice.words.filter((word, i) => twice.words.indexOf(word) !== i)).toEqual([]);
    expect(sentencesOf(twice)).toContain('a_b_c');
  });

  test('are never joined over the end of a sentence', () => {
    const text = textOf(...Array.from({ length: 10 }, () => ['left', 'right']).flat());
    expect(sentencesOf(joinPhrases(text, { minimumCount: 1, threshold: 0 }))).toEqual(sentencesOf(text));
  });

  test('come into the vocabulary', async () => {
    const corpus = await corpusOf('new york\nnew york\nnew york\na b\na c\n', { phrasePasses: 1, phraseThreshold: 1 });
    expect(corpus.words[0]).toBe('new_york');
  });
});

test('batches of windows hold each place with the words around it', async () => {
  const corpus = await corpusOf('a b c d e\nf\ng h');
  const options = { window: 2, batchSize: 3, keepThresholds: keepThresholds(corpus.counts, 0) };
  const batches = [...windowBatches(corpus, { ...options, random: new Random(4) })];
  expect(batches.map(({ centers }) => centers.length)).toEqual([3, 3, 3]);
  const places = batches
    .flatMap(({ centers, contexts, mask, around }) =>
      Array.from(centers, (center, place) => ({
        center: corpus.words[center],
        around: Array.from(
          contexts.subarray(place * around, (place + 1) * around),
          (word) => corpus.words[word] as string,
        )
          .filter((_, i) => mask[place * around + i] === 1)
          .join(''),
      })),
    )
    .filter(({ around }) => around !== '');
  expect(places.map(({ center }) => center).join('')).toBe('abcdegh');
  const wide = { a: 'bc', b: 'acd', c: 'abde', d: 'bce', e: 'cd', g: 'h', h: 'g' };
  const narrow = { a: 'b', b: 'ac', c: 'bd', d: 'ce', e: 'd', g: 'h', h: 'g' };
  for (const { center, around } of places) {
    expect([wide[center as 'a'], narrow[center as 'a']]).toContain(around);
  }
  expect(new Set(places.map(({ around }) => around.length)).size).toBeGreaterThan(1);
  expect(batches.reduce((sum, { words }) => sum + words, 0)).toBe(
    places.reduce((sum, { around }) => sum + around.length, 0),
  );
  const again = [...windowBatches(corpus, { ...options, random: new Random(4) })];
  expect(again).toEqual(batches);
});
