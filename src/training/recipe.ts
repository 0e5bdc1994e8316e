/** The settings of optimisation that every trainer of ours has, with their defaults, and what `fit` makes of them. */
import { NUMBER_RULES, type NumberRule, requireChoice, requireGiven } from '../shared/rules.js';
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

const { count, countFromZero, positive, fromZero, aboveZero, share } = NUMBER_RULES;

/** What the numbers of a recipe must be. */
export const optimizationRules = {
  epochs: count,
  patience: { ...count, fits: (value: number) => count.fits(value) || value === Infinity },
  learningRate: positive,
  warmUpSteps: countFromZero,
  weightDecay: fromZero,
  clipNorm: aboveZero,
  averageDecay: share,
} as const satisfies { readonly [Name in keyof Omit<OptimizationRecipe, 'decay'>]: NumberRule };

/** Where the cosine ends, relative to the peak. */
const FLOOR = 0.02;

type FromRecipe = 'optimizer' | 'learningRate' | 'epochs' | 'patience' | 'averageDecay' | 'stepsPerEpoch';

/** What a recipe says to `fit`. Throws UserError (exit code 2) for numbers that are missing or make no sense. */
export function fitSettings(
  recipe: OptimizationRecipe,
  stepsPerEpoch: number,
  groupOf?: AdamWOptions['groupOf'],
): Required<Pick<FitOptions<unknown>, FromRecipe>> {
  const { epochs, patience, weightDecay, clipNorm, averageDecay, decay = 'cosine' } = recipe;
  for (const [name, rule] of Object.entries(optimizationRules)) {
    requireGiven(`recipe.${name}`, rule, recipe[name as keyof typeof optimizationRules]);
  }
  requireChoice('recipe.decay', LEARNING_RATE_DECAYS, decay);
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
