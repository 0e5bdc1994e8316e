/** Pooling on NHWC, batch normalisation, and resizing of images. */
import * as tf from '@tensorflow/tfjs-core';
import { type Attributes, type KernelCall, type Op, sizeOf } from '../graph/types.js';
import { at, hasOnnxSize, one, operand } from './common.js';

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** A forward pool. As in TensorFlow.js, a mean does not count what lies beyond the edges: ONNX's default too. */
function pool(kernel: string, type: 'MaxPool' | 'AveragePool'): Op {
  return {
    kernel,
    plan(call) {
      const x = operand(call, 'x');
      if (x.dtype !== 'float32' || sizeOf(x.shape) === 0) return 'fallback';
      const { filterSize, strides, pad, dimRoundingMode } = call.attrs as PoolAttributes;
      const shape = x.shape as [number, number, number, number];
      const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const { top, left, bottom, right } = info.padInfo;
      // ONNX Runtime refuses pads as wide as the window.
      const widest = Math.max(top, bottom) >= info.filterHeight || Math.max(left, right) >= info.filterWidth;
      if (widest || sizeOf(info.outShape) === 0 || !hasOnnxSize(info)) return 'fallback';
      return one([x], 'float32', info.outShape, {
        kernelShape: [info.filterHeight, info.filterWidth],
        strides: [info.strideHeight, info.strideWidth],
        pads: [top, left, bottom, right],
      });
    },
    lower(builder, inputs, attributes) {
      const pooled = builder.op(type, [builder.transpose(at(inputs, 0).name, TO_NCHW)], {
        kernel_shape: attributes.kernelShape as number[],
        strides: attributes.strides as number[],
        pads: attributes.pads as number[],
      });
      return [builder.transpose(pooled, TO_NHWC)];
    },
  };
}

const batchNorm: Op = {
  kernel: tf.FusedBatchNorm,
  plan(call) {
    const x = operand(call, 'x');
    const { mean, variance, scale, offset } = call.inputs;
    if (mean === undefined || variance === undefined || x.dtype !== 'float32') return 'fallback';
    const { varianceEpsilon } = call.attrs as { varianceEpsilon: number };
    const optional = [scale, offset].filter((input) => input !== undefined);
    return one([x, mean, variance, ...optional], 'float32', x.shape, {
      varianceEpsilon,
      scaled: scale !== undefined,
      shifted: offset !== undefined,
    });
  },
  lower(builder, inputs, attributes) {
    const [x, mean, variance] = [at(inputs, 0).name, at(inputs, 1).name, at(inputs, 2).name];
    const spread = builder.op('Sqrt', [
      builder.op('Add', [variance, builder.float(attributes.varianceEpsilon as number)]),
    ]);
    let result = builder.op('Div', [builder.op('Sub', [x, mean]), spread]);
    let next = 3;
    if (attributes.scaled === true) result = builder.op('Mul', [result, at(inputs, next++).name]);
    if (attributes.shifted === true) result = builder.op('Add', [result, at(inputs, next).name]);
    return [result];
  },
};

/** Which source coordinate a target pixel reads, in ONNX's words. */
function transformation({ attrs }: KernelCall): Attributes {
  const { alignCorners, halfPixelCenters } = attrs as { alignCorners: boolean; halfPixelCenters: boolean };
  if (alignCorners) return { transformation: 'align_corners' };
  return { transformation: halfPixelCenters ? 'half_pixel' : 'asymmetric' };
}

function resize(kernel: string, mode: 'linear' | 'nearest'): Op {
  return {
    kernel,
    plan(call) {
      const images = operand(call, 'images');
      const { size, alignCorners, halfPixelCenters } = call.attrs as {
        size: [number, number];
        alignCorners: boolean;
        halfPixelCenters: boolean;
      };
      // TensorFlow.js rounds and clamps these in ways of its own.
      const odd = (mode === 'nearest' && (alignCorners || halfPixelCenters)) || (alignCorners && size.includes(1));
      if (images.dtype !== 'float32' || odd || sizeOf(images.shape) === 0) return 'fallback';
      const [n = 1, , , channels = 1] = images.shape;
      return one([images], 'float32', [n, size[0], size[1], channels], { ...transformation(call) });
    },
    lower(builder, inputs, attributes, outputs) {
      const [n = 1, height = 1, width = 1, channels = 1] = outputs[0]?.shape ?? [];
      const resized = builder.op(
        'Resize',
        [builder.transpose(at(inputs, 0).name, TO_NCHW), '', '', builder.ints([n, channels, height, width])],
        {
          mode,
          coordinate_transformation_mode: attributes.transformation as string,
          ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}),
        },
      );
      return [builder.transpose(resized, TO_NHWC)];
    },
  };
}

export const poolingOps: readonly Op[] = [
  pool(tf.MaxPool, 'MaxPool'),
  pool(tf.AvgPool, 'AveragePool'),
  batchNorm,
  resize(tf.ResizeBilinear, 'linear'),
  resize(tf.ResizeNearestNeighbor, 'nearest'),
];
