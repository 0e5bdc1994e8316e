/** What operators share: broadcasting, axes, and the shapes of common families. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import type { Attributes, ElementType, HostOperand, KernelCall, Op, Plan, TensorOperand } from '../graph/types.js';

/** Operands of a kernel by name; throws on a defect of ours (a wrong name). */
export function operand(call: KernelCall, name: string): TensorOperand {
  const found = call.inputs[name];
  if (found === undefined) throw new Error(`no input ${name}`);
  return found;
}

/** The names of a node's inputs. */
export const names = (inputs: readonly LoweredInput[]): string[] => inputs.map(({ name }) => name);

/** Input `index` of a node under lowering. */
export function at(inputs: readonly LoweredInput[], index: number): LoweredInput {
  const input = inputs[index];
  if (input === undefined) throw new Error(`no input ${index}`);
  return input;
}

/** The shape that `a` and `b` broadcast to (NumPy's rules). */
export const broadcast = (a: readonly number[], b: readonly number[]): number[] =>
  tf.backend_util.assertAndGetBroadcastShape([...a], [...b]);

/** A list of int64 that enters the graph as an input. */
export const int64Operand = (values: readonly number[]): HostOperand => ({
  dtype: 'int64',
  shape: [values.length],
  values: BigInt64Array.from(values, BigInt),
});

/** A scalar that enters the graph as an input. */
export function scalarOperand(dtype: 'float32' | 'int32' | 'bool', value: number): HostOperand {
  switch (dtype) {
    case 'float32':
      return { dtype, shape: [], values: Float32Array.of(value) };
    case 'int32':
      return { dtype, shape: [], values: Int32Array.of(value) };
    case 'bool':
      return { dtype, shape: [], values: Uint8Array.of(value === 0 ? 0 : 1) };
  }
}

/** A plan with one output. */
export function one(
  inputs: Plan['inputs'],
  dtype: ElementType,
  shape: readonly number[],
  attributes: Attributes = {},
): Plan {
  return { inputs, attributes, outputs: [{ dtype, shape }] };
}

/** An operator of one input that keeps its shape; `lower` gets the input's name. */
export function unary(
  kernel: string,
  lower: (builder: Parameters<Op['lower']>[0], x: string, input: LoweredInput, attributes: Attributes) => string,
  options: { readonly dtype?: ElementType; readonly attributes?: (attrs: KernelCall['attrs']) => Attributes } = {},
): Op {
  return {
    kernel,
    plan(call) {
      const x = operand(call, 'x');
      return one([x], options.dtype ?? x.dtype, x.shape, options.attributes?.(call.attrs) ?? {});
    },
    lower(builder, inputs, attributes) {
      const x = at(inputs, 0);
      return [lower(builder, x.name, x, attributes)];
    },
  };
}

/** Every index below `count`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * The sum over the rows of `value`, read as [rows, columns]: [1, columns]. As a product with a row of ones it takes a
 * third of the time of ONNX Runtime's ReduceSum over leading axes.
 */
export function sumOfRows(builder: GraphBuilder, value: string, [rows, columns]: readonly [number, number]): string {
  const ones = builder.op('Expand', [builder.float(1), builder.ints([1, rows])]);
  return builder.op('MatMul', [ones, builder.reshape(value, [rows, columns])]);
}

/** `result`, but 0 where `value` is NaN. */
export function zeroWhereNaN(builder: GraphBuilder, value: string, result: string): string {
  return builder.op('Where', [builder.op('IsNaN', [value]), builder.float(0), result]);
}

/** How many numbers an int32 can be. */
const INT32_RANGE = 2 ** 32;

/**
 * Floats as int32 as JavaScript has it: cut to whole numbers, modulo 2³², what is not finite 0. ONNX leaves undefined what
 * an int32 cannot hold.
 */
export function toInt32(builder: GraphBuilder, value: string): string {
  const [range, half, none] = [builder.float(INT32_RANGE), builder.float(INT32_RANGE / 2), builder.float(0)];
  const rest = builder.op('Mod', [value, range], { fmod: 1 }); // Of value's sign, exact; NaN where it is not finite.
  const above = builder.op('Where', [builder.op('GreaterOrEqual', [rest, half]), range, none]);
  const below = builder.op('Where', [builder.op('Less', [rest, builder.float(-INT32_RANGE / 2)]), range, none]);
  const wrapped = builder.op('Add', [builder.op('Sub', [rest, above]), below]);
  return builder.cast(zeroWhereNaN(builder, wrapped, wrapped), 'int32');
}

/**
 * Whether ONNX, which rounds down and pads as it is told, gives a window's results the size that TensorFlow.js does:
 * `dimRoundingMode`, and a number as `pad` where a window is not square, may give another.
 */
export function hasOnnxSize(info: tf.backend_util.Conv2DInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const steps = (size: number, window: number, stride: number): number => Math.floor((size - window) / stride) + 1;
  return (
    steps(info.inHeight + top + bottom, info.effectiveFilterHeight, info.strideHeight) === info.outHeight &&
    steps(info.inWidth + left + right, info.effectiveFilterWidth, info.strideWidth) === info.outWidth
  );
}
