/** The activations that fused kernels end in, and kernels for those that have an input or a parameter more. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder } from '../onnx/builder.js';
import type { Op } from '../graph/types.js';
import { at, broadcast, one, operand } from './common.js';

const FUSIBLE: ReadonlySet<string> = new Set(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu']);

export const isFusible = (name: string): boolean => FUSIBLE.has(name);

/** Applies the activation `name` to a float32 value. */
export function activation(builder: GraphBuilder, x: string, name: string, alpha = 0.2): string {
  switch (name) {
    case 'linear':
      return x;
    case 'relu':
      return builder.op('Relu', [x]);
    case 'relu6':
      return builder.op('Clip', [x, builder.float(0), builder.float(6)]);
    case 'elu':
      return builder.op('Elu', [x]);
    case 'sigmoid':
      return builder.op('Sigmoid', [x]);
    case 'leakyrelu':
      return builder.op('LeakyRelu', [x], { alpha: { float: alpha } });
    default:
      throw new Error(`no activation ${name}`);
  }
}

const leakyRelu: Op = {
  kernel: tf.LeakyRelu,
  plan(call) {
    const x = operand(call, 'x');
    if (x.dtype !== 'float32') return 'fallback';
    return one([x], 'float32', x.shape, { alpha: (call.attrs as { alpha: number }).alpha });
  },
  lower: (builder, inputs, { alpha }) => [activation(builder, at(inputs, 0).name, 'leakyrelu', alpha as number)],
};

/** `positive` where `value` is 0 or more or NaN, else `negative`. */
const bySign = (builder: GraphBuilder, value: string, [positive, negative]: readonly [string, string]): string =>
  builder.op('Where', [builder.op('Less', [value, builder.float(0)]), negative, positive]);

/** An op on two tensors of float32 that broadcast. */
function ofTwo(
  kernel: string,
  [first, second]: readonly [string, string],
  lower: (builder: GraphBuilder, a: string, b: string) => string,
): Op {
  return {
    kernel,
    plan(call) {
      const a = operand(call, first);
      const b = operand(call, second);
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return 'fallback';
      return one([a, b], 'float32', broadcast(a.shape, b.shape));
    },
    lower: (builder, inputs) => [lower(builder, at(inputs, 0).name, at(inputs, 1).name)],
  };
}

const prelu = ofTwo(tf.Prelu, ['x', 'alpha'], (builder, x, alpha) =>
  bySign(builder, x, [x, builder.op('Mul', [x, alpha])]),
);

/** From y = elu(x): dy where y is 0 or more, dy · (y + 1) below. */
const eluGrad = ofTwo(tf.EluGrad, ['dy', 'y'], (builder, dy, y) =>
  bySign(builder, y, [dy, builder.op('Mul', [dy, builder.op('Add', [y, builder.float(1)])])]),
);

export const activationOps: readonly Op[] = [leakyRelu, prelu, eluGrad];
