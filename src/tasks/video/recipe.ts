/** The settings of a video classifier's training, with their defaults. */
import { optimizationDefaults, type OptimizationRecipe } from '../../training/recipe.js';

/** How a video classifier is trained. */
export interface VideoRecipe extends OptimizationRecipe {
  /** Clips a batch. */
  readonly clipsPerBatch: number;
  /** Share of the target spread over all classes. */
  readonly labelSmoothing: number;
  /** Factor of the loss of the frames' own labels, which gives the timeline its meaning. */
  readonly frameLoss: number;
  /** Share of training clips that go over into another clip, so that labels learn to change. */
  readonly joined: number;
  /** Share of a clip's length that training sees at a time; 1 sees all of it. */
  readonly windowShare: number;
  /** Frames kept for each one that the model takes, an odd number: each epoch draws one of them. */
  readonly jitter: number;
  /** Whether clips of rare classes count for more. */
  readonly classWeights: boolean;
  /** How many changed versions of each clip (flipped, cropped) are trained on beside it. */
  readonly augmentedViews: number;
  /** The block of the encoder from which on it is trained too; '' trains none of it. */
  readonly fineTuneFrom: string;
  /** The learning rate of the encoder, relative to the classifier's. */
  readonly encoderLearningRate: number;
}

/** The one place where training's defaults stand. */
export const videoRecipeDefaults: VideoRecipe = {
  ...optimizationDefaults,
  epochs: 30,
  patience: 10,
  warmUpSteps: 20,
  clipsPerBatch: 16,
  labelSmoothing: 0.1,
  frameLoss: 0.3,
  joined: 0,
  windowShare: 1,
  jitter: 3,
  classWeights: false,
  augmentedViews: 0,
  fineTuneFrom: '',
  encoderLearningRate: 0.1,
};
