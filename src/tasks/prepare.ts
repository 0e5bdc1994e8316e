/** Preparing data sets for training, from the archives that their publishers give out. */
export {
  describePreparation,
  prepareDataset,
  type PrepareOptions,
  RECIPES as preparationRecipes,
} from '../datasets/prepare/index.js';
