/**
 * `compile(fn)`: traces a TensorFlow.js function once per input shape, with the tensors it captures baked in as
 * constants, so that ONNX Runtime folds, fuses and prepacks them. The first batch size has a session of its own; all
 * others share one with a symbolic batch where the function does the same for each (which every trace is checked for),
 * so that many sizes do not hold the weights as many times. This is the inference path; a compiled function is not
 * differentiable. On other backends it is the function itself.
 */
import { isDeepStrictEqual } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../shared/errors.js';
import { OnnxRuntimeBackend } from './backend.js';
import { inputName, lower, type LoweredGraph, lowerToModel, outputName } from './graph/lower.js';
import { type ModelOfBatch, withSymbolicBatch } from './graph/symbolic.js';
import { verifyResults } from './graph/verify.js';
import { DataRecord, type NativeTensor } from './graph/types.js';
import { BACKEND_NAME } from './kernels.js';
import { encodeModel, type OnnxModel } from './onnx/protobuf.js';
import { feedOf } from './runtime/feeds.js';
import { type NativeSession, createSession } from './runtime/native.js';
import { settingsFor } from './runtime/sessions.js';
import { specOf, type TracedFunction, traceFunction, type TensorFunction } from './trace.js';

export type { TensorFunction } from './trace.js';

/** A compiled function; `dispose` gives its sessions and weights back. */
export type Compiled<F extends TensorFunction> = F & {
  /** Gives the native sessions back. */
  dispose(): void;
};

/** A function at inputs of given shapes, and the session that runs it. */
interface CompiledGraph {
  readonly traced: TracedFunction;
  readonly session: NativeSession;
}

/** Inputs that differ in their first dimension alone. */
interface Family {
  readonly first: ModelOfBatch;
  readonly firstGraph: LoweredGraph;
  /** Made when a second batch size comes. */
  symbolic?: { readonly model: OnnxModel; readonly session: NativeSession };
}

/** The first dimension that all inputs share. */
function batchOf(inputs: readonly tf.Tensor[]): number | undefined {
  const [batch, ...others] = new Set(inputs.map(({ shape }) => shape[0]));
  return others.length === 0 ? batch : undefined;
}

/** Tells inputs by type and shape, or by their shapes without the first dimension. */
const keyOf = (inputs: readonly tf.Tensor[], from: 0 | 1): string =>
  inputs.map(({ dtype, shape }) => `${dtype}[${shape.slice(from).join(',')}]`).join(';');

/** Whether two models that were made for any batch size are one: constants of equal names are equal in them. */
const sameGraph = (a: OnnxModel, b: OnnxModel): boolean =>
  isDeepStrictEqual([a.nodes, a.inputs, a.outputs], [b.nodes, b.inputs, b.outputs]);

/** The graphs of one compiled function. */
class CompiledFunction {
  readonly #graphs = new Map<string, CompiledGraph>();
  readonly #families = new Map<string, Family>();
  /** The data of the captured variables, as the graphs have it. */
  readonly #captured = new Map<tf.Variable, object>();

  constructor(
    readonly backend: OnnxRuntimeBackend,
    readonly fn: TensorFunction,
  ) {}

  /** The graph that runs `inputs`, compiled if there is none, or if a variable that it captured was assigned since. */
  graphFor(inputs: readonly tf.Tensor[]): CompiledGraph {
    if (this.#isOutdated()) this.dispose();
    const key = keyOf(inputs, 0);
    let graph = this.#graphs.get(key);
    if (graph === undefined) this.#graphs.set(key, (graph = this.#compile(inputs)));
    return graph;
  }

  #isOutdated(): boolean {
    for (const [variable, dataId] of this.#captured) if (variable.dataId !== dataId) return true;
    return false;
  }

  #compile(inputs: readonly tf.Tensor[]): CompiledGraph {
    const traced = traceFunction(this.backend, this.fn, inputs.map(specOf));
    for (const variable of traced.variables) this.#captured.set(variable, variable.dataId);
    const batch = batchOf(inputs);
    const name = keyOf(inputs, 1);
    const family = this.#families.get(name);
    const shared = family === undefined || batch === undefined ? undefined : this.#share(family, traced, batch);
    if (shared !== undefined) return { traced, session: shared };
    const graph = lower(traced.cut, traced.lowering);
    const session = this.#session(graph, graph.model);
    if (family === undefined && batch !== undefined) {
      const first = { model: lowerToModel(traced.cut, traced.lowering), batch };
      this.#families.set(name, { first, firstGraph: graph });
    }
    return { traced, session };
  }

  /** The session for any batch size, where `traced` is what it computes. */
  #share(family: Family, traced: TracedFunction, batch: number): NativeSession | undefined {
    const model = withSymbolicBatch(family.first, { model: lowerToModel(traced.cut, traced.lowering), batch });
    if (model === undefined) return undefined;
    family.symbolic ??= { model, session: this.#session(family.firstGraph, encodeModel(model)) };
    return sameGraph(model, family.symbolic.model) ? family.symbolic.session : undefined;
  }

  #session(graph: LoweredGraph, model: Uint8Array): NativeSession {
    return createSession(model, settingsFor(graph, this.backend.sessions.options));
  }

  dispose(): void {
    for (const session of new Set([...this.#graphs.values()].map((graph) => graph.session))) session.dispose();
    this.#graphs.clear();
    this.#families.clear();
    this.#captured.clear();
  }
}

function runCompiled(
  backend: OnnxRuntimeBackend,
  { traced, session }: CompiledGraph,
  inputs: readonly tf.Tensor[],
): tf.Tensor | tf.Tensor[] {
  const feeds: Record<string, NativeTensor> = {};
  traced.inputOfSource.forEach((input, source) => {
    if (input === undefined) return;
    const tensor = inputs[input] as tf.Tensor;
    const record = backend.recordOf(tensor.dataId);
    if (record.state.kind === 'pending') backend.flush();
    feeds[inputName(source)] = feedOf(record, specOf(tensor));
  });
  const results = backend.runSession(session, feeds, traced.outputs);
  verifyResults(traced.cut, results);
  const outputs = traced.outputs.map(({ dtype, shape }, index) => {
    const tensor = results[outputName(index)] as NativeTensor;
    const dataId = backend.store(new DataRecord({ kind: 'result', tensor })) as tf.DataId;
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: dtype as tf.DataType });
  });
  return traced.single ? (outputs[0] as tf.Tensor) : outputs;
}

/** Throws UserError unless `backend` is the current one: TensorFlow.js cannot move its tensors to another. */
function requireCurrent(backend: OnnxRuntimeBackend): void {
  if (tf.backend() === backend) return;
  throw new UserError(
    `the backend is ${tf.getBackend()} now, but what is called was compiled for ${BACKEND_NAME} ` +
      `(go back to it with tf.setBackend('${BACKEND_NAME}'), or set the other one before loading or compiling)`,
  );
}

/**
 * Compiles `fn` for the current backend. It is traced at the first call with inputs of a shape, and must not look at
 * values. A variable that it reads counts with its value at the time of each call: after an assignment the next call
 * compiles anew, which takes far longer than a call (a training step is better left uncompiled). Other tensors, numbers
 * and branches that it takes from outside stay as they were when it was traced. Of a model of `tf.layers` give `apply`:
 * `predict` cuts its input into pieces of 32.
 *
 * @throws UserError at a call, where `fn` assigns a variable, which keeps its value, and where another backend is the
 * current one by then
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
  const compiled = new CompiledFunction(backend, fn);
  const call = (...inputs: tf.Tensor[]): tf.Tensor | tf.Tensor[] => {
    requireCurrent(backend);
    return runCompiled(backend, compiled.graphFor(inputs), inputs);
  };
  return Object.assign(call, { dispose: () => compiled.dispose() }) as unknown as Compiled<F>;
}
