/**
 * MobileNet V1 and V2 forward, in TensorFlow.js. The network is a list of blocks, so that its lower part can be frozen
 * (and its output kept) while the upper part is fine-tuned.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Parameters, parameter } from '../../layers/parameters.js';
import { type MobileNetBlock, type MobileNetConfig, mobilenetBlocks } from './config.js';

const relu6 = (x: tf.Tensor4D): tf.Tensor4D => tf.clipByValue(x, 0, 6);

function convolution(parameters: Parameters, name: string, x: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  return tf.fused.conv2d({
    x,
    filter: parameter(parameters, `${name}/kernel`) as tf.Tensor4D,
    bias: parameter(parameters, `${name}/bias`),
    strides: stride,
    pad: 'same',
  });
}

function depthwise(parameters: Parameters, name: string, x: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  return tf.fused.depthwiseConv2d({
    x,
    filter: parameter(parameters, `${name}/kernel`) as tf.Tensor4D,
    bias: parameter(parameters, `${name}/bias`),
    strides: stride,
    pad: 'same',
  });
}

function runBlock(block: MobileNetBlock, parameters: Parameters, x: tf.Tensor4D): tf.Tensor4D {
  const { name, stride } = block;
  switch (block.kind) {
    case 'convolution':
      return relu6(convolution(parameters, name, x, stride));
    case 'separable': {
      const spread = relu6(depthwise(parameters, `${name}/depthwise`, x, stride));
      return relu6(convolution(parameters, `${name}/project`, spread, 1));
    }
    case 'bottleneck': {
      const expands = block.expandedChannels !== block.inputChannels;
      const wide = expands ? relu6(convolution(parameters, `${name}/expand`, x, 1)) : x;
      const spread = relu6(depthwise(parameters, `${name}/depthwise`, wide, stride));
      const narrow = convolution(parameters, `${name}/project`, spread, 1);
      return stride === 1 && block.inputChannels === block.outputChannels ? tf.add(x, narrow) : narrow;
    }
  }
}

/** Images [n, h, w, 3] in 0 … 255, brought into the range that the network was trained on. */
export function scaleImages({ inputRange: [low, high] }: MobileNetConfig, images: tf.Tensor4D): tf.Tensor4D {
  return tf.add(tf.mul(images, (high - low) / 255), low);
}

/** Runs blocks `from` … `to` − 1 on what block `from` takes (for block 0: scaled images). */
export function runBlocks(
  config: MobileNetConfig,
  parameters: Parameters,
  x: tf.Tensor4D,
  { from = 0, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): tf.Tensor4D {
  return mobilenetBlocks(config)
    .slice(from, to)
    .reduce((value, block) => runBlock(block, parameters, value), x);
}

export interface MobileNetFeatures {
  /** [n, h, w, c]. */
  readonly grid: tf.Tensor4D;
  /** The mean over the grid: [n, c]. */
  readonly pooled: tf.Tensor2D;
}

/** Features of images [n, size, size, 3] given in 0 … 255. */
export function mobilenet(config: MobileNetConfig, parameters: Parameters, images: tf.Tensor4D): MobileNetFeatures {
  const grid = runBlocks(config, parameters, scaleImages(config, images));
  return { grid, pooled: tf.mean(grid, [1, 2]) };
}

/** Class probabilities [n, classes] from pooled features [n, c]; the configuration must have classes. */
export function classify(parameters: Parameters, pooled: tf.Tensor2D): tf.Tensor2D {
  const logits = tf.matMul(pooled, parameter(parameters, 'classifier/kernel') as tf.Tensor2D);
  return tf.softmax(tf.add(logits, parameter(parameters, 'classifier/bias')));
}
