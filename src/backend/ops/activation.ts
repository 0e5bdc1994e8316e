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

const prelu: Op = {
  kernel: tf.Prelu,
  plan(call) {
    const x = operand(call, 'x');
    const alpha = operand(call, 'alpha');
    if (x.dtype !== 'float32' || alpha.dtype !== 'float32') return 'fallback';
    return one([x, alpha], 'float32', broadcast(x.shape, alpha.shape));
  },
  lower(builder, inputs) {
    const x = at(inputs, 0).name;
    return [bySign(builder, x, [x, builder.op('Mul', [x, at(inputs, 1).name])])];
  },
};

/** From y = elu(x): dy where y is 0 or more, dy · (y + 1) below. */
const eluGrad: Op = {
  kernel: tf.EluGrad,
  plan(call) {
    const dy = operand(call, 'dy');
    const y = operand(call, 'y');
    if (dy.dtype !== 'float32' || y.dtype !== 'float32') return 'fallback';
    return one([dy, y], 'float32', y.shape);
  },
  lower(builder, inputs) {
    const [dy, y] = [at(inputs, 0).name, at(inputs, 1).name];
    return [bySign(builder, y, [dy, builder.op('Mul', [dy, builder.op('Add', [y, builder.float(1)])])])];
  },
};

export const activationOps: readonly Op[] = [leakyRelu, prelu, eluGrad];
