/** The captioner: a recurrent decoder that says what an encoder's grid of features shows. */
export {
  type CaptionerConfig,
  captionerDefaults,
  type DropoutRates,
  ENTRIES,
  type Entry,
  type Readout,
  READOUTS,
  validateCaptionerConfig,
} from './config.js';
export { captionerHidden, type CaptionerInput, captionerLogits, withoutWords } from './forward.js';
export type { CaptionerTraining } from './image.js';
export { type CaptionerBatch, captionerLoss, type CaptionerLoss, type CaptionerLossOptions } from './loss.js';
export {
  type CaptionerInitialization,
  captionerParameterShapes,
  countCaptionerParameters,
  createCaptionerParameters,
  trainableNames,
} from './parameters.js';
export {
  type CaptionerState,
  type CaptionerStep,
  startCaptions,
  type StartOptions,
  stepCaptions,
  type StepTraining,
} from './step.js';
