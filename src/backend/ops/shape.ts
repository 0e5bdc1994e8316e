/** Shaping: transposes, tiles, concatenations, slices, pads, and tensors made from a shape. */
import * as tf from '@tensorflow/tfjs-core';
import type { ElementType, Op, PlanResult, TensorOperand } from '../graph/types.js';
import { at, int64Operand, names, one, operand, range, scalarOperand } from './common.js';

const aliasOp = (kernel: string, input: string, shapeOf: (x: TensorOperand, attrs: never) => number[]): Op => ({
  kernel,
  plan(call): PlanResult {
    const x = operand(call, input);
    return { alias: x, shape: shapeOf(x, call.attrs as never) };
  },
  lower: () => [],
});

const transpose: Op = {
  kernel: tf.Transpose,
  plan(call) {
    const x = operand(call, 'x');
    const { perm } = call.attrs as { perm: number[] };
    return one(
      [x],
      x.dtype,
      perm.map((axis) => x.shape[axis] as number),
      { perm },
    );
  },
  lower: (builder, inputs, attributes) => [builder.transpose(at(inputs, 0).name, attributes.perm as number[])],
};

const tile: Op = {
  kernel: tf.Tile,
  plan(call) {
    const x = operand(call, 'x');
    const { reps } = call.attrs as { reps: number[] };
    const shape = x.shape.map((dimension, axis) => dimension * (reps[axis] ?? 1));
    return one([x], x.dtype, shape, { reps });
  },
  lower: (builder, inputs, attributes) => [
    builder.op('Tile', [at(inputs, 0).name, builder.ints(attributes.reps as number[])]),
  ],
};

const concat: Op = {
  kernel: tf.Concat,
  plan({ list, attrs }) {
    const [first] = list;
    if (first === undefined || list.some(({ dtype }) => dtype !== first.dtype)) return 'fallback';
    const [axis = 0] = tf.util.parseAxisParam((attrs as { axis: number }).axis, [...first.shape]);
    const shapes = list.map(({ shape }) => [...shape]);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    return one(list, first.dtype, tf.backend_util.computeOutShape(shapes, axis), { axis });
  },
  lower: (builder, inputs, attributes) => [builder.op('Concat', names(inputs), { axis: attributes.axis as number })],
};

const pack: Op = {
  kernel: tf.Pack,
  plan({ list, attrs }) {
    const [first] = list;
    if (first === undefined || list.some(({ dtype }) => dtype !== first.dtype)) return 'fallback';
    const [axis = 0] = tf.util.parseAxisParam((attrs as { axis: number }).axis, [list.length, ...first.shape]);
    for (const { shape } of list) {
      tf.util.assertShapesMatch([...first.shape], [...shape], 'All tensors passed to stack must have matching shapes');
    }
    const shape = [...first.shape];
    shape.splice(axis, 0, list.length);
    return one(list, first.dtype, shape, { axis });
  },
  lower(builder, inputs, attributes) {
    const axis = attributes.axis as number;
    const axes = builder.ints([axis]);
    const expanded = inputs.map(({ name }) => builder.op('Unsqueeze', [name, axes]));
    return [builder.op('Concat', expanded, { axis })];
  },
};

function splitAlong(x: TensorOperand, axis: number, sizes: readonly number[], squeeze: boolean): PlanResult {
  const outputs = sizes.map((size) => ({
    dtype: x.dtype,
    shape: squeeze
      ? x.shape.filter((_, index) => index !== axis)
      : x.shape.map((dimension, index) => (index === axis ? size : dimension)),
  }));
  return { inputs: [x], attributes: { axis, sizes, squeeze }, outputs };
}

const split: Pick<Op, 'lower' | 'list'> = {
  list: true,
  lower(builder, inputs, attributes) {
    const x = at(inputs, 0);
    const axis = attributes.axis as number;
    const sizes = attributes.sizes as number[];
    const parts = builder.ops('Split', [x.name, builder.ints(sizes)], sizes.length, { axis });
    if (attributes.squeeze !== true) return parts;
    const axes = builder.ints([axis]);
    return parts.map((part) => builder.op('Squeeze', [part, axes]));
  },
};

const unpack: Op = {
  ...split,
  kernel: tf.Unpack,
  plan(call) {
    const value = operand(call, 'value');
    const [axis = 0] = tf.util.parseAxisParam((call.attrs as { axis: number }).axis, [...value.shape]);
    return splitAlong(value, axis, Array<number>(value.shape[axis] as number).fill(1), true);
  },
};

const splitV: Op = {
  ...split,
  kernel: tf.SplitV,
  plan(call) {
    const x = operand(call, 'x');
    const { axis, numOrSizeSplits } = call.attrs as { axis: number; numOrSizeSplits: number | number[] };
    const [positive = 0] = tf.util.parseAxisParam(axis, [...x.shape]);
    const sizes = tf.backend_util.prepareSplitSize({ shape: x.shape } as tf.Tensor, numOrSizeSplits, positive);
    return splitAlong(x, positive, sizes, false);
  },
};

const slice: Op = {
  kernel: tf.Slice,
  plan(call) {
    const x = operand(call, 'x');
    const { begin, size } = call.attrs as { begin: number[]; size: number[] };
    const params = tf.slice_util.parseSliceParams({ shape: x.shape } as tf.Tensor, begin, size);
    const [from, extent] = params as [number[], number[]];
    tf.slice_util.assertParamsValid({ shape: x.shape, rank: x.shape.length } as tf.Tensor, from, extent);
    if (x.shape.length === 0) return { alias: x, shape: [] };
    if (extent.every((length, axis) => length === x.shape[axis])) return { alias: x, shape: x.shape };
    // Only the start varies from call to call; the size is in the output's shape.
    const to = from.map((start, axis) => start + (extent[axis] as number));
    return one([x, int64Operand(from), int64Operand(to)], x.dtype, extent);
  },
  lower: (builder, inputs) => [builder.op('Slice', names(inputs))],
};

const stridedSlice: Op = {
  kernel: tf.StridedSlice,
  plan(call) {
    const x = operand(call, 'x');
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = call.attrs as Record<
      string,
      number[] & number
    >;
    const info = tf.slice_util.sliceInfo(
      [...x.shape],
      begin as number[],
      end as number[],
      strides as number[],
      beginMask as number,
      endMask as number,
      ellipsisMask as number,
      newAxisMask as number,
      shrinkAxisMask as number,
    );
    if (info.finalShape.includes(0) || x.shape.length === 0) return 'fallback';
    if (info.isIdentity) return { alias: x, shape: info.finalShape };
    const attributes = { begin: info.begin, end: info.end, strides: info.strides, shape: info.finalShape };
    return one([x], x.dtype, info.finalShape, attributes);
  },
  lower(builder, inputs, attributes) {
    const strides = attributes.strides as number[];
    // Going backwards to the very first element ends before it: ONNX takes a large negative number for that.
    const end = (attributes.end as number[]).map((stop, axis) =>
      (strides[axis] as number) < 0 && stop < 0 ? -(2 ** 31) : stop,
    );
    const lists = [attributes.begin as number[], end, range(strides.length), strides];
    const sliced = builder.op('Slice', [at(inputs, 0).name, ...lists.map((list) => builder.ints(list))]);
    return [builder.reshape(sliced, attributes.shape as number[])];
  },
};

const pad: Op = {
  kernel: tf.PadV2,
  plan(call) {
    const x = operand(call, 'x');
    const { paddings, constantValue } = call.attrs as { paddings: [number, number][]; constantValue: number };
    const shape = x.shape.map((dimension, axis) => dimension + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
    if (x.dtype === 'int64' || x.shape.length === 0) return 'fallback';
    return one([x, scalarOperand(x.dtype, constantValue)], x.dtype, shape, {
      paddings: [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)],
    });
  },
  lower: (builder, inputs, attributes) => [
    builder.op('Pad', [at(inputs, 0).name, builder.ints(attributes.paddings as number[]), at(inputs, 1).name]),
  ],
};

const reverse: Op = {
  kernel: tf.Reverse,
  plan(call) {
    const x = operand(call, 'x');
    const axes = tf.util.parseAxisParam((call.attrs as { dims: number[] }).dims, [...x.shape]);
    if (x.shape.length === 0) return { alias: x, shape: x.shape };
    return one([x], x.dtype, x.shape, { axes });
  },
  lower(builder, inputs, attributes) {
    const axes = attributes.axes as number[];
    const each = (value: number): string => builder.ints(axes.map(() => value));
    return [builder.op('Slice', [at(inputs, 0).name, each(-1), each(-(2 ** 31)), builder.ints(axes), each(-1)])];
  },
};

const broadcastTo: Op = {
  kernel: tf.BroadcastTo,
  plan(call) {
    const x = operand(call, 'x');
    const { shape } = call.attrs as { shape: number[] };
    return one([x], x.dtype, shape, { shape });
  },
  lower: (builder, inputs, attributes) => [
    builder.op('Expand', [at(inputs, 0).name, builder.ints(attributes.shape as number[])]),
  ],
};

/** A tensor of one value: the value enters the graph as an input, so that it may vary. */
function filled(shape: readonly number[], dtype: ElementType, value: number): PlanResult {
  if (dtype === 'int64') return 'fallback';
  return one([scalarOperand(dtype, value)], dtype, shape, { shape });
}

const lowerFilled: Op['lower'] = (builder, inputs, attributes) => [
  builder.op('Expand', [at(inputs, 0).name, builder.ints(attributes.shape as number[])]),
];

const fill: Op = {
  kernel: tf.Fill,
  plan({ attrs }) {
    const { shape, value, dtype } = attrs as { shape: number[]; value: number | string; dtype?: string };
    const type = dtype ?? tf.util.inferDtype(value);
    if (typeof value === 'string' || (type !== 'float32' && type !== 'int32' && type !== 'bool')) return 'fallback';
    return filled(shape, type, Number(value));
  },
  lower: lowerFilled,
};

/** Its numbers are attributes: the host knows the values, and they enter the graph as an input. */
const numberRange: Op = {
  kernel: tf.Range,
  plan({ attrs }) {
    const { start, stop, step, dtype } = attrs as { start: number; stop: number; step: number; dtype: string };
    if (dtype !== 'float32' && dtype !== 'int32') return 'fallback';
    // TensorFlow.js turns the default step round where it leads away from the end; any other such step gives nothing.
    const stride = stop < start && step === 1 ? -1 : step;
    const count = Math.max(0, Math.ceil((stop - start) / stride));
    const numbers = Array.from({ length: count }, (_, index) => start + index * stride);
    const values = dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
    return { known: [{ dtype, shape: [count], values }] };
  },
  lower: () => [],
};

const filledLike = (kernel: string, value: number): Op => ({
  kernel,
  plan(call) {
    const x = operand(call, 'x');
    return filled(x.shape, x.dtype, value);
  },
  lower: lowerFilled,
});

export const shapeOps: readonly Op[] = [
  aliasOp(tf.Identity, 'x', (x) => [...x.shape]),
  aliasOp(tf.Reshape, 'x', (x, { shape }: { shape: number[] }) =>
    tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape([...x.shape])),
  ),
  aliasOp(tf.ExpandDims, 'input', (x, { dim }: { dim: number }) => {
    const rank = x.shape.length;
    tf.util.assert(dim >= -(rank + 1) && dim <= rank, () => `Axis must be in [${-(rank + 1)}, ${rank}], got ${dim}`);
    const shape = [...x.shape];
    shape.splice(dim < 0 ? x.shape.length + dim + 1 : dim, 0, 1);
    return shape;
  }),
  transpose,
  tile,
  concat,
  pack,
  unpack,
  splitV,
  slice,
  stridedSlice,
  pad,
  reverse,
  broadcastTo,
  fill,
  numberRange,
  filledLike(tf.ZerosLike, 0),
  filledLike(tf.OnesLike, 1),
];
