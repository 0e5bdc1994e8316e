/** The settings of the training of a classifier of texts, with their defaults. */
import { optimizationDefaults, type OptimizationRecipe } from '../../training/recipe.js';

/** How a classifier of texts is trained. */
export interface SentimentRecipe extends OptimizationRecipe {
  /** Texts a batch. */
  readonly batchSize: number;
  /** Share of the target spread over all classes. */
  readonly labelSmoothing: number;
  /** Share of the tokens that are unknown in each epoch, others each time (Iyyer et al. 2015). */
  readonly wordDropout: number;
}

/** The one place where the defaults of training stand. */
export const sentimentRecipeDefaults: SentimentRecipe = {
  ...optimizationDefaults,
  epochs: 8,
  patience: 3,
  learningRate: 2e-3,
  warmUpSteps: 100,
  averageDecay: 0.995,
  batchSize: 64,
  labelSmoothing: 0.05,
  wordDropout: 0.1,
};
