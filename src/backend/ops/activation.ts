/** The activations that fused kernels end in. */
import type { GraphBuilder } from '../onnx/builder.js';

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
