/** How word vectors are trained: what both objectives have, and what each has of its own. */
import type { Objective } from '../../models/word2vec/index.js';
import { type OptimizationRecipe, optimizationDefaults } from '../../training/recipe.js';

export {
  WORD2VEC_ARCHITECTURES,
  type Word2VecArchitecture,
  OBJECTIVES,
  type Objective,
} from '../../models/word2vec/index.js';
export { word2vecDefaults } from '../../models/word2vec/index.js';

/** What trainings of word vectors by either objective are told. */
export interface WordsContextRecipe {
  readonly epochs: number;
  /** The largest distance of a word that is predicted; the distance at each place is drawn from 1 to this. */
  readonly window: number;
  /** Words with a larger share of the text are left out at times (see `keepThresholds`); 0 keeps all. */
  readonly subsample: number;
}

/** Training against words that are drawn, in threads (Mikolov et al. 2013). */
export interface NegativeSamplingWordsRecipe extends WordsContextRecipe {
  readonly objective: 'negative-sampling';
  /** Drawn words for each that is predicted. */
  readonly negatives: number;
  /** Falls in a straight line to `minimumLearningRate`. */
  readonly learningRate: number;
  readonly minimumLearningRate: number;
}

/** Training by the softmax over all words: for small vocabularies. */
export interface SoftmaxWordsRecipe extends WordsContextRecipe, OptimizationRecipe {
  readonly objective: 'softmax';
  /** Places of the text a batch. */
  readonly batchSize: number;
}

/** How word vectors are trained, by either objective. */
export type WordsRecipe = NegativeSamplingWordsRecipe | SoftmaxWordsRecipe;

const contextDefaults: WordsContextRecipe = { epochs: 5, window: 5, subsample: 1e-3 };

/** The defaults of each objective; those of negative sampling are gensim's. */
export const wordsRecipeDefaults: {
  readonly 'negative-sampling': NegativeSamplingWordsRecipe;
  readonly softmax: SoftmaxWordsRecipe;
} = {
  'negative-sampling': {
    objective: 'negative-sampling',
    ...contextDefaults,
    negatives: 5,
    learningRate: 0.025,
    minimumLearningRate: 1e-4,
  },
  softmax: {
    objective: 'softmax',
    ...optimizationDefaults,
    ...contextDefaults,
    learningRate: 3e-3,
    weightDecay: 0,
    batchSize: 256,
  },
} satisfies Record<Objective, WordsRecipe>;
