/** From captions to token ids: the one place where training decides which words there are. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { tokenize } from '../../text/tokenizer.js';
import { Vocabulary } from '../../text/vocabulary.js';

/** The vocabulary of all captions of `examples`. */
export function buildVocabulary(examples: readonly CaptionedImage[], minimumCount: number): Vocabulary {
  return Vocabulary.build(
    examples.flatMap(({ captions }) => captions.map(tokenize)),
    { minimumCount },
  );
}

/** The captions of each example as token ids, without START and END; captions without a word are left out. */
export function encodeCaptions(examples: readonly CaptionedImage[], vocabulary: Vocabulary): number[][][] {
  return examples.map(({ captions }) =>
    captions.map((caption) => vocabulary.encode(tokenize(caption))).filter((ids) => ids.length > 0),
  );
}
