/** Reductions along axes, arg-max, cumulative sums and softmax. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import { type ElementType, type Op, type TensorSpec, sizeOf } from '../graph/types.js';
import { at, one, operand, sumOfRows } from './common.js';

interface ReductionAttributes {
  readonly axis?: number | number[];
  /** The name that `Max` alone uses. */
  readonly reductionIndices?: number | number[];
  readonly keepDims?: boolean;
}

function reduction(
  kernel: string,
  type: string,
  accepts: readonly ElementType[],
  wrap?: (builder: GraphBuilder, x: LoweredInput, reduce: (name: string) => string) => string,
): Op {
  return {
    kernel,
    plan(call) {
      const x = operand(call, 'x');
      if (!accepts.includes(x.dtype)) return 'fallback';
      const { axis, reductionIndices, keepDims = false } = call.attrs as ReductionAttributes;
      const axes = tf.util.parseAxisParam((axis ?? reductionIndices) as number[], [...x.shape]);
      const kept = x.shape.map((dimension, index) => (axes.includes(index) ? 1 : dimension));
      const shape = keepDims ? kept : x.shape.filter((_, index) => !axes.includes(index));
      const dtype = kernel === tf.Mean ? 'float32' : kernel === tf.Sum && x.dtype === 'bool' ? 'int32' : x.dtype;
      if (sizeOf(x.shape) === 0) return 'fallback';
      return one([x], dtype, shape, { axes, keepDims: keepDims ? 1 : 0 });
    },
    lower(builder, inputs, attributes) {
      const x = at(inputs, 0);
      const reduce = (name: string): string => {
        const axes = attributes.axes as number[];
        if (axes.length === 0) return builder.op('Identity', [name]);
        return builder.op(type, [name, builder.ints(axes)], { keepdims: attributes.keepDims as number });
      };
      return [wrap === undefined ? reduce(x.name) : wrap(builder, x, reduce)];
    },
  };
}

function argument(kernel: string, type: string): Op {
  return {
    kernel,
    plan(call) {
      const x = operand(call, 'x');
      const [axis = 0] = tf.util.parseAxisParam((call.attrs as { axis: number }).axis, [...x.shape]);
      // An empty axis fails the whole graph in ONNX Runtime.
      if (x.dtype === 'bool' || sizeOf(x.shape) === 0 || x.shape.length === 0) return 'fallback';
      return one(
        [x],
        'int32',
        x.shape.filter((_, index) => index !== axis),
        { axis },
      );
    },
    lower: (builder, inputs, attributes) => [
      builder.cast(builder.op(type, [at(inputs, 0).name], { axis: attributes.axis as number, keepdims: 0 }), 'int32'),
    ],
  };
}

const asInteger =
  (to: ElementType) =>
  (builder: GraphBuilder, x: LoweredInput, reduce: (name: string) => string): string => {
    if (x.dtype !== 'bool') return reduce(x.name);
    const reduced = reduce(builder.cast(x.name, 'int32'));
    return to === 'bool' ? builder.cast(reduced, 'bool') : reduced;
  };

const cumulativeSum: Op = {
  kernel: tf.Cumsum,
  plan(call) {
    const x = operand(call, 'x');
    if (x.dtype === 'bool' || sizeOf(x.shape) === 0 || x.shape.length === 0) return 'fallback';
    const { axis, exclusive, reverse } = call.attrs as { axis: number; exclusive: boolean; reverse: boolean };
    const [positive = 0] = tf.util.parseAxisParam(axis, [...x.shape]);
    return one([x], x.dtype, x.shape, { axis: positive, exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 });
  },
  lower: (builder, inputs, attributes) => [
    builder.op('CumSum', [at(inputs, 0).name, builder.int64(attributes.axis as number)], {
      exclusive: attributes.exclusive as number,
      reverse: attributes.reverse as number,
    }),
  ],
};

function softmax(kernel: string, type: string, axisOf: (attrs: Record<string, number>, rank: number) => number): Op {
  return {
    kernel,
    plan(call) {
      const logits = operand(call, 'logits');
      if (logits.dtype !== 'float32' || logits.shape.length === 0) return 'fallback';
      const axis = axisOf(call.attrs as Record<string, number>, logits.shape.length);
      return one([logits], 'float32', logits.shape, { axis });
    },
    lower: (builder, inputs, attributes) => [
      builder.op(type, [at(inputs, 0).name], { axis: attributes.axis as number }),
    ],
  };
}

const lastAxis = (axis: number | undefined, rank: number): number =>
  axis === undefined || axis < 0 ? rank + (axis ?? -1) : axis;

/** From this number of rows on, a sum over leading axes runs as a matrix product. */
const PRODUCT_FROM_ROWS = 256;

/** Where `axes` are the leading axes of a tall float32 value: its size as a matrix whose rows are summed. */
function tallMatrix(x: TensorSpec, axes: readonly number[]): readonly [rows: number, columns: number] | undefined {
  const leading = x.dtype === 'float32' && axes.every((axis) => axis < axes.length);
  const rows = sizeOf(x.shape.slice(0, axes.length));
  const columns = sizeOf(x.shape.slice(axes.length));
  return leading && rows >= PRODUCT_FROM_ROWS && columns > 1 ? [rows, columns] : undefined;
}

const plainSum = reduction(tf.Sum, 'ReduceSum', ['float32', 'int32', 'bool'], asInteger('int32'));

const sum: Op = {
  ...plainSum,
  lower(builder, inputs, attributes, outputs) {
    const x = at(inputs, 0);
    const tall = tallMatrix(x, attributes.axes as number[]);
    if (tall === undefined) return plainSum.lower(builder, inputs, attributes, outputs);
    return [builder.reshape(sumOfRows(builder, x.name, tall), outputs[0]?.shape ?? [])];
  },
};

export const reductionOps: readonly Op[] = [
  sum,
  reduction(tf.Mean, 'ReduceMean', ['float32']),
  reduction(tf.Max, 'ReduceMax', ['float32', 'int32']),
  reduction(tf.Min, 'ReduceMin', ['float32', 'int32']),
  reduction(tf.Prod, 'ReduceProd', ['float32', 'int32']),
  reduction(tf.All, 'ReduceMin', ['bool'], asInteger('bool')),
  reduction(tf.Any, 'ReduceMax', ['bool'], asInteger('bool')),
  argument(tf.ArgMax, 'ArgMax'),
  argument(tf.ArgMin, 'ArgMin'),
  cumulativeSum,
  softmax(tf.Softmax, 'Softmax', (attrs, rank) => lastAxis(attrs.dim, rank)),
  softmax(tf.LogSoftmax, 'LogSoftmax', (attrs, rank) => lastAxis(attrs.axis, rank)),
];
