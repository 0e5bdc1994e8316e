/** Matrix products, with the fused bias and activation of `_FusedMatMul`. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import { type Attributes, type Op, type TensorSpec, sizeOf } from '../graph/types.js';
import { activation, isFusible } from './activation.js';
import { at, broadcast, one, operand } from './common.js';

/** The product of the last two axes, `a` and `b` of equal rank, either transposed. */
function product(builder: GraphBuilder, a: LoweredInput, b: LoweredInput, attributes: Attributes): string {
  const transposeA = attributes.transposeA as boolean;
  const transposeB = attributes.transposeB as boolean;
  if (!transposeA && !transposeB) return builder.op('MatMul', [a.name, b.name]);
  if (a.dtype === 'float32') {
    return builder.op(
      'FusedMatMul',
      [a.name, b.name],
      { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
      'com.microsoft',
    );
  }
  const turned = (input: LoweredInput, transpose: boolean): string => {
    if (!transpose) return input.name;
    const axes = input.shape.map((_, index) => index);
    return builder.transpose(input.name, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  };
  return builder.op('MatMul', [turned(a, transposeA), turned(b, transposeB)]);
}

function shapeOf(a: TensorSpec, b: TensorSpec, transposeA: boolean, transposeB: boolean): number[] {
  const [innerA, innerB] = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  tf.util.assert(
    innerA === innerB && a.shape.length >= 2 && b.shape.length >= 2,
    () =>
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a.shape.join(',')} and ` +
      `${b.shape.join(',')} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const rows = a.shape.at(transposeA ? -1 : -2) as number;
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  return [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, columns];
}

const work: NonNullable<Op['work']> = (inputs, attributes, outputs) => {
  const inner = inputs[0]?.shape.at(attributes.transposeA === true ? -2 : -1) ?? 1;
  return inner * sizeOf(outputs[0]?.shape ?? []);
};

const matMul: Op = {
  kernel: tf.BatchMatMul,
  work,
  plan(call) {
    const a = operand(call, 'a');
    const b = operand(call, 'b');
    const { transposeA = false, transposeB = false } = call.attrs as { transposeA?: boolean; transposeB?: boolean };
    const shape = shapeOf(a, b, transposeA, transposeB);
    if (a.dtype !== b.dtype || a.dtype === 'bool' || sizeOf(a.shape) * sizeOf(b.shape) === 0) return 'fallback';
    return one([a, b], a.dtype, shape, { transposeA, transposeB });
  },
  lower: (builder, inputs, attributes) => [product(builder, at(inputs, 0), at(inputs, 1), attributes)],
};

const fusedMatMul: Op = {
  kernel: tf._FusedMatMul,
  work,
  plan(call) {
    const {
      transposeA,
      transposeB,
      activation: name,
      leakyreluAlpha,
    } = call.attrs as {
      transposeA: boolean;
      transposeB: boolean;
      activation: string;
      leakyreluAlpha?: number;
    };
    const a = operand(call, 'a');
    const b = operand(call, 'b');
    const { bias } = call.inputs;
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || !isFusible(name) || sizeOf(a.shape) * sizeOf(b.shape) === 0) {
      return 'fallback';
    }
    const inputs = bias === undefined ? [a, b] : [a, b, bias];
    return one(inputs, 'float32', shapeOf(a, b, transposeA, transposeB), {
      transposeA,
      transposeB,
      activation: name,
      ...(leakyreluAlpha === undefined ? {} : { alpha: leakyreluAlpha }),
    });
  },
  lower(builder, inputs, attributes) {
    const bare = product(builder, at(inputs, 0), at(inputs, 1), attributes);
    const biased = inputs.length > 2 ? builder.op('Add', [bare, at(inputs, 2).name]) : bare;
    return [activation(builder, biased, attributes.activation as string, attributes.alpha as number | undefined)];
  },
};

export const matMulOps: readonly Op[] = [matMul, fusedMatMul];
