/**
 * `looksay/backend`: a TensorFlow.js backend that records kernel calls and runs them as ONNX graphs on ONNX Runtime.
 * Importing it registers the backend `onnxruntime` and makes it TensorFlow.js's default.
 *
 * @example
 * import * as tf from '@tensorflow/tfjs-core';
 * import 'looksay/backend';
 * await tf.ready();
 * tf.add(tf.tensor1d([1, 2]), 1).print(); // [2, 3]
 */
import * as tf from '@tensorflow/tfjs-core';
import { type BackendStatistics, OnnxRuntimeBackend } from './backend.js';
import { print } from './graph/print.js';
import { BACKEND_NAME, registerKernels } from './kernels.js';
import type { Device } from './runtime/native.js';

export { compile, type Compiled, type TensorFunction } from './compile.js';
export { type ExportedInput, exportOnnx, type ExportOptions } from './export.js';
export { DEVICES, type Device } from './runtime/native.js';
export type { BackendStatistics } from './backend.js';
export { BACKEND_NAME } from './kernels.js';

/** Above TensorFlow.js's own backends for Node (`wasm` 2, `cpu` 1), so that it becomes the default. */
const PRIORITY = 10;

registerKernels();
tf.registerBackend(BACKEND_NAME, () => new OnnxRuntimeBackend(), PRIORITY);

function instance(): OnnxRuntimeBackend {
  const backend = tf.engine().findBackend(BACKEND_NAME);
  if (!(backend instanceof OnnxRuntimeBackend)) throw new Error(`backend ${BACKEND_NAME} is not ready`);
  return backend;
}

/** Where and how sessions run. */
export interface BackendOptions {
  /** Threads of one run, from 1; the default is the number of cores available to the process. */
  readonly threads?: number;
  /** The execution provider of ONNX Runtime; the default is `cpu`. */
  readonly device?: Device;
}

/** Sets threads and device for all sessions made from now on; sessions made before are given back. */
export function configureBackend(options: BackendOptions): void {
  instance().configure(options);
}

/** Counts since the start: flushes, sessions, cache hits and fallbacks. */
export function backendStatistics(): BackendStatistics {
  return instance().statistics();
}

/** The graph that is recorded and not yet run, as text. */
export function printPending(): string {
  return print(instance().pendingCut());
}
