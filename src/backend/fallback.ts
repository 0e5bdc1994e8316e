/**
 * Runs a kernel call on TensorFlow.js's own `cpu` kernel: for strings, complex numbers and rare operators. Inputs are
 * read (which flushes), outputs are copied back; every call is counted under its kernel's name.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { defined } from '../shared/assert.js';
import type { OnnxRuntimeBackend } from './backend.js';

/** The parts of TensorFlow.js's cpu backend that a fallback uses. */
interface CpuBackend extends tf.KernelBackend {
  readonly data: {
    get(dataId: object): { values: tf.backend_util.BackendValues; complexTensorInfos?: ComplexInfos };
  };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: tf.backend_util.BackendValues): tf.TensorInfo;
  firstUse: boolean;
}

interface ComplexInfos {
  readonly real: tf.TensorInfo;
  readonly imag: tf.TensorInfo;
}

let cpuBackend: CpuBackend | undefined;

function cpu(): CpuBackend {
  if (cpuBackend === undefined) {
    // Loaded at the first fallback only: most programs never need it.
    const require = createRequire(import.meta.url);
    const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu') as { MathBackendCPU: new () => CpuBackend };
    cpuBackend = new MathBackendCPU();
    // Its advice to install a faster backend does not apply here.
    cpuBackend.firstUse = false;
  }
  return cpuBackend;
}

function toCpu(backend: OnnxRuntimeBackend, target: CpuBackend, input: tf.TensorInfo): tf.TensorInfo {
  const stored = backend.storage.get(input.dataId);
  if ('foreign' in stored && stored.foreign.kind === 'complex') {
    const info = target.makeTensorInfo(input.shape, 'complex64');
    target.data.get(info.dataId).complexTensorInfos = {
      real: toCpu(backend, target, stored.foreign.real),
      imag: toCpu(backend, target, stored.foreign.imaginary),
    };
    return info;
  }
  const values = backend.readSync(input.dataId);
  // A copy: some cpu kernels write into their inputs' arrays or return them as they are.
  const copy = Array.isArray(values) ? [...values] : (values as Float32Array).slice();
  const info = target.makeTensorInfo(input.shape, input.dtype, copy as tf.backend_util.BackendValues);
  // Some cpu kernels check the rank as if they were given tensors.
  return Object.assign(info, { rank: input.shape.length });
}

function fromCpu(backend: OnnxRuntimeBackend, source: CpuBackend, output: tf.TensorInfo): tf.TensorInfo {
  const { values, complexTensorInfos } = source.data.get(output.dataId);
  const { shape, dtype } = output;
  if (complexTensorInfos !== undefined) {
    const part = (info: tf.TensorInfo): tf.TensorInfo => fromCpu(backend, source, info);
    const foreign = {
      kind: 'complex',
      real: part(complexTensorInfos.real),
      imaginary: part(complexTensorInfos.imag),
    } as const;
    return { dataId: backend.store({ references: 1, foreign }) as tf.DataId, shape, dtype };
  }
  return { dataId: backend.write(values, shape, dtype) as tf.DataId, shape, dtype };
}

type KernelArguments = Parameters<tf.KernelFunc>[0];

/** Computes one kernel call with TensorFlow.js's cpu kernel. Throws when there is no such kernel either. */
export function runFallback(kernel: string, call: KernelArguments): tf.TensorInfo | tf.TensorInfo[] {
  const backend = call.backend as OnnxRuntimeBackend;
  backend.fallbackCounts.set(kernel, (backend.fallbackCounts.get(kernel) ?? 0) + 1);
  const target = cpu();
  const config = defined(tf.getKernel(kernel, 'cpu'), `a kernel for ${kernel}`);
  const copies: tf.TensorInfo[] = [];
  const copyIn = (input: tf.TensorInfo): tf.TensorInfo => {
    const copy = toCpu(backend, target, input);
    copies.push(copy);
    return copy;
  };
  try {
    const inputs = readInputs(kernel, call, copyIn);
    const outputs = config.kernelFunc({ ...call, inputs, backend: target });
    const copyOut = (output: tf.TensorInfo): tf.TensorInfo => fromCpu(backend, target, output);
    const results = Array.isArray(outputs) ? outputs.map(copyOut) : copyOut(outputs);
    for (const output of Array.isArray(outputs) ? outputs : [outputs]) release(target, output);
    return results;
  } finally {
    for (const copy of copies) target.disposeData(copy.dataId, true);
  }
}

/** The inputs' copies. Throws where a function is traced and one has no values yet: it cannot be compiled or exported. */
function readInputs(
  kernel: string,
  { inputs, backend }: KernelArguments,
  copyIn: (input: tf.TensorInfo) => tf.TensorInfo,
): tf.NamedTensorInfoMap {
  try {
    return copyInputs(inputs, copyIn);
  } catch (cause) {
    if (!(backend as OnnxRuntimeBackend).isTracing) throw cause;
    throw new Error(`${kernel} has no lowering to ONNX for these inputs, so it cannot be compiled or exported`, {
      cause,
    });
  }
}

/** Kernels take inputs by name, or a list of them, or lists by name. */
function copyInputs(
  inputs: tf.NamedTensorInfoMap,
  copyIn: (input: tf.TensorInfo) => tf.TensorInfo,
): tf.NamedTensorInfoMap {
  if (Array.isArray(inputs)) return inputs.map(copyIn) as unknown as tf.NamedTensorInfoMap;
  const copies: Record<string, tf.TensorInfo | tf.TensorInfo[]> = {};
  for (const [name, input] of Object.entries(inputs) as [string, tf.TensorInfo | tf.TensorInfo[] | null][]) {
    if (input !== null && input !== undefined) copies[name] = Array.isArray(input) ? input.map(copyIn) : copyIn(input);
  }
  return copies as tf.NamedTensorInfoMap;
}

/** Some cpu kernels make tensors that the engine tracks; those are disposed through it. */
function release(target: CpuBackend, output: tf.TensorInfo): void {
  if (output instanceof tf.Tensor) output.dispose();
  else target.disposeData(output.dataId, true);
}
