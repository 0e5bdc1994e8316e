/**
 * MobileNet V1 and V2 forward, in TensorFlow.js (Howard et al. 2017, Sandler et al. 2018). The network is a list of
 * blocks, so that its lower part can be frozen (and its output kept) while the upper part is fine-tuned.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Parameters, parameter } from '../../layers/parameters.js';
import { relu6 } from '../../layers/relu6.js';
import { assert, unreachable } from '../../shared/assert.js';
import {
  blockConvolutions,
  hasShortcut,
  type MobileNetBlock,
  type MobileNetConvolution,
  mobilenetBlocks,
} from './blocks.js';
import type { MobileNetConfig, MobileNetPadding } from './config.js';

/** Keras's V1 pads by hand before convolutions of stride 2: a row below, a column to the right. */
const KERAS_PADS: [number, number][] = [
  [0, 0],
  [0, 1],
  [0, 1],
  [0, 0],
];

/** [n, h, w, inputs] → [n, ⌈h / stride⌉, ⌈w / stride⌉, outputs] (rounded down with `keras` padding). */
function runConvolution(
  convolution: MobileNetConvolution,
  parameters: Parameters,
  padding: MobileNetPadding,
  input: tf.Tensor4D,
): tf.Tensor4D {
  const { name, kind, stride, activation } = convolution;
  const padded = padding === 'keras' && stride === 2;
  const options = {
    x: padded ? tf.pad(input, KERAS_PADS) : input,
    filter: parameter(parameters, `${name}/kernel`) as tf.Tensor4D,
    bias: parameter(parameters, `${name}/bias`),
    strides: stride,
    pad: padded ? ('valid' as const) : ('same' as const),
  };
  const output = kind === 'depthwise' ? tf.fused.depthwiseConv2d(options) : tf.fused.conv2d(options);
  switch (activation) {
    case 'relu6':
      return relu6(output);
    case 'linear':
      return output;
    default:
      return unreachable(activation, 'activation');
  }
}

function runBlock(
  block: MobileNetBlock,
  parameters: Parameters,
  padding: MobileNetPadding,
  input: tf.Tensor4D,
): tf.Tensor4D {
  const output = blockConvolutions(block).reduce(
    (value, convolution) => runConvolution(convolution, parameters, padding, value),
    input,
  );
  return hasShortcut(block) ? tf.add(input, output) : output;
}

/** Images [n, h, w, 3] in 0 … 255 → the same in `inputRange`, which is what block 0 takes. */
export function scaleImages({ inputRange: [low, high] }: MobileNetConfig, images: tf.Tensor4D): tf.Tensor4D {
  return tf.add(tf.mul(images, (high - low) / 255), low);
}

export interface BlockRange {
  /** The first block to run. Default 0. */
  readonly from?: number;
  /** The first block not to run. Default: all are run. */
  readonly to?: number;
}

/**
 * Runs blocks `from` … `to` − 1 on what block `from` takes (scaled images for block 0): [n, h, w, c] → [n, h', w', c'].
 * `runBlocks(…, { to: k })`, then `runBlocks(…, { from: k })`, is the whole network: the first part can be frozen.
 */
export function runBlocks(
  config: MobileNetConfig,
  parameters: Parameters,
  input: tf.Tensor4D,
  { from = 0, to = Infinity }: BlockRange = {},
): tf.Tensor4D {
  return mobilenetBlocks(config)
    .slice(from, to)
    .reduce((value, block) => runBlock(block, parameters, config.padding ?? 'same', value), input);
}

/** What a MobileNet says of images, place by place and altogether. */
export interface MobileNetFeatures {
  /** [n, h, w, c], from 0 to 6. */
  readonly grid: tf.Tensor4D;
  /** The mean over the grid: [n, c]. */
  readonly pooled: tf.Tensor2D;
}

/** Features of images [n, h, w, 3] given in 0 … 255. */
export function mobilenet(config: MobileNetConfig, parameters: Parameters, images: tf.Tensor4D): MobileNetFeatures {
  const grid = runBlocks(config, parameters, scaleImages(config, images));
  return { grid, pooled: tf.mean(grid, [1, 2]) };
}

/** Class probabilities [n, classes] from pooled features [n, c]; the configuration must have classes. */
export function mobilenetProbabilities(
  config: MobileNetConfig,
  parameters: Parameters,
  pooled: tf.Tensor2D,
): tf.Tensor2D {
  assert(config.classes > 0, 'this encoder has no classifier');
  const logits = tf.matMul(pooled, parameter(parameters, 'classifier/kernel') as tf.Tensor2D);
  return tf.softmax(tf.add(logits, parameter(parameters, 'classifier/bias')));
}
