/** The settings of a language model's training, with their defaults. */
import type { Feedback } from '../../models/language-model/index.js';
import { type OptimizationRecipe, optimizationDefaults } from '../../training/recipe.js';

/** How a language model is trained. */
export interface TextRecipe extends OptimizationRecipe {
  /** Rows of a batch: documents, or places of the stream of all documents. */
  readonly batchSize: number;
  /** How far errors are propagated back: to the start of the document, or so many steps, the state being carried on. */
  readonly bptt: 'sequence' | number;
  /** With `sequence`: documents are cut into pieces of so many steps, each starting from nothing. Default: whole. */
  readonly chunk?: number;
  /** With `chunk`: a token that fills up the last piece of a document, in END's place, and is learned. */
  readonly padding?: string;
  /** What is fed after a prediction: the true token, or one that the model draws. */
  readonly feedback: Feedback;
}

/** The one place where the defaults of training stand. */
export const textRecipeDefaults: TextRecipe = {
  ...optimizationDefaults,
  learningRate: 5e-3,
  warmUpSteps: 50,
  weightDecay: 0,
  clipNorm: 5,
  batchSize: 50,
  bptt: 50,
  feedback: 'teacher',
};
