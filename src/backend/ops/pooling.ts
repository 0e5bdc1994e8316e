/** Pooling on NHWC, batch normalisation, and resizing of images. */
import * as tf from '@tensorflow/tfjs-core';
import type { AttributeArguments } from '../onnx/builder.js';
import {
  type Attributes,
  type KernelCall,
  type Op,
  type PlanResult,
  sizeOf,
  type TensorOperand,
  type TensorSpec,
} from '../graph/types.js';
import { at, hasOnnxSize, one, operand } from './common.js';
import { transposed } from './convolution.js';

/** The lowest finite float32. */
const LOWEST = -3.4028234663852886e38;

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

interface Windows {
  readonly outShape: readonly number[];
  readonly attributes: Attributes;
}

/** How the windows of a pool over `x` lie and the shape of its result; undefined where ONNX Runtime would have it otherwise. */
function windowsOf(x: TensorSpec, attrs: PoolAttributes): Windows | undefined {
  if (x.dtype !== 'float32' || sizeOf(x.shape) === 0) return undefined;
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left, bottom, right } = info.padInfo;
  // ONNX Runtime refuses pads as wide as the window.
  const widest = Math.max(top, bottom) >= info.filterHeight || Math.max(left, right) >= info.filterWidth;
  if (widest || sizeOf(info.outShape) === 0 || !hasOnnxSize(info)) return undefined;
  return {
    outShape: info.outShape,
    attributes: {
      kernelShape: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      pads: [top, left, bottom, right],
    },
  };
}

/** The attributes of a node as ONNX's pools have them. */
const poolArguments = ({ kernelShape, strides, pads }: Attributes): AttributeArguments => ({
  kernel_shape: kernelShape as number[],
  strides: strides as number[],
  pads: pads as number[],
});

/** A forward pool. As in TensorFlow.js, a mean does not count what lies beyond the edges: ONNX's default too. */
function pool(kernel: string, type: 'MaxPool' | 'AveragePool'): Op {
  return {
    kernel,
    plan(call) {
      const x = operand(call, 'x');
      const windows = windowsOf(x, call.attrs as PoolAttributes);
      return windows === undefined ? 'fallback' : one([x], 'float32', windows.outShape, windows.attributes);
    },
    lower(builder, inputs, attributes) {
      const x = builder.transpose(at(inputs, 0).name, TO_NCHW);
      return [builder.transpose(builder.op(type, [x], poolArguments(attributes)), TO_NHWC)];
    },
  };
}

/** The plan of a pool's gradient: `dy` and `inputs`, in the shape of the pool's input `x`. */
function gradientPlan(call: KernelCall, x: TensorOperand, inputs: readonly TensorOperand[]): PlanResult {
  const dy = operand(call, 'dy');
  const windows = windowsOf(x, call.attrs as PoolAttributes);
  if (windows === undefined || dy.dtype !== 'float32') return 'fallback';
  return one([dy, ...inputs], 'float32', x.shape, windows.attributes);
}

/**
 * dy goes to the place of each window's maximum, the first of several: ONNX Runtime counts places in NCHW, and gives
 * windows in which nothing is above the lowest number (NaN, −∞) one that means nothing.
 */
const maxPoolGrad: Op = {
  kernel: tf.MaxPoolGrad,
  plan(call) {
    const x = operand(call, 'input');
    return gradientPlan(call, x, [x]);
  },
  lower(builder, inputs, attributes) {
    const [n = 1, height = 1, width = 1, channels = 1] = at(inputs, 1).shape;
    const dy = builder.transpose(at(inputs, 0).name, TO_NCHW);
    const x = builder.transpose(at(inputs, 1).name, TO_NCHW);
    const [maxima, places] = builder.ops('MaxPool', [x], 2, poolArguments(attributes)) as [string, string];
    const found = builder.op('Greater', [maxima, builder.float(LOWEST)]);
    const updates = builder.op('Where', [found, dy, builder.float(0)]);
    const inside = builder.op('Max', [places, builder.int64(0)]);
    const zeros = builder.op('Expand', [builder.float(0), builder.ints([n * channels * height * width])]);
    const dx = builder.op('ScatterElements', [zeros, builder.reshape(inside, [-1]), builder.reshape(updates, [-1])], {
      axis: 0,
      reduction: 'add',
    });
    return [builder.transpose(builder.reshape(dx, [n, channels, height, width]), TO_NHWC)];
  },
};

/** dy is spread over each window, in equal parts: as in TensorFlow.js, what lies beyond the edges has its part too. */
const avgPoolGrad: Op = {
  kernel: tf.AvgPoolGrad,
  plan: (call) => gradientPlan(call, operand(call, 'input'), []),
  lower(builder, inputs, attributes, outputs) {
    const dy = at(inputs, 0);
    const [n = 1, height = 1, width = 1, channels = 1] = outputs[0]?.shape ?? [];
    const [, rows = 1, columns = 1] = dy.shape;
    const filter = attributes.kernelShape as [number, number];
    const area = filter[0] * filter[1];
    const kernel = builder.constant('float32', [1, 1, ...filter], new Float32Array(area).fill(1 / area));
    const planes = builder.reshape(builder.transpose(dy.name, TO_NCHW), [n * channels, 1, rows, columns]);
    const input = [n, height, width, channels];
    const dx = transposed(
      builder,
      planes,
      kernel,
      { ...attributes, dilations: [1, 1] },
      { group: 1, input, output: dy.shape, filter },
    );
    return [builder.transpose(builder.reshape(dx, [n, channels, height, width]), TO_NHWC)];
  },
};

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
  maxPoolGrad,
  avgPoolGrad,
  batchNorm,
  resize(tf.ResizeBilinear, 'linear'),
  resize(tf.ResizeNearestNeighbor, 'nearest'),
];
