/** The words of captions and back to sentences, and the vocabulary that numbers them. */
import { expect, test } from 'vitest';
import { detokenize, tokenize } from '../../src/text/tokenizer.js';
import { END_ID, START_ID, UNKNOWN_ID, Vocabulary } from '../../src/text/vocabulary.js';

test('tokenises any language: composed, in lower case, without punctuation', () => {
  expect(tokenize("A man's t-shirt, (red) — 3 dogs!")).toEqual(['a', "man's", 't-shirt', 'red', '3', 'dogs']);
  expect(tokenize('Một cầu thủ đang đánh bóng .')).toEqual(['một', 'cầu', 'thủ', 'đang', 'đánh', 'bóng']);
  expect(tokenize('đánh'.normalize('NFD'))).toEqual(['đánh']);
  expect(tokenize(' ... ')).toEqual([]);
});

test('a sentence begins with a capital letter, ends in a full stop, and gives its words back', () => {
  expect(detokenize(['a', 'dog', 'runs'])).toBe('A dog runs.');
  expect(detokenize(['đánh', 'bóng'])).toBe('Đánh bóng.');
  expect(detokenize([])).toBe('');
  expect(tokenize(detokenize(['a', "man's", 't-shirt']))).toEqual(['a', "man's", 't-shirt']);
});

test('numbers words by frequency, and knows what it does not know', () => {
  const vocabulary = Vocabulary.build(
    [
      ['a', 'dog'],
      ['a', 'cat'],
      ['a', 'dog'],
    ],
    { minimumCount: 2 },
  );
  expect(vocabulary.tokens.slice(4)).toEqual(['a', 'dog']);
  expect(vocabulary.encode(['a', 'cat'])).toEqual([4, UNKNOWN_ID]);
  expect(vocabulary.decode([START_ID, 4, 5, END_ID, 4])).toEqual(['a', 'dog']);
  expect(Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)), 'x').tokens).toEqual(vocabulary.tokens);
});

test.each([
  [undefined],
  [{ tokens: 'a' }],
  [{ tokens: ['a', 'b'] }],
  [{ tokens: ['<padding>', '<start>', '<end>', '<unknown>', 7] }],
  [{ tokens: ['<padding>', '<start>', '<end>', '<unknown>', 'a', 'a'] }],
])('refuses %j', (value) => {
  expect(() => Vocabulary.fromJSON(value, 'vocabulary.json')).toThrow('vocabulary.json');
});
