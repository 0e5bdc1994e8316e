/** MobileNet V1 and V2: configurations, the network, and weights read from TensorFlow.js models. */
export {
  blockConvolutions,
  hasShortcut,
  kernelShape,
  type MobileNetArchitecture,
  mobilenetBlocks,
  type MobileNetConvolution,
} from './blocks.js';
export {
  blockInputShape,
  blockNumber,
  type MobileNetConfig,
  mobilenetOutput,
  type MobileNetPadding,
  mobilenetParameterShapes,
  validateMobileNetConfig,
} from './config.js';
export { loadMobileNet, type LoadMobileNetOptions, mobilenetOf } from './load.js';
export { mobilenet, type MobileNetFeatures, mobilenetProbabilities, runBlocks, scaleImages } from './network.js';
export type { LoadedMobileNet } from './tfjs/assemble.js';
export { MODEL_LIMITS, type ModelJson, parseModelJson, weightPaths } from './tfjs/model-json.js';
export { decodeWeights } from './tfjs/stored-weights.js';
