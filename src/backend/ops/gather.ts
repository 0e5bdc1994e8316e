/** Gathering and its inverse. Scatters are `ScatterElements`: ScatterND with a reduction races on repeated indices. */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { type HostValues, type Op, sizeOf } from '../graph/types.js';
import { at, one, operand } from './common.js';

/** Throws as the cpu kernel does where one of `indices` is not below `size`. */
function requireIndices(indices: HostValues, size: number): void {
  const wrong = (indices as Int32Array).find((index) => index < 0 || index >= size);
  assert(wrong === undefined, () => `GatherV2: the index value ${wrong} is not in [0, ${size - 1}]`);
}

/** An index that no dimension reaches. */
const BEYOND_ALL = 2 ** 31 - 1;

/** `indices` with those below 0, which ONNX Runtime would take from the end, sent beyond it. */
function negativeBeyond(builder: GraphBuilder, indices: string): string {
  const negative = builder.op('Less', [indices, builder.int32(0)]);
  return builder.op('Where', [negative, builder.int32(BEYOND_ALL), indices]);
}

/** Indices whose values are at hand are checked when the call is recorded; others by ONNX Runtime as they are computed. */
const gather: Op = {
  kernel: tf.GatherV2,
  plan(call) {
    const x = operand(call, 'x');
    const indices = operand(call, 'indices');
    const { axis, batchDims = 0 } = call.attrs as { axis: number; batchDims?: number };
    const [positive = 0] = tf.util.parseAxisParam(axis, [...x.shape]);
    if (batchDims !== 0 || indices.dtype !== 'int32' || sizeOf(x.shape) === 0) return 'fallback';
    const values = call.valuesOf(indices);
    if (values !== undefined) requireIndices(values, x.shape[positive] as number);
    const shape = [...x.shape.slice(0, positive), ...indices.shape, ...x.shape.slice(positive + 1)];
    return one([x, indices], x.dtype, shape, { axis: positive, checked: values !== undefined });
  },
  lower(builder, inputs, { axis, checked }) {
    const { name } = at(inputs, 1);
    const indices = checked === true ? name : negativeBeyond(builder, name);
    return [builder.op('Gather', [at(inputs, 0).name, indices], { axis: axis as number })];
  },
};

/** Adds the rows of `updates` [n, d] into a zero matrix [segments, d] at `rows` [n]. */
function scatterAddRows(
  builder: GraphBuilder,
  updates: string,
  rows: string,
  extent: { readonly n: number; readonly d: number; readonly segments: number; readonly dtype: 'float32' | 'int32' },
): string {
  const zeros = builder.op('Expand', [builder.scalar(extent.dtype, 0), builder.ints([extent.segments, extent.d])]);
  const expanded = builder.op('Expand', [
    builder.op('Reshape', [rows, builder.ints([extent.n, 1])]),
    builder.ints([extent.n, extent.d]),
  ]);
  return builder.op('ScatterElements', [zeros, expanded, updates], { axis: 0, reduction: 'add' });
}

const unsortedSegmentSum: Op = {
  kernel: tf.UnsortedSegmentSum,
  plan(call) {
    const x = operand(call, 'x');
    const segmentIds = operand(call, 'segmentIds');
    const { numSegments } = call.attrs as { numSegments: number };
    if (x.dtype === 'bool' || segmentIds.dtype !== 'int32' || sizeOf(x.shape) === 0 || numSegments === 0) {
      return 'fallback';
    }
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    return one([x, segmentIds], x.dtype, shape, { numSegments });
  },
  lower(builder, inputs, attributes, outputs) {
    const [x, ids] = [at(inputs, 0), at(inputs, 1)];
    const n = sizeOf(ids.shape);
    const segments = attributes.numSegments as number;
    const extent = { n, d: sizeOf(x.shape) / n, segments: segments + 1, dtype: x.dtype as 'float32' | 'int32' };
    // Ids out of range count nowhere: they are sent to a row of their own, which is cut off.
    const negative = builder.op('Less', [ids.name, builder.int32(0)]);
    const beyond = builder.op('Greater', [ids.name, builder.int32(segments - 1)]);
    const rows = builder.op('Where', [builder.op('Or', [negative, beyond]), builder.int32(segments), ids.name]);
    const sums = scatterAddRows(builder, builder.reshape(x.name, [n, extent.d]), rows, extent);
    const kept = builder.op('Slice', [sums, builder.ints([0]), builder.ints([segments]), builder.ints([0])]);
    return [builder.reshape(kept, outputs[0]?.shape ?? [])];
  },
};

const topK: Op = {
  kernel: tf.TopK,
  plan(call) {
    const x = operand(call, 'x');
    const { k } = call.attrs as { k: number };
    const last = x.shape.at(-1) ?? 0;
    // TopK on an empty dimension ends the process.
    if (x.dtype === 'bool' || last === 0 || k === 0 || sizeOf(x.shape) === 0) return 'fallback';
    const shape = [...x.shape.slice(0, -1), k];
    return {
      inputs: [x],
      attributes: { k },
      outputs: [
        { dtype: x.dtype, shape },
        { dtype: 'int32', shape },
      ],
    };
  },
  lower(builder, inputs, attributes) {
    const k = builder.ints([attributes.k as number]);
    const [values, indices] = builder.ops('TopK', [at(inputs, 0).name, k], 2, {
      axis: -1,
      largest: 1,
      // Unsorted results may break ties in any order; TensorFlow.js promises the lower index.
      sorted: 1,
    }) as [string, string];
    return [values, builder.cast(indices, 'int32')];
  },
};

const oneHot: Op = {
  kernel: tf.OneHot,
  plan(call) {
    const indices = operand(call, 'indices');
    const { depth, onValue, offValue, dtype = 'int32' } = call.attrs as Record<string, number> & { dtype?: string };
    if (indices.dtype !== 'int32' || (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')) return 'fallback';
    const shape = [...indices.shape, depth as number];
    return one([indices], dtype, shape, {
      depth: depth as number,
      on: onValue as number,
      off: offValue as number,
    });
  },
  lower(builder, inputs, attributes, outputs) {
    // ONNX's OneHot lets −1 set the last class; TensorFlow.js sets none.
    const depth = attributes.depth as number;
    const classes = builder.constant(
      'int32',
      [depth],
      Int32Array.from({ length: depth }, (_, index) => index),
    );
    const indices = builder.op('Unsqueeze', [at(inputs, 0).name, builder.ints([-1])]);
    const hit = builder.op('Equal', [indices, classes]);
    const dtype = (outputs[0]?.dtype ?? 'float32') as 'float32' | 'int32' | 'bool';
    const type = dtype === 'bool' ? 'int32' : dtype;
    const [on, off] = [attributes.on as number, attributes.off as number].map((value) => builder.scalar(type, value));
    const chosen = builder.op('Where', [hit, on as string, off as string]);
    return [dtype === 'bool' ? builder.cast(chosen, 'bool') : chosen];
  },
};

export const gatherOps: readonly Op[] = [gather, unsortedSegmentSum, topK, oneHot];
