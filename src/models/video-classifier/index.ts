/** The video classifier: says what a clip shows from an encoder's features of its frames. */
export {
  type ClassifierDropout,
  FRAME_ORDERS,
  type FrameOrder,
  validateVideoClassifierConfig,
  type VideoClassifierConfig,
  videoClassifierDefaults,
} from './config.js';
export { type ClassifierProbabilities, classifyClips } from './forward.js';
export { type ClassifierBatch, type ClassifierLossOptions, videoClassifierLoss } from './loss.js';
export {
  countVideoClassifierParameters,
  createVideoClassifierParameters,
  videoClassifierShapes,
} from './parameters.js';
