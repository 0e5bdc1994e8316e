/** The settings of a training, with their defaults. */

/** How a captioner is trained. */
export interface TrainingRecipe {
  readonly epochs: number;
  /** Photos a batch. */
  readonly imagesPerBatch: number;
  /** Captions of each photo in a batch. */
  readonly captionsPerImage: number;
  /** The peak of the learning rate. */
  readonly learningRate: number;
  /** The learning rate of the encoder, relative to the captioner's. */
  readonly encoderLearningRate: number;
  readonly warmUpSteps: number;
  readonly weightDecay: number;
  /** The largest norm of all gradients together. */
  readonly clipNorm: number;
  /** Share of the target spread over all words. */
  readonly labelSmoothing: number;
  /** Factor of the doubly stochastic attention term (Xu 2015). */
  readonly attentionRegularization: number;
  /** Words of a training caption at most, END included; longer ones are cut. */
  readonly maximumLength: number;
  /** Epochs without a better score after which training ends. */
  readonly patience: number;
  /** The block of the encoder from which on it is trained too; '' trains none of it. */
  readonly fineTuneFrom: string;
  /** Beam width of the captions that validation scores. */
  readonly validationBeamWidth: number;
}

/** The one place where training's defaults stand. */
export const recipeDefaults: TrainingRecipe = {
  epochs: 20,
  imagesPerBatch: 32,
  captionsPerImage: 2,
  learningRate: 1e-3,
  encoderLearningRate: 0.1,
  warmUpSteps: 200,
  weightDecay: 0.01,
  clipNorm: 2,
  labelSmoothing: 0.1,
  attentionRegularization: 0,
  maximumLength: 20,
  patience: 5,
  fineTuneFrom: '',
  validationBeamWidth: 3,
};
