/** The vocabulary of training captions: frequent words, and an error where there are none. */
import { expect, test } from 'vitest';
import { buildVocabulary } from '../../../src/tasks/caption/vocabulary.js';

const examples = [
  { image: 'a.jpg', captions: ['A dog runs.', 'The dog sits.'] },
  { image: 'b.jpg', captions: ['A cat.'] },
];

test('has the words that occur often enough', () => {
  expect(buildVocabulary(examples, 2).tokens.slice(4)).toEqual(['a', 'dog']);
});

test('without a frequent word it says what to do', () => {
  expect(() => buildVocabulary(examples, 3)).toThrow(
    'training captions: no word occurs often enough (lower --min-count)',
  );
});
