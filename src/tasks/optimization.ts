/** What commands need of the settings that every training shares. */
export {
  LEARNING_RATE_DECAYS,
  type LearningRateDecay,
  optimizationDefaults,
  type OptimizationRecipe,
  optimizationRules,
} from '../training/recipe.js';
