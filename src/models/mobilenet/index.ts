/** MobileNet V1 and V2: configurations, the network, and weights read from TensorFlow.js models. */
export * from './blocks.js';
export * from './config.js';
export * from './layers-model.js';
export * from './network.js';
