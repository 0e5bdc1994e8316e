/** Lowers a cut to an ONNX model: each node's operator emits its ONNX nodes in order. */
import { assert } from '../../shared/assert.js';
import { GraphBuilder, type GraphPurpose, type LoweredInput } from '../onnx/builder.js';
import { encodeModel, type OnnxModel } from '../onnx/protobuf.js';
import type { Cut, ValueRef } from './cut.js';
import { type HostValues, sizeOf } from './types.js';

/** The name of the graph input that feeds source `index`. */
export const inputName = (index: number): string => `in${index}`;
/** The name of graph output `index`. */
export const outputName = (index: number): string => `out${index}`;

export interface LoweringOptions {
  /** Values for the sources that are to be baked in as initializers, where there are any. */
  readonly initializerOf?: (source: number) => HostValues | undefined;
  /** `training` unless said otherwise. */
  readonly purpose?: GraphPurpose;
}

/** What is worth knowing about a lowered graph when its session is configured. */
export interface LoweredGraph {
  /** The model as a file has it. */
  readonly model: Uint8Array;
  readonly nodeCount: number;
  /** Multiply-adds and elements written, for choosing a number of threads. */
  readonly work: number;
  readonly hasConvolution: boolean;
  /** Bytes of the largest value. */
  readonly largestValue: number;
  /** The most bytes of values that are needed at once, an estimate of what a session's arena holds. */
  readonly peakBytes: number;
}

function measure(cut: Cut): Omit<LoweredGraph, 'model' | 'nodeCount'> {
  let work = 0;
  let largestValue = 0;
  for (const { node } of cut.nodes) {
    const written = node.outputs.reduce((sum, output) => sum + sizeOf(output.shape), 0);
    work += written + (node.op.work?.(node.inputs, node.attributes, node.outputs) ?? 0);
    largestValue = Math.max(largestValue, 4 * written);
  }
  const hasConvolution = cut.nodes.some(({ node }) => node.op.convolution === true);
  return { work, largestValue, peakBytes: peakBytes(cut), hasConvolution };
}

/** Walks the graph in order, counting a node's outputs from when it runs to when the last reader has run. */
function peakBytes(cut: Cut): number {
  const lastReader = new Int32Array(cut.nodes.length).fill(-1);
  cut.nodes.forEach(({ inputs }, position) => {
    for (const { node } of inputs) if (node >= 0) lastReader[node] = position;
  });
  for (const { ref } of cut.outputs) if (ref.node >= 0) lastReader[ref.node] = cut.nodes.length;
  const freed = new Float64Array(cut.nodes.length + 1);
  let live = 0;
  let peak = 0;
  cut.nodes.forEach(({ node }, position) => {
    const bytes = node.outputs.reduce((sum, output) => sum + 4 * sizeOf(output.shape), 0);
    live += bytes;
    peak = Math.max(peak, live);
    const reader = Math.max(lastReader[position] as number, position);
    freed[reader] = (freed[reader] as number) + bytes;
    live -= freed[position] as number;
  });
  return peak;
}

/** Lowers `cut` to a model that can be given to a session, with what is worth knowing about it. */
export function lower(cut: Cut, options: LoweringOptions = {}): LoweredGraph {
  const model = lowerToModel(cut, options);
  return { model: encodeModel(model), nodeCount: model.nodes.length, ...measure(cut) };
}

/** Lowers `cut`; sources without an initializer become graph inputs `in0`, `in1`, …, outputs are `out0`, `out1`, …. */
export function lowerToModel(cut: Cut, options: LoweringOptions = {}): OnnxModel {
  const builder = new GraphBuilder(options.purpose ?? 'training');
  const inputs: { name: string; type: 'float32' | 'int32' | 'bool' | 'int64'; shape: readonly number[] }[] = [];
  const sourceNames = cut.sources.map((source, index) => {
    const values = options.initializerOf?.(index);
    if (values !== undefined) return builder.constant(source.dtype, source.shape, values);
    inputs.push({ name: inputName(index), type: source.dtype, shape: source.shape });
    return inputName(index);
  });
  const produced: (readonly string[])[] = [];
  const nameOf = ({ node, index }: ValueRef): string =>
    (node < 0 ? sourceNames[index] : produced[node]?.[index]) as string;
  for (const { node, inputs: refs } of cut.nodes) {
    const lowered: LoweredInput[] = node.inputs.map((input, position) => ({
      dtype: input.dtype,
      shape: input.shape,
      name: nameOf(refs[position] as ValueRef),
    }));
    const names = node.op.lower(builder, lowered, node.attributes, node.outputs);
    assert(names.length === node.outputs.length, () => `${node.op.kernel}: lowered to ${names.length} outputs`);
    produced.push(names);
  }
  const outputs = cut.outputs.map((output, index) => {
    builder.nodes.push({
      type: 'Identity',
      inputs: [nameOf(output.ref)],
      outputs: [outputName(index)],
      attributes: {},
    });
    return { name: outputName(index), type: output.dtype, shape: output.shape };
  });
  return { nodes: builder.nodes, initializers: builder.initializers, inputs, outputs };
}
