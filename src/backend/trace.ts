/** Records what a TensorFlow.js function does to inputs of given shapes, with the tensors that it captures as constants. */
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../shared/errors.js';
import type { OnnxRuntimeBackend, StoredData } from './backend.js';
import { type Cut, cutOutputs } from './graph/cut.js';
import type { LoweringOptions } from './graph/lower.js';
import { DataRecord, type ElementType, type GraphNode, type NodeInput, type TensorSpec } from './graph/types.js';
import { verify } from './graph/verify.js';

/** A function from tensors to a tensor or several. */
export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** A function's graph; its outputs are in the function's order. */
export interface TracedFunction {
  readonly cut: Cut;
  /** For lowering: the values of everything but the function's inputs become constants. */
  readonly lowering: LoweringOptions;
  /** For each source of the graph, which input of the function it is; undefined for constants. */
  readonly inputOfSource: readonly (number | undefined)[];
  /** The variables whose values became constants. */
  readonly variables: readonly tf.Variable[];
  readonly outputs: readonly TensorSpec[];
  /** Whether the function gave one tensor, not a list. */
  readonly single: boolean;
}

export const specOf = (tensor: tf.Tensor): TensorSpec => ({ dtype: tensor.dtype as ElementType, shape: tensor.shape });

/**
 * Runs `trace`. Throws UserError where it assigned a variable, which has its value of before again: a graph gives
 * results alone.
 */
function refuseAssignments(trace: () => void): void {
  const variables = Object.values(tf.engine().registeredVariables);
  const values = variables.map((variable) => tf.clone(variable));
  const assigned: string[] = [];
  try {
    trace();
  } finally {
    variables.forEach((variable, index) => {
      const value = values[index] as tf.Tensor;
      if (variable.dataId === value.dataId) return;
      assigned.push(variable.name);
      variable.assign(value);
    });
    tf.dispose(values);
  }
  if (assigned.length === 0) return;
  throw new UserError(
    `a function that is compiled or exported assigns the variable ${assigned.join(', ')}, which no graph can do ` +
      '(return the new value and assign it outside)',
  );
}

/** The registered variables whose data is among `records`. */
function variablesOf({ storage }: OnnxRuntimeBackend, records: ReadonlySet<StoredData>): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables).filter(
    ({ dataId }) => storage.has(dataId) && records.has(storage.get(dataId)),
  );
}

/**
 * Traces `fn` on inputs of the types and shapes given. Throws if it looks at values, or if an operator has no lowering;
 * UserError if it assigns a variable.
 */
export function traceFunction(
  backend: OnnxRuntimeBackend,
  fn: TensorFunction,
  inputs: readonly TensorSpec[],
): TracedFunction {
  const placeholders = inputs.map((spec, index) => new DataRecord({ kind: 'placeholder', index, spec }));
  let traced: { readonly outputs: NodeInput[]; readonly single: boolean } = { outputs: [], single: false };
  let nodes: readonly GraphNode[] = [];
  const trace = (): void => {
    const tensors = placeholders.map((record, index) => {
      const { shape, dtype } = inputs[index] as TensorSpec;
      const dataId = backend.store(record) as tf.DataId;
      return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: dtype as tf.DataType });
    });
    const result = fn(...tensors);
    const list = Array.isArray(result) ? result : [result];
    const outputs = list.map((tensor): NodeInput => backend.inputOf({ dataId: tensor.dataId, ...specOf(tensor) }));
    traced = { outputs, single: !Array.isArray(result) };
  };
  refuseAssignments(() => {
    nodes = backend.trace(() => tf.tidy(trace)).nodes;
  });
  const cut = cutOutputs(nodes, traced.outputs);
  verify(cut);
  const inputOfSource = cut.sources.map(({ record: { state } }) =>
    state.kind === 'placeholder' ? state.index : undefined,
  );
  const constants = cut.sources.filter((_, source) => inputOfSource[source] === undefined);
  const initializerOf: LoweringOptions['initializerOf'] = (source) =>
    inputOfSource[source] === undefined ? backend.valuesOf(cut.sources[source]?.record as DataRecord) : undefined;
  return {
    cut,
    lowering: { purpose: 'inference', initializerOf },
    inputOfSource,
    variables: variablesOf(backend, new Set(constants.map(({ record }) => record))),
    outputs: traced.outputs.map(({ dtype, shape }) => ({ dtype, shape })),
    single: traced.single,
  };
}
