/** Functions of one tensor, element by element; casts and clipping. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../onnx/builder.js';
import type { ElementType, Op } from '../graph/types.js';
import { at, one, operand, scalarOperand, toInt32, unary, zeroWhereNaN } from './common.js';

/** A function that is an ONNX operator of the same meaning; integers go to the `cpu` kernel. */
function floats(kernel: string, lower: (builder: GraphBuilder, x: string) => string): Op {
  const op = unary(kernel, lower);
  return {
    ...op,
    plan: (call) => (operand(call, 'x').dtype === 'float32' ? op.plan(call) : 'fallback'),
  };
}

const direct = (kernel: string, type: string): Op => floats(kernel, (builder, x) => builder.op(type, [x]));

const square = (builder: GraphBuilder, x: string): string => builder.op('Mul', [x, x]);

/** Integers too: ONNX has these for int32. */
const anyNumber = (kernel: string, lower: Parameters<typeof unary>[1]): Op => {
  const op = unary(kernel, lower);
  return { ...op, plan: (call) => (operand(call, 'x').dtype === 'bool' ? 'fallback' : op.plan(call)) };
};

const relu6 = floats(tf.Relu6, (builder, x) => builder.op('Clip', [x, builder.float(0), builder.float(6)]));

const clip: Op = {
  kernel: tf.ClipByValue,
  plan(call) {
    const x = operand(call, 'x');
    if (x.dtype !== 'float32') return 'fallback';
    const { clipValueMin, clipValueMax } = call.attrs as { clipValueMin: number; clipValueMax: number };
    return one([x, scalarOperand('float32', clipValueMin), scalarOperand('float32', clipValueMax)], x.dtype, x.shape);
  },
  lower: (builder, inputs) => [builder.op('Clip', [at(inputs, 0).name, at(inputs, 1).name, at(inputs, 2).name])],
};

const cast: Op = {
  kernel: tf.Cast,
  plan(call) {
    const x = operand(call, 'x');
    const { dtype } = call.attrs as { dtype: string };
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') return 'fallback';
    if (dtype === x.dtype) return { alias: x, shape: x.shape };
    return one([x], dtype, x.shape, { to: dtype });
  },
  lower(builder, inputs, attributes) {
    const { name, dtype } = at(inputs, 0);
    const to = attributes.to as Exclude<ElementType, 'int64'>;
    // A NaN is true to TensorFlow.js's cast? No: `value !== 0` decides, which NaN passes.
    if (to === 'bool') return [builder.op('Not', [builder.op('Equal', [name, builder.scalar(dtype as 'float32', 0)])])];
    return [dtype === 'float32' && to === 'int32' ? toInt32(builder, name) : builder.cast(name, to)];
  },
};

/** The sign of NaN is 0 to TensorFlow.js. */
const sign = anyNumber(tf.Sign, (builder, x, { dtype }) => {
  const result = builder.op('Sign', [x]);
  return dtype === 'float32' ? zeroWhereNaN(builder, x, result) : result;
});

/** Selu's constants (Klambauer 2017). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const elementTests = [
  unary(
    tf.IsNan,
    (builder, x, input) => (input.dtype === 'float32' ? builder.op('IsNaN', [x]) : nothing(builder, x, input.dtype)),
    {
      dtype: 'bool',
    },
  ),
  unary(
    tf.IsInf,
    (builder, x, input) => (input.dtype === 'float32' ? builder.op('IsInf', [x]) : nothing(builder, x, input.dtype)),
    {
      dtype: 'bool',
    },
  ),
  unary(
    tf.IsFinite,
    (builder, x, input) =>
      builder.op('Not', [
        input.dtype === 'float32'
          ? builder.op('Or', [builder.op('IsNaN', [x]), builder.op('IsInf', [x])])
          : nothing(builder, x, input.dtype),
      ]),
    { dtype: 'bool' },
  ),
];

/** False everywhere, in the shape of `x`. */
function nothing(builder: GraphBuilder, x: string, dtype: ElementType): string {
  if (dtype === 'bool') return builder.op('And', [x, builder.bool(false)]);
  return builder.op('Not', [builder.op('Equal', [x, x])]);
}

export const unaryOps: readonly Op[] = [
  anyNumber(tf.Neg, (builder, x) => builder.op('Neg', [x])),
  anyNumber(tf.Abs, (builder, x) => builder.op('Abs', [x])),
  anyNumber(tf.Square, square),
  sign,
  direct(tf.Exp, 'Exp'),
  direct(tf.Log, 'Log'),
  direct(tf.Sqrt, 'Sqrt'),
  direct(tf.Reciprocal, 'Reciprocal'),
  direct(tf.Tanh, 'Tanh'),
  direct(tf.Erf, 'Erf'),
  direct(tf.Floor, 'Floor'),
  direct(tf.Ceil, 'Ceil'),
  direct(tf.Round, 'Round'),
  direct(tf.Sin, 'Sin'),
  direct(tf.Cos, 'Cos'),
  direct(tf.Tan, 'Tan'),
  direct(tf.Asin, 'Asin'),
  direct(tf.Acos, 'Acos'),
  direct(tf.Atan, 'Atan'),
  direct(tf.Sinh, 'Sinh'),
  direct(tf.Cosh, 'Cosh'),
  direct(tf.Asinh, 'Asinh'),
  direct(tf.Acosh, 'Acosh'),
  direct(tf.Atanh, 'Atanh'),
  direct(tf.Sigmoid, 'Sigmoid'),
  direct(tf.Relu, 'Relu'),
  direct(tf.Elu, 'Elu'),
  direct(tf.Softplus, 'Softplus'),
  floats(tf.Rsqrt, (builder, x) => builder.op('Reciprocal', [builder.op('Sqrt', [x])])),
  floats(tf.Log1p, (builder, x) => builder.op('Log', [builder.op('Add', [x, builder.float(1)])])),
  floats(tf.Expm1, (builder, x) => builder.op('Sub', [builder.op('Exp', [x]), builder.float(1)])),
  floats(tf.Selu, (builder, x) =>
    builder.op('Selu', [x], { alpha: { float: SELU_ALPHA }, gamma: { float: SELU_SCALE } }),
  ),
  relu6,
  clip,
  cast,
  ...elementTests,
  {
    ...unary(
      tf.Step,
      (builder, x, _input, attributes) => {
        const positive = builder.op('Greater', [x, builder.float(0)]);
        const step = builder.op('Where', [positive, builder.float(1), builder.float(attributes.alpha as number)]);
        return builder.op('Where', [builder.op('IsNaN', [x]), x, step]);
      },
      { attributes: (attrs: { alpha: number }) => ({ alpha: attrs.alpha }) },
    ),
    plan(call) {
      const x = operand(call, 'x');
      if (x.dtype !== 'float32') return 'fallback';
      return one([x], 'float32', x.shape, { alpha: (call.attrs as { alpha: number }).alpha });
    },
  },
];
