/** Trains word vectors on a text and leaves them in a checkpoint folder, and in files of word2vec's formats. */
import { unreachable } from '../../shared/assert.js';
import { note } from '../../shared/log.js';
import { requireWritableFile } from '../output.js';
import { requireFreshFolder } from '../training-folder.js';
import { readWordCorpus } from './corpus.js';
import { loadWordModel } from './model.js';
import { completeTraining, createRun, type TrainWordsOptions, type WordsOutcome, type WordsRun } from './run.js';
import { trainNegativeSampling } from './train-negative-sampling.js';
import { trainSoftmax } from './train-softmax.js';
import { exportWordVectors, vectorsOf } from './vectors.js';

export type { TrainWordsOptions, WordsEpochRecord, WordsOutcome } from './run.js';

/** How a training of word vectors ended. */
export interface TrainWordsResult extends WordsOutcome {
  readonly checkpoint: string;
  /** Words that have a vector. */
  readonly vocabulary: number;
  /** Words of the text. */
  readonly textWords: number;
}

/**
 * Trains word vectors. Throws UserError for what the user can mend.
 *
 * @example
 * await trainWords({
 *   source: { path: 'reviews.csv', column: 'text' },
 *   recipe: { objective: 'negative-sampling', epochs: 10 },
 *   output: 'checkpoints/words',
 * });
 */
export async function trainWords(asked: TrainWordsOptions): Promise<TrainWordsResult> {
  requireFreshFolder(asked);
  const options = completeTraining(asked);
  const { output, source, signal, exports } = options;
  for (const path of exports) requireWritableFile(path);
  const corpus = await readWordCorpus(source, options.corpus, signal);
  const [words, vocabulary] = [corpus.textWords, corpus.words.length];
  note(
    `training on ${words.toLocaleString('en')} words, ${vocabulary.toLocaleString('en')} of them different and frequent`,
  );
  signal?.throwIfAborted();
  const outcome = await train(createRun(options, corpus));
  if (outcome.ending !== 'interrupted' && exports.length > 0) {
    const vectors = vectorsOf((await loadWordModel(output)).model);
    for (const path of exports) await exportWordVectors(path, vectors);
  }
  return { checkpoint: output, vocabulary, textWords: words, ...outcome };
}

function train({ options, ...run }: WordsRun): Promise<WordsOutcome> {
  const { recipe } = options;
  switch (recipe.objective) {
    case 'negative-sampling':
      return trainNegativeSampling({ ...run, options: { ...options, recipe } });
    case 'softmax':
      return trainSoftmax({ ...run, options: { ...options, recipe } });
    default:
      return unreachable(recipe, 'recipe');
  }
}
