/** Registers a kernel for every operator of TensorFlow.js: ours where there is a record, the `cpu` fallback elsewhere. */
import * as tf from '@tensorflow/tfjs-core';
import type { OnnxRuntimeBackend } from './backend.js';
import { runFallback } from './fallback.js';
import type { ElementType, HostValues, KernelCall, Op, TensorOperand } from './graph/types.js';
import { ops } from './ops/index.js';

/** What `tf.setBackend` knows the backend by. */
export const BACKEND_NAME = 'onnxruntime';

type KernelArguments = Parameters<tf.KernelFunc>[0];

const GRAPH_TYPES: ReadonlySet<string> = new Set(['float32', 'int32', 'bool']);

/** The values of a tensor where they are at hand. */
function valuesAtHand(backend: OnnxRuntimeBackend, { dataId }: TensorOperand): HostValues | undefined {
  const { state } = backend.recordOf(dataId);
  if (state.kind === 'host') return state.values;
  return state.kind === 'result' ? state.tensor.data : undefined;
}

/** The call with its inputs as operands, or undefined when one has a type that graphs do not know. */
function callOf({ inputs, attrs, backend }: KernelArguments): KernelCall | undefined {
  const named: Record<string, TensorOperand> = {};
  const list: TensorOperand[] = [];
  for (const [name, input] of Object.entries(inputs) as [string, tf.TensorInfo | tf.TensorInfo[] | null][]) {
    if (input === null || input === undefined) continue;
    for (const tensor of Array.isArray(input) ? input : [input]) {
      if (!GRAPH_TYPES.has(tensor.dtype)) return undefined;
      const operand = { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype as ElementType };
      list.push(operand);
      if (!Array.isArray(input)) named[name] = operand;
    }
  }
  const valuesOf = (input: TensorOperand): HostValues | undefined => valuesAtHand(backend as OnnxRuntimeBackend, input);
  return { inputs: named, list, attrs: attrs ?? {}, valuesOf };
}

/** The kernel function that records `op`. */
function kernelOf(op: Op): tf.KernelFunc {
  return (call) => {
    const backend = call.backend as OnnxRuntimeBackend;
    const known = callOf(call);
    const plan = known === undefined ? 'fallback' : op.plan(known);
    if (plan === 'fallback') return runFallback(op.kernel, call);
    if ('alias' in plan) return backend.alias(plan.alias, plan.shape);
    if ('known' in plan) return plan.known.map((values) => backend.known(values));
    return backend.record(op, plan);
  };
}

/** The names of all kernels that TensorFlow.js's operators call. */
function kernelNames(): string[] {
  return Object.entries(tf)
    .filter(([name, value]) => name === value || (typeof value === 'string' && name === value.replace('_', '')))
    .map(([, value]) => value as string);
}

/** The names of kernels that strings, complex numbers and aliases share with every type. */
const ALIASING: ReadonlySet<string> = new Set([tf.Identity, tf.Reshape]);

function aliasAnyType(op: Op): tf.KernelFunc {
  const typed = kernelOf(op);
  return (call) => {
    const x = call.inputs.x as tf.TensorInfo;
    if (x.dtype !== 'complex64' && x.dtype !== 'string') return typed(call);
    if (op.kernel === tf.Reshape && x.dtype === 'complex64') return runFallback(op.kernel, call);
    const shape =
      op.kernel === tf.Reshape
        ? tf.util.inferFromImplicitShape((call.attrs as { shape: number[] }).shape, tf.util.sizeFromShape(x.shape))
        : x.shape;
    return (call.backend as OnnxRuntimeBackend).alias(x as unknown as TensorOperand, shape) as tf.TensorInfo;
  };
}

function withOutputsOf(kernelFunc: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const outputs = kernelFunc(call);
    return Array.isArray(outputs) && outputs.length === 1 ? (outputs[0] as tf.TensorInfo) : outputs;
  };
}

export function registerKernels(): void {
  const native = new Set<string>();
  for (const op of ops) {
    native.add(op.kernel);
    const kernelFunc = ALIASING.has(op.kernel) ? aliasAnyType(op) : kernelOf(op);
    tf.registerKernel({
      kernelName: op.kernel,
      backendName: BACKEND_NAME,
      kernelFunc: op.list === true ? kernelFunc : withOutputsOf(kernelFunc),
    });
  }
  for (const kernelName of kernelNames()) {
    // tfjs reads pixels itself where a backend has no kernel for it, and the cpu backend has none.
    if (native.has(kernelName) || kernelName === tf.FromPixels) continue;
    const kernelFunc: tf.KernelFunc = (call) => runFallback(kernelName, call);
    tf.registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc });
  }
}
