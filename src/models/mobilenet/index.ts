/** MobileNet V1 and V2: configurations, the network, and weights read from TensorFlow.js models. */
export * from './blocks.js';
export * from './config.js';
export { loadMobileNet, type LoadMobileNetOptions, mobilenetOf } from './load.js';
export * from './network.js';
export type { LoadedMobileNet } from './tfjs/assemble.js';
export { MODEL_LIMITS, type ModelJson, parseModelJson, weightPaths } from './tfjs/model-json.js';
export { decodeWeights, type StoredModel } from './tfjs/stored-weights.js';
