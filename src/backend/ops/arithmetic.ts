/** Arithmetic of two tensors with broadcasting, and sums of many. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../onnx/builder.js';
import type { ElementType, Op } from '../graph/types.js';
import { at, broadcast, names, one, operand, toInt32 } from './common.js';

type LowerPair = (builder: GraphBuilder, a: string, b: string, dtype: ElementType) => string;

function binary(kernel: string, lower: LowerPair, dtypeOf?: (dtype: ElementType) => ElementType): Op {
  return {
    kernel,
    plan(call) {
      const a = operand(call, 'a');
      const b = operand(call, 'b');
      if (a.dtype === 'bool' || a.dtype !== b.dtype) return 'fallback';
      return one([a, b], dtypeOf?.(a.dtype) ?? a.dtype, broadcast(a.shape, b.shape));
    },
    lower: (builder, inputs) => [lower(builder, at(inputs, 0).name, at(inputs, 1).name, at(inputs, 0).dtype)],
  };
}

const direct =
  (type: string): LowerPair =>
  (builder, a, b) =>
    builder.op(type, [a, b]);

/** int32 division that floors as TensorFlow.js does; ONNX's truncates, and kills the process for INT_MIN / −1. */
const floorDivide: LowerPair = (builder, a, b, dtype) => {
  if (dtype === 'float32') return toInt32(builder, builder.op('Floor', [builder.op('Div', [a, b])]));
  const zero = builder.int32(0);
  const isZero = builder.op('Equal', [b, zero]);
  const isMinusOne = builder.op('Equal', [b, builder.int32(-1)]);
  const safe = builder.op('Where', [builder.op('Or', [isZero, isMinusOne]), builder.int32(1), b]);
  const quotient = builder.op('Div', [a, safe]);
  const remainder = builder.op('Sub', [a, builder.op('Mul', [quotient, safe])]);
  const signsDiffer = builder.op('Less', [
    builder.op('Mul', [builder.op('Sign', [remainder]), builder.op('Sign', [safe])]),
    zero,
  ]);
  const floored = builder.op('Sub', [quotient, builder.cast(signsDiffer, 'int32')]);
  const negated = builder.op('Where', [isMinusOne, builder.op('Sub', [zero, a]), floored]);
  return builder.op('Where', [isZero, zero, negated]);
};

/** Modulo with the divisor's sign: floats by way of fmod, integers guarded against 0 and −1. */
const modulo: LowerPair = (builder, a, b, dtype) => {
  if (dtype === 'int32') {
    const zero = builder.int32(0);
    const trivial = builder.op('Or', [builder.op('Equal', [b, zero]), builder.op('Equal', [b, builder.int32(-1)])]);
    const safe = builder.op('Where', [trivial, builder.int32(1), b]);
    return builder.op('Where', [trivial, zero, builder.op('Mod', [a, safe])]);
  }
  const remainder = builder.op('Mod', [a, b], { fmod: 1 });
  const zero = builder.float(0);
  const signsDiffer = builder.op('Less', [builder.op('Mul', [remainder, b]), zero]);
  return builder.op('Where', [signsDiffer, builder.op('Add', [remainder, b]), remainder]);
};

const addN: Op = {
  kernel: tf.AddN,
  plan({ list }) {
    const [first] = list;
    if (first === undefined || list.some(({ dtype }) => dtype !== first.dtype) || first.dtype === 'bool') {
      return 'fallback';
    }
    return one(list, first.dtype, first.shape);
  },
  lower: (builder, inputs) => [names(inputs).reduce((sum, name) => builder.op('Add', [sum, name]))],
};

export const arithmeticOps: readonly Op[] = [
  binary(tf.Add, direct('Add')),
  binary(tf.Sub, direct('Sub')),
  binary(tf.Multiply, direct('Mul')),
  binary(
    tf.RealDiv,
    (builder, a, b, dtype) =>
      dtype === 'int32'
        ? builder.op('Div', [builder.cast(a, 'float32'), builder.cast(b, 'float32')])
        : builder.op('Div', [a, b]),
    () => 'float32',
  ),
  binary(tf.FloorDiv, floorDivide, () => 'int32'),
  binary(tf.Maximum, direct('Max')),
  binary(tf.Minimum, direct('Min')),
  binary(tf.Pow, direct('Pow')),
  binary(tf.Mod, modulo),
  binary(tf.SquaredDifference, (builder, a, b) => {
    const difference = builder.op('Sub', [a, b]);
    return builder.op('Mul', [difference, difference]);
  }),
  addN,
];
