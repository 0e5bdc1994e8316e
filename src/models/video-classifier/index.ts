/** The video classifier: says what a clip shows from an encoder's features of its frames. */
export {
  type VideoClassifierDropout,
  FRAME_ORDERS,
  type FrameOrder,
  validateVideoClassifierConfig,
  type VideoClassifierConfig,
  videoClassifierDefaults,
} from './config.js';
export { type VideoClassifierProbabilities, classifyClips } from './forward.js';
export { type VideoClassifierBatch, type VideoClassifierLossOptions, videoClassifierLoss } from './loss.js';
export {
  countVideoClassifierParameters,
  createVideoClassifierParameters,
  videoClassifierParameterShapes,
} from './parameters.js';
