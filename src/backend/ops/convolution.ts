/**
 * Two-dimensional convolutions on NHWC and their gradients.
 *
 * A compiled model lowers to ONNX's Conv between transposes, which ONNX Runtime's layout optimiser removes. A recorded
 * graph, where training happens, writes a 1×1 convolution as a matrix product over `[n·h·w, c]`, and so are both its
 * gradients. The input's gradient of the others is a ConvTranspose; the filter's is a convolution with batch and
 * channel swapped and the stride as dilation, or for depthwise filters one shifted product and sum per tap.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import { type Attributes, type KernelCall, type Op, type TensorSpec, sameShape, sizeOf } from '../graph/types.js';
import { activation, isFusible } from './activation.js';
import { at, hasOnnxSize, one, operand, sumOfRows } from './common.js';

type ConvInfo = tf.backend_util.Conv2DInfo;
type Shape4D = [number, number, number, number];

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: number | [number, number];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

/** Undefined where ONNX's convolution gives another size: left to the cpu kernel. */
function infoOf(
  x: readonly number[],
  filter: readonly number[],
  attrs: ConvAttributes,
  depthwise: boolean,
): ConvInfo | undefined {
  const info = tf.backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    depthwise,
  );
  return hasOnnxSize(info) ? info : undefined;
}

/** Geometry as node attributes. */
function attributesOf(info: ConvInfo): Attributes {
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
  };
}

const geometry = (attributes: Attributes): { strides: number[]; dilations: number[]; pads: number[] } => ({
  strides: attributes.strides as number[],
  dilations: attributes.dilations as number[],
  pads: attributes.pads as number[],
});

const isPointwise = (filter: readonly number[], attributes: Attributes): boolean => {
  const { strides, pads } = geometry(attributes);
  return filter[0] === 1 && filter[1] === 1 && strides.every((s) => s === 1) && pads.every((p) => p === 0);
};

const isSupported = (call: KernelCall, tensors: readonly TensorSpec[]): boolean => {
  const { dataFormat = 'NHWC' } = call.attrs as ConvAttributes;
  return dataFormat === 'NHWC' && tensors.every(({ dtype, shape }) => dtype === 'float32' && sizeOf(shape) > 0);
};

/** x [n, h, w, c], filter [kh, kw, c, m] → [n, oh, ow, m]. */
function convolve(
  builder: GraphBuilder,
  x: LoweredInput,
  filter: LoweredInput,
  attributes: Attributes,
  output: readonly number[],
  bias?: LoweredInput,
): string {
  const biases = bias === undefined ? [] : [bias.name];
  if (builder.purpose === 'training' && isPointwise(filter.shape, attributes)) {
    const [, , c, m] = filter.shape as [number, number, number, number];
    const rows = builder.reshape(x.name, [sizeOf(x.shape) / c, c]);
    const weights = builder.reshape(filter.name, [c, m]);
    const product = builder.op('Gemm', [rows, weights, ...biases]);
    return builder.reshape(product, output);
  }
  const kernel = builder.transpose(filter.name, [3, 2, 0, 1]);
  const result = builder.op('Conv', [builder.transpose(x.name, TO_NCHW), kernel, ...biases], geometry(attributes));
  return builder.transpose(result, TO_NHWC);
}

/** x [n, h, w, c], filter [kh, kw, c, q] → [n, oh, ow, c·q]. */
function convolveDepthwise(
  builder: GraphBuilder,
  x: LoweredInput,
  filter: LoweredInput,
  attributes: Attributes,
  bias?: LoweredInput,
): string {
  const [height, width, c, q] = filter.shape as [number, number, number, number];
  const perGroup = builder.transpose(filter.name, [2, 3, 0, 1]); // [c, q, kh, kw]
  const kernel = builder.reshape(perGroup, [c * q, 1, height, width]);
  const inputs = [builder.transpose(x.name, TO_NCHW), kernel, ...(bias === undefined ? [] : [bias.name])];
  return builder.transpose(builder.op('Conv', inputs, { ...geometry(attributes), group: c }), TO_NHWC);
}

const convolutionWork: NonNullable<Op['work']> = (inputs, _attributes, outputs) => {
  const [height = 1, width = 1, channels = 1] = inputs[1]?.shape ?? [];
  return height * width * channels * sizeOf(outputs[0]?.shape ?? []);
};

const depthwiseWork: NonNullable<Op['work']> = (inputs, _attributes, outputs) => {
  const [height = 1, width = 1] = inputs[1]?.shape ?? [];
  return height * width * sizeOf(outputs[0]?.shape ?? []);
};

function forward(kernel: string, depthwise: boolean, fused: boolean): Op {
  return {
    kernel,
    convolution: true,
    work: depthwise ? depthwiseWork : convolutionWork,
    plan(call) {
      const x = operand(call, 'x');
      const filter = operand(call, 'filter');
      const attrs = call.attrs as ConvAttributes;
      const { bias, preluActivationWeights } = call.inputs;
      const name = fused ? (attrs.activation ?? 'linear') : 'linear';
      if (!isSupported(call, [x, filter]) || preluActivationWeights !== undefined || !isFusible(name)) {
        return 'fallback';
      }
      const info = infoOf(x.shape, filter.shape, attrs, depthwise);
      if (info === undefined) return 'fallback';
      // Groups other than depthwise, and biases that are not one number a channel, are rare: left to the cpu kernel.
      if (!depthwise && info.inChannels !== filter.shape[2]) return 'fallback';
      if (bias !== undefined && sizeOf(bias.shape) !== info.outChannels) return 'fallback';
      const flatBias = bias === undefined ? [] : [{ ...bias, shape: [info.outChannels] }];
      return one([x, filter, ...flatBias], 'float32', info.outShape, {
        ...attributesOf(info),
        activation: name,
        ...(attrs.leakyreluAlpha === undefined ? {} : { alpha: attrs.leakyreluAlpha }),
      });
    },
    lower(builder, inputs, attributes, outputs) {
      const [x, filter, bias] = [at(inputs, 0), at(inputs, 1), inputs[2]];
      const result = depthwise
        ? convolveDepthwise(builder, x, filter, attributes, bias)
        : convolve(builder, x, filter, attributes, outputs[0]?.shape ?? [], bias);
      return [activation(builder, result, attributes.activation as string, attributes.alpha as number | undefined)];
    },
  };
}

/**
 * The input's gradient as a ConvTranspose of dy: `outputPadding` makes up for rows that a strided window never
 * reached, so that the result has exactly the input's size.
 */
export function transposed(
  builder: GraphBuilder,
  dy: string,
  kernel: string,
  attributes: Attributes,
  extent: {
    readonly group: number;
    readonly input: readonly number[];
    readonly output: readonly number[];
    readonly filter: readonly number[];
  },
): string {
  const { strides, dilations, pads } = geometry(attributes);
  const outputPadding = [0, 1].map((axis) => {
    const reach = ((extent.output[axis + 1] as number) - 1) * (strides[axis] as number);
    const window = ((extent.filter[axis] as number) - 1) * (dilations[axis] as number) + 1;
    return (extent.input[axis + 1] as number) - (reach + window - (pads[axis] as number) - (pads[axis + 2] as number));
  });
  // Rows beyond what `outputPadding` may hold are appended as zeros.
  const allowed = outputPadding.map((extra, axis) => Math.max(0, Math.min(extra, (strides[axis] as number) - 1)));
  const result = builder.op('ConvTranspose', [dy, kernel], {
    strides,
    dilations,
    pads,
    output_padding: allowed,
    group: extent.group,
  });
  const missing = outputPadding.map((extra, axis) => extra - (allowed[axis] as number));
  if (missing.every((rows) => rows === 0)) return result;
  // A pad of less than zero cuts rows off.
  return builder.op('Pad', [result, builder.ints([0, 0, 0, 0, 0, 0, missing[0] as number, missing[1] as number])]);
}

const backpropInput: Op = {
  kernel: tf.Conv2DBackpropInput,
  convolution: true,
  work: (inputs) => {
    const [height = 1, width = 1, channels = 1] = inputs[1]?.shape ?? [];
    return height * width * channels * sizeOf(inputs[0]?.shape ?? []);
  },
  plan(call) {
    const dy = operand(call, 'dy');
    const filter = operand(call, 'filter');
    const attrs = call.attrs as ConvAttributes & { inputShape: number[] };
    if (!isSupported(call, [dy, filter])) return 'fallback';
    const info = infoOf(attrs.inputShape, filter.shape, attrs, false);
    // A gradient of another size than the convolution's output is cut by the cpu kernel.
    if (info === undefined || info.inChannels !== filter.shape[2] || !sameShape(info.outShape, dy.shape)) {
      return 'fallback';
    }
    return one([dy, filter], 'float32', info.inShape, attributesOf(info));
  },
  lower(builder, inputs, attributes, outputs) {
    const [dy, filter] = [at(inputs, 0), at(inputs, 1)];
    const input = outputs[0]?.shape ?? [];
    if (isPointwise(filter.shape, attributes)) {
      const [, , c, m] = filter.shape as [number, number, number, number];
      const rows = builder.reshape(dy.name, [sizeOf(dy.shape) / m, m]);
      const product = builder.op('Gemm', [rows, builder.reshape(filter.name, [c, m])], { transB: 1 });
      return [builder.reshape(product, input)];
    }
    const kernel = builder.transpose(filter.name, [3, 2, 0, 1]);
    const extent = { group: 1, input, output: dy.shape, filter: filter.shape };
    const result = transposed(builder, builder.transpose(dy.name, TO_NCHW), kernel, attributes, extent);
    return [builder.transpose(result, TO_NHWC)];
  },
};

const backpropFilter: Op = {
  kernel: tf.Conv2DBackpropFilter,
  convolution: true,
  work: (inputs, _attributes, outputs) => {
    const [height = 1, width = 1, channels = 1] = outputs[0]?.shape ?? [];
    return height * width * channels * sizeOf(inputs[1]?.shape ?? []);
  },
  plan(call) {
    const x = operand(call, 'x');
    const dy = operand(call, 'dy');
    const attrs = call.attrs as ConvAttributes & { filterShape: number[] };
    if (!isSupported(call, [x, dy])) return 'fallback';
    const info = infoOf(x.shape, attrs.filterShape, attrs, false);
    if (info === undefined || info.inChannels !== attrs.filterShape[2]) return 'fallback';
    return one([x, dy], 'float32', attrs.filterShape, attributesOf(info));
  },
  lower(builder, inputs, attributes, outputs) {
    const [x, dy] = [at(inputs, 0), at(inputs, 1)];
    const filter = outputs[0]?.shape as [number, number, number, number];
    const [height, width, c, m] = filter;
    if (isPointwise(filter, attributes)) {
      const rows = sizeOf(x.shape) / c;
      const left = builder.reshape(x.name, [rows, c]);
      const product = builder.op('Gemm', [left, builder.reshape(dy.name, [rows, m])], { transA: 1 });
      return [builder.reshape(product, filter)];
    }
    // Batch and channel change places: x is [c, n, h, w], dy the kernel [m, n, oh, ow].
    const { strides, dilations, pads } = geometry(attributes);
    const swapped = builder.transpose(x.name, [3, 0, 1, 2]);
    const kernel = builder.transpose(dy.name, [3, 0, 1, 2]);
    const full = builder.op('Conv', [swapped, kernel], { strides: dilations, dilations: strides, pads }); // [c, m, ≥kh, ≥kw]
    const cut = builder.op('Slice', [full, builder.ints([0, 0]), builder.ints([height, width]), builder.ints([2, 3])]);
    return [builder.transpose(cut, [2, 3, 0, 1])];
  },
};

const depthwiseBackpropInput: Op = {
  kernel: tf.DepthwiseConv2dNativeBackpropInput,
  convolution: true,
  work: (inputs) => (inputs[1]?.shape[0] ?? 1) * (inputs[1]?.shape[1] ?? 1) * sizeOf(inputs[0]?.shape ?? []),
  plan(call) {
    const dy = operand(call, 'dy');
    const filter = operand(call, 'filter');
    const attrs = call.attrs as ConvAttributes & { inputShape: number[] };
    if (!isSupported(call, [dy, filter])) return 'fallback';
    const info = infoOf(attrs.inputShape, filter.shape, attrs, true);
    if (info === undefined) return 'fallback';
    return one([dy, filter], 'float32', info.inShape, attributesOf(info));
  },
  lower(builder, inputs, attributes, outputs) {
    const [dy, filter] = [at(inputs, 0), at(inputs, 1)];
    const [height, width, c, q] = filter.shape as [number, number, number, number];
    const input = outputs[0]?.shape ?? [];
    const { strides, dilations, pads } = geometry(attributes);
    const gradient = builder.transpose(dy.name, TO_NCHW);
    if (q === 1 && strides.every((stride) => stride === 1)) {
      // Stride 1: a depthwise convolution with the flipped kernel, which has a fast kernel of its own.
      const flipped = builder.op('Slice', [
        filter.name,
        builder.ints([-1, -1]),
        builder.ints([-(2 ** 31), -(2 ** 31)]),
        builder.ints([0, 1]),
        builder.ints([-1, -1]),
      ]);
      const kernel = builder.reshape(builder.transpose(flipped, [2, 3, 0, 1]), [c, 1, height, width]);
      const reach = [height, width].map((size, axis) => (size - 1) * (dilations[axis] as number));
      const mirrored = pads.map((pad, side) => (reach[side % 2] as number) - pad);
      if (mirrored.every((pad) => pad >= 0)) {
        const result = builder.op('Conv', [gradient, kernel], { strides, dilations, pads: mirrored, group: c });
        return [builder.transpose(result, TO_NHWC)];
      }
    }
    const kernel = builder.reshape(builder.transpose(filter.name, [2, 3, 0, 1]), [c * q, 1, height, width]);
    const extent = { group: c, input, output: dy.shape, filter: filter.shape };
    return [builder.transpose(transposed(builder, gradient, kernel, attributes, extent), TO_NHWC)];
  },
};

const depthwiseBackpropFilter: Op = {
  kernel: tf.DepthwiseConv2dNativeBackpropFilter,
  convolution: true,
  work: (inputs, _attributes, outputs) =>
    (outputs[0]?.shape[0] ?? 1) * (outputs[0]?.shape[1] ?? 1) * sizeOf(inputs[1]?.shape ?? []),
  plan(call) {
    const x = operand(call, 'x');
    const dy = operand(call, 'dy');
    const attrs = call.attrs as ConvAttributes & { filterShape: number[] };
    if (!isSupported(call, [x, dy]) || attrs.filterShape[3] !== 1) return 'fallback';
    const info = infoOf(x.shape, attrs.filterShape, attrs, true);
    if (info === undefined) return 'fallback';
    return one([x, dy], 'float32', attrs.filterShape, attributesOf(info));
  },
  lower(builder, inputs, attributes, outputs) {
    const [x, dy] = [at(inputs, 0), at(inputs, 1)];
    const [height, width, c] = outputs[0]?.shape as [number, number, number, number];
    const [, outHeight, outWidth] = dy.shape as [number, number, number, number];
    const { strides, dilations, pads } = geometry(attributes);
    const [top, left, bottom, right] = pads as [number, number, number, number];
    const padded = pads.some((pad) => pad > 0)
      ? builder.op('Pad', [x.name, builder.ints([0, top, left, 0, 0, bottom, right, 0])])
      : x.name;
    const rows = sizeOf(dy.shape) / c;
    const taps: string[] = [];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const from = [row * (dilations[0] as number), column * (dilations[1] as number)];
        const to = [
          (from[0] as number) + (outHeight - 1) * (strides[0] as number) + 1,
          (from[1] as number) + (outWidth - 1) * (strides[1] as number) + 1,
        ];
        const lists = [from, to, [1, 2], strides].map((list) => builder.ints(list));
        const window = builder.op('Slice', [padded, ...lists]);
        taps.push(sumOfRows(builder, builder.op('Mul', [window, dy.name]), [rows, c])); // [1, c]
      }
    }
    const filter = builder.op('Concat', taps, { axis: 0 }); // [kh·kw, c]
    return [builder.reshape(filter, [height, width, c, 1])];
  },
};

export const convolutionOps: readonly Op[] = [
  forward(tf.Conv2D, false, false),
  forward(tf.FusedConv2D, false, true),
  forward(tf.DepthwiseConv2dNative, true, false),
  forward(tf.FusedDepthwiseConv2D, true, true),
  backpropInput,
  backpropFilter,
  depthwiseBackpropInput,
  depthwiseBackpropFilter,
];
