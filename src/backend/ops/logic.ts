/** Comparisons, boolean logic and selection. */
import * as tf from '@tensorflow/tfjs-core';
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import type { Op } from '../graph/types.js';
import { at, broadcast, one, operand, unary } from './common.js';

/** ONNX Runtime compares no booleans but for equality: they are compared as integers. */
const comparable = (builder: GraphBuilder, input: LoweredInput): string =>
  input.dtype === 'bool' ? builder.cast(input.name, 'int32') : input.name;

function comparison(kernel: string, lower: (builder: GraphBuilder, a: string, b: string) => string): Op {
  return {
    kernel,
    plan(call) {
      const a = operand(call, 'a');
      const b = operand(call, 'b');
      if (a.dtype !== b.dtype) return 'fallback';
      return one([a, b], 'bool', broadcast(a.shape, b.shape));
    },
    lower: (builder, inputs) => [
      lower(builder, comparable(builder, at(inputs, 0)), comparable(builder, at(inputs, 1))),
    ],
  };
}

const direct = (kernel: string, type: string): Op => comparison(kernel, (builder, a, b) => builder.op(type, [a, b]));

function logical(kernel: string, type: string): Op {
  return {
    kernel,
    plan(call) {
      const a = operand(call, 'a');
      const b = operand(call, 'b');
      if (a.dtype !== 'bool' || b.dtype !== 'bool') return 'fallback';
      return one([a, b], 'bool', broadcast(a.shape, b.shape));
    },
    lower: (builder, inputs) => [builder.op(type, [at(inputs, 0).name, at(inputs, 1).name])],
  };
}

const select: Op = {
  kernel: tf.Select,
  plan(call) {
    const condition = operand(call, 'condition');
    const t = operand(call, 't');
    const e = operand(call, 'e');
    if (condition.dtype !== 'bool' || t.dtype !== e.dtype) return 'fallback';
    return one([condition, t, e], t.dtype, t.shape);
  },
  lower(builder, inputs, _attributes, outputs) {
    const [condition, t, e] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
    // A condition of rank 1 selects whole rows.
    const rank = outputs[0]?.shape.length ?? 0;
    const rows =
      condition.shape.length === 1 && rank > 1
        ? builder.reshape(condition.name, [condition.shape[0] as number, ...Array<number>(rank - 1).fill(1)])
        : condition.name;
    if (t.dtype !== 'bool') return [builder.op('Where', [rows, t.name, e.name])];
    const chosen = builder.op('Where', [rows, builder.cast(t.name, 'int32'), builder.cast(e.name, 'int32')]);
    return [builder.cast(chosen, 'bool')];
  },
};

const not = unary(tf.LogicalNot, (builder, x) => builder.op('Not', [x]));

export const logicOps: readonly Op[] = [
  direct(tf.Equal, 'Equal'),
  comparison(tf.NotEqual, (builder, a, b) => builder.op('Not', [builder.op('Equal', [a, b])])),
  direct(tf.Less, 'Less'),
  direct(tf.LessEqual, 'LessOrEqual'),
  direct(tf.Greater, 'Greater'),
  direct(tf.GreaterEqual, 'GreaterOrEqual'),
  logical(tf.LogicalAnd, 'And'),
  logical(tf.LogicalOr, 'Or'),
  { ...not, plan: (call) => (operand(call, 'x').dtype === 'bool' ? not.plan(call) : 'fallback') },
  select,
];
