/** What commands need of the settings that every training shares. */
export { optimizationDefaults, type OptimizationRecipe } from '../training/recipe.js';
