/** The settings of a captioner's training, with their defaults. */
import { optimizationDefaults, type OptimizationRecipe } from '../../training/recipe.js';

/** How a captioner is trained. */
export interface CaptionerRecipe extends OptimizationRecipe {
  /** Photos a batch. */
  readonly imagesPerBatch: number;
  /** Captions of each photo in a batch. */
  readonly captionsPerImage: number;
  /** The learning rate of the encoder, relative to the captioner's. */
  readonly encoderLearningRate: number;
  /** Share of the target spread over all words. */
  readonly labelSmoothing: number;
  /** Share of the words fed that are the model's own by the last epoch, from none at first (Bengio 2015). */
  readonly scheduledSampling: number;
  /** Factor of the doubly stochastic attention term (Xu 2015). */
  readonly attentionRegularization: number;
  /** Words of a training caption at most, END included; longer ones are cut. */
  readonly maximumLength: number;
  /** Lengths of batches are rounded up to a multiple of this: each length that occurs is a session of its own. */
  readonly lengthMultiple: number;
  /** The block of the encoder from which on it is trained too; '' trains none of it. */
  readonly fineTuneFrom: string;
  /** How many changed versions of each photo (flipped, cropped) are trained on beside it. */
  readonly augmentedViews: number;
  /** Captions sampled of each photo for self-critical training (Rennie 2017); 0 trains by cross entropy. */
  readonly selfCriticalSamples: number;
  /** What the logits are multiplied by before self-critical training begins (see `sharpened`). */
  readonly sharpening: number;
  /** Factor of BLEU-1 in the reward, beside CIDEr-D; 0 for CIDEr-D alone. */
  readonly bleuReward: number;
  /** Beam width of the captions that validation scores. */
  readonly validationBeamWidth: number;
}

/** The one place where training's defaults stand. */
export const captionerRecipeDefaults: CaptionerRecipe = {
  ...optimizationDefaults,
  imagesPerBatch: 32,
  captionsPerImage: 2,
  encoderLearningRate: 0.1,
  labelSmoothing: 0.1,
  scheduledSampling: 0,
  attentionRegularization: 0,
  maximumLength: 20,
  lengthMultiple: 2,
  fineTuneFrom: '',
  augmentedViews: 0,
  selfCriticalSamples: 0,
  sharpening: 2,
  bleuReward: 0,
  validationBeamWidth: 3,
};
