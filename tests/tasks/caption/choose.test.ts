/** In which order the captions that were found are chosen. */
import { expect, test } from 'vitest';
import { ciderVector, uniformWeight } from '../../../src/metrics/cider.js';
import { ptbTokenize } from '../../../src/metrics/ptb-tokenizer.js';
import { agreementWithConsensus, rankCaptions, type Agreement } from '../../../src/tasks/caption/choose.js';

const caption = (text: string, score: number) => ({
  caption: text,
  words: ptbTokenize(text),
  score,
  logProbability: 7 * score,
});
const captions = (ranked: readonly { caption: string }[]): string[] => ranked.map(({ caption: text }) => text);

const FOUND = [
  caption('A man rides a red bicycle.', -1),
  caption('A brown dog runs on the grass.', -1.05),
  caption('A brown dog runs in the grass.', -1.06),
  caption('A brown dog is on the grass.', -1.1),
];

function consensusOf(sentences: readonly string[], weight: number): readonly Agreement[] {
  const vectors = sentences.map((sentence) => ciderVector(ptbTokenize(sentence), uniformWeight));
  return [agreementWithConsensus({ captions: vectors, weightOf: uniformWeight, weight })];
}

test('the most probable caption stays first', () => {
  expect(rankCaptions(FOUND, 'probable')).toEqual(FOUND);
});

test('minimum Bayes risk prefers what the others say too, and leaves none out', () => {
  const ranked = rankCaptions(FOUND, 'mbr');
  expect(captions(ranked)[0]).toBe('A brown dog runs on the grass.');
  expect(captions(ranked).at(-1)).toBe('A man rides a red bicycle.');
  expect(captions(ranked).toSorted()).toEqual(captions(FOUND).toSorted());
  expect(ranked[0]).toBe(FOUND[1]);
});

test('one that is far more probable than the rest is chosen all the same', () => {
  const [man, ...dogs] = FOUND;
  const certain = [{ ...(man as (typeof FOUND)[number]), score: 3 }, ...dogs];
  expect(captions(rankCaptions(certain, 'mbr'))[0]).toBe('A man rides a red bicycle.');
});

test('captions of photos that look alike move the choice as far as their weight goes', () => {
  const said = ['A cyclist on the road.', 'A brown dog is lying on the grass.', 'A dog is on the lawn.'];
  expect(captions(rankCaptions(FOUND, 'probable', consensusOf(said, 0)))).toEqual(captions(FOUND));
  expect(captions(rankCaptions(FOUND, 'probable', consensusOf(said, 5)))[0]).toBe('A brown dog is on the grass.');
  expect(captions(rankCaptions(FOUND, 'mbr', consensusOf(said, 100)))[0]).toBe('A brown dog is on the grass.');
});

test('without any photo that looks alike nothing changes', () => {
  expect(captions(rankCaptions(FOUND, 'probable', consensusOf([], 5)))).toEqual(captions(FOUND));
  expect(rankCaptions([], 'mbr')).toEqual([]);
});
