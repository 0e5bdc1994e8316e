/** The captioner: a recurrent decoder that says what an encoder's grid of features shows. */
export {
  type CaptionerConfig,
  captionerDefaults,
  type CaptionerDropout,
  CAPTIONER_ENTRIES,
  type CaptionerEntry,
  type CaptionerReadout,
  CAPTIONER_READOUTS,
  validateCaptionerConfig,
} from './config.js';
export { type CaptionerInput, captionerLogits, withoutWords } from './forward.js';
export type { CaptionerTraining } from './image.js';
export { type CaptionerBatch, captionerLoss, type CaptionerLoss, type CaptionerLossOptions } from './loss.js';
export {
  type CaptionerInitialization,
  captionerParameterShapes,
  countCaptionerParameters,
  createCaptionerParameters,
  grownCaptionerParameters,
  trainableNames,
} from './parameters.js';
export type { ScheduledSampling } from './scheduled-sampling.js';
export {
  type CaptionerState,
  type CaptionerStep,
  startCaptions,
  type StartCaptionsOptions,
  stepCaptions,
  type CaptionerStepTraining,
} from './step.js';
