/**
 * `compile(fn)`: traces a TensorFlow.js function once per input shape, with the tensors it captures baked in as
 * constants, so that ONNX Runtime folds, fuses and prepacks them. This is the inference path; a compiled function is
 * not differentiable, and later changes of captured variables are not seen. On other backends it is the function itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import { OnnxRuntimeBackend } from './backend.js';
import { cutOutputs } from './graph/cut.js';
import { inputName, lower, outputName } from './graph/lower.js';
import { DataRecord, type ElementType, type NativeTensor, type NodeInput, type TensorSpec } from './graph/types.js';
import { type NativeSession, createSession } from './runtime/native.js';
import { settingsFor } from './runtime/sessions.js';
import { verify } from './graph/verify.js';
import { feedOf } from './runtime/feeds.js';

/** A function from tensors to a tensor or several. */
export type TensorFunction = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

export type Compiled<F extends TensorFunction> = F & {
  /** Gives the native sessions back. */
  dispose(): void;
};

interface CompiledGraph {
  readonly session: NativeSession;
  readonly inputs: readonly { readonly argument: number; readonly name: string }[];
  readonly outputs: readonly TensorSpec[];
  readonly single: boolean;
}

const specOf = (tensor: tf.Tensor): TensorSpec => ({ dtype: tensor.dtype as ElementType, shape: tensor.shape });

function traceFunction(backend: OnnxRuntimeBackend, fn: TensorFunction, inputs: readonly tf.Tensor[]): CompiledGraph {
  const placeholders = inputs.map((tensor, index) => {
    return new DataRecord({ kind: 'placeholder', index, spec: specOf(tensor) });
  });
  let traced: { readonly outputs: NodeInput[]; readonly single: boolean } = { outputs: [], single: false };
  const { nodes } = backend.trace(() =>
    tf.tidy(() => {
      const tensors = placeholders.map((record, index) => {
        const { shape, dtype } = inputs[index] as tf.Tensor;
        return tf.engine().makeTensorFromTensorInfo({ dataId: backend.store(record) as tf.DataId, shape, dtype });
      });
      const result = fn(...tensors);
      const list = Array.isArray(result) ? result : [result];
      const outputs = list.map((tensor): NodeInput => backend.inputOf({ dataId: tensor.dataId, ...specOf(tensor) }));
      traced = { outputs, single: !Array.isArray(result) };
    }),
  );
  const cut = cutOutputs(nodes, traced.outputs);
  verify(cut);
  const graph = lower(cut, {
    purpose: 'inference',
    initializerOf: (source) => {
      const record = cut.sources[source]?.record as DataRecord;
      return record.state.kind === 'placeholder' ? undefined : backend.valuesOf(record);
    },
  });
  const session = createSession(graph.model, settingsFor(graph, backend.sessions.options));
  const used = cut.sources.flatMap(({ record }, source) =>
    record.state.kind === 'placeholder' ? [{ argument: record.state.index, name: inputName(source) }] : [],
  );
  const outputs = traced.outputs.map(({ dtype, shape }) => ({ dtype, shape }));
  return { session, inputs: used, outputs, single: traced.single };
}

function runCompiled(
  backend: OnnxRuntimeBackend,
  graph: CompiledGraph,
  inputs: readonly tf.Tensor[],
): tf.Tensor | tf.Tensor[] {
  const feeds: Record<string, NativeTensor> = {};
  for (const { argument, name } of graph.inputs) {
    const tensor = inputs[argument] as tf.Tensor;
    const record = backend.recordOf(tensor.dataId);
    if (record.state.kind === 'pending') backend.flush();
    feeds[name] = feedOf(record, specOf(tensor));
  }
  const results = backend.runSession(graph.session, feeds, graph.outputs);
  const outputs = graph.outputs.map(({ dtype, shape }, index) => {
    const tensor = results[outputName(index)] as NativeTensor;
    const dataId = backend.store(new DataRecord({ kind: 'result', tensor })) as tf.DataId;
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: dtype as tf.DataType });
  });
  return graph.single ? (outputs[0] as tf.Tensor) : outputs;
}

/**
 * Compiles `fn` for the current backend.
 *
 * @example
 * const normalize = compile((x: tf.Tensor) => tf.div(tf.sub(x, mean), deviation));
 * normalize(tf.ones([1, 3])).print();
 * normalize.dispose();
 */
export function compile<F extends TensorFunction>(fn: F): Compiled<F> {
  const backend = tf.backend();
  if (!(backend instanceof OnnxRuntimeBackend)) {
    return Object.assign((...inputs: tf.Tensor[]) => fn(...inputs), {
      dispose: () => undefined,
    }) as unknown as Compiled<F>;
  }
  const graphs = new Map<string, CompiledGraph>();
  const call = (...inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[] => {
    const key = inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(',')}]`).join(';');
    let graph = graphs.get(key);
    if (graph === undefined) graphs.set(key, (graph = traceFunction(backend, fn, inputs)));
    return runCompiled(backend, graph, inputs);
  };
  const dispose = (): void => {
    for (const graph of graphs.values()) graph.session.dispose();
    graphs.clear();
  };
  return Object.assign(call, { dispose }) as unknown as Compiled<F>;
}
