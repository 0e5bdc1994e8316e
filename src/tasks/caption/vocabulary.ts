/** From captions to token ids: the one place where training decides which words there are. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { requireFrequent, textVocabulary } from '../../text/text-vocabulary.js';
import { tokenize } from '../../text/tokenizer.js';
import { SeenNgrams } from '../../text/seen-ngrams.js';
import { END_ID, START_ID, type Vocabulary } from '../../text/vocabulary.js';

/** The words that occur at least `minimumCount` times in all captions of `examples`. */
function frequentWords(examples: readonly CaptionedImage[], minimumCount: number): Vocabulary {
  const captions = examples.flatMap((example) => example.captions);
  return textVocabulary(captions, tokenize, { minimumCount });
}

/** The vocabulary of all captions of `examples`. Throws UserError when no word occurs so often. */
export function buildVocabulary(examples: readonly CaptionedImage[], minimumCount: number): Vocabulary {
  const vocabulary = frequentWords(examples, minimumCount);
  requireFrequent(vocabulary, 'training captions', 'word');
  return vocabulary;
}

/** `before`, and after it what else occurs at least `minimumCount` times in `examples`. */
export function grownVocabulary(
  before: Vocabulary,
  examples: readonly CaptionedImage[],
  minimumCount: number,
): Vocabulary {
  return before.with(frequentWords(examples, minimumCount).tokens);
}

/** What all captions of `examples` have said, START and END as `vocabulary` writes them. */
export function seenNgramsOf(examples: readonly CaptionedImage[], vocabulary: Vocabulary): SeenNgrams {
  const [start, end] = [vocabulary.tokenOf(START_ID), vocabulary.tokenOf(END_ID)];
  return SeenNgrams.of(examples.flatMap(({ captions }) => captions.map((text) => [start, ...tokenize(text), end])));
}

/** The captions of each example as token ids, without START and END; captions without a word are left out. */
export function encodeCaptions(examples: readonly CaptionedImage[], vocabulary: Vocabulary): number[][][] {
  return examples.map(({ captions }) =>
    captions.map((caption) => vocabulary.encode(tokenize(caption))).filter((ids) => ids.length > 0),
  );
}
