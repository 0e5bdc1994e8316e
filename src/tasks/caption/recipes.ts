/**
 * Recipes by name: what a user should pick. A recipe is a list of stages, each a training that starts from what the one
 * before left; `benchmarks/captions.md` has what each stage gains.
 */
import { captionerRecipeDefaults, type CaptionerRecipe } from './recipe.js';

/** One training of several. */
export interface Stage {
  /** The folder of its checkpoint and log, inside the output's `stages`. */
  readonly name: string;
  readonly recipe: CaptionerRecipe;
}

export const RECIPE_NAMES = ['fast', 'best'] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

const FAST: readonly Stage[] = [
  {
    name: 'words',
    recipe: { ...captionerRecipeDefaults, epochs: 20, patience: 4, warmUpSteps: 50, averageDecay: 0.99 },
  },
];

const WORDS: CaptionerRecipe = {
  ...captionerRecipeDefaults,
  epochs: 16,
  patience: 16,
  averageDecay: 0.999,
  augmentedViews: 3,
};

const BEST: readonly Stage[] = [
  { name: 'words', recipe: WORDS },
  {
    name: 'encoder',
    recipe: {
      ...WORDS,
      epochs: 6,
      patience: 6,
      learningRate: 4e-4,
      encoderLearningRate: 0.5,
      warmUpSteps: 100,
      fineTuneFrom: 'block11',
    },
  },
  {
    name: 'rewards',
    recipe: {
      ...WORDS,
      epochs: 4,
      patience: 4,
      learningRate: 5e-5,
      warmUpSteps: 50,
      averageDecay: 0.99,
      selfCriticalSamples: 4,
      maximumLength: 16,
    },
  },
];

/**
 * `fast` trains on a frozen encoder: minutes for a thousand photos. `best` trains the words, then words and encoder
 * together, then for CIDEr-D: two hours for ten thousand photos on two cores.
 */
export const RECIPES: Readonly<Record<RecipeName, readonly Stage[]>> = { fast: FAST, best: BEST };
