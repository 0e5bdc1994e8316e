/** The settings of optimisation that every trainer of ours has, with their defaults, and what `fit` makes of them. */
import type { FitOptions } from './fit.js';
import type { AdamWOptions } from './optimizers.js';
import { createSchedule } from './schedule.js';

/** How the learning rate goes on after the warm-up: down to almost nothing, or as it is. */
export const LEARNING_RATE_DECAYS = ['cosine', 'constant'] as const;
/** See `LEARNING_RATE_DECAYS`. */
export type LearningRateDecay = (typeof LEARNING_RATE_DECAYS)[number];

/** How weights are fitted, whatever the model. */
export interface OptimizationRecipe {
  /** Epochs at most; the learning rate falls over so many. */
  readonly epochs: number;
  /** Epochs without a better score after which training ends. */
  readonly patience: number;
  /** The peak of the learning rate. */
  readonly learningRate: number;
  readonly warmUpSteps: number;
  /** What follows the warm-up: a cosine down to almost nothing, the default, or the peak throughout. */
  readonly decay?: LearningRateDecay;
  readonly weightDecay: number;
  /** The largest norm of all gradients together. */
  readonly clipNorm: number;
  /** Decay of the moving average of the weights that is validated and saved; 0 takes the weights as they are. */
  readonly averageDecay: number;
}

/** The one place where these defaults stand; a task may set its own beside them. */
export const optimizationDefaults: OptimizationRecipe = {
  epochs: 20,
  patience: 5,
  learningRate: 1e-3,
  warmUpSteps: 200,
  weightDecay: 0.01,
  clipNorm: 2,
  averageDecay: 0,
};

/** Where the cosine ends, relative to the peak. */
const FLOOR = 0.02;

type FromRecipe = 'optimizer' | 'learningRate' | 'epochs' | 'patience' | 'averageDecay' | 'stepsPerEpoch';

/** What a recipe says to `fit`. */
export function fitSettings(
  recipe: OptimizationRecipe,
  stepsPerEpoch: number,
  groupOf?: AdamWOptions['groupOf'],
): Required<Pick<FitOptions<unknown>, FromRecipe>> {
  const { epochs, patience, weightDecay, clipNorm, averageDecay, decay = 'cosine' } = recipe;
  return {
    optimizer: { weightDecay, clipNorm, ...(groupOf === undefined ? {} : { groupOf }) },
    learningRate: createSchedule({
      peak: recipe.learningRate,
      warmUpSteps: recipe.warmUpSteps,
      decay: decay === 'constant' ? { kind: decay } : { kind: decay, totalSteps: stepsPerEpoch * epochs, floor: FLOOR },
    }),
    epochs,
    patience,
    averageDecay,
    stepsPerEpoch,
  };
}
