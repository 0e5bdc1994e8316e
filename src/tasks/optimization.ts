/** What commands need of the settings that every training shares. */
export {
  LEARNING_RATE_DECAYS,
  type LearningRateDecay,
  optimizationDefaults,
  type OptimizationRecipe,
} from '../training/recipe.js';
