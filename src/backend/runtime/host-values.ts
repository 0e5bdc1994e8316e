/** Values on the host, in the types that graphs take. */
import type * as tf from '@tensorflow/tfjs-core';
import type { HostValues, TensorSpec } from '../graph/types.js';

/** The values of a tensor without any. */
export function emptyValues(spec: TensorSpec): HostValues {
  switch (spec.dtype) {
    case 'float32':
      return new Float32Array(0);
    case 'int32':
      return new Int32Array(0);
    case 'bool':
      return new Uint8Array(0);
    case 'int64':
      return new BigInt64Array(0);
  }
}

/** A copy of what TensorFlow.js gives, in the array type of `dtype`. Throws Error for strings and complex numbers. */
export function toHostValues(values: tf.backend_util.BackendValues, dtype: tf.DataType): HostValues {
  switch (dtype) {
    case 'float32':
      return new Float32Array(values as ArrayLike<number>);
    case 'int32':
      return new Int32Array(values as ArrayLike<number>);
    case 'bool':
      // Any byte but 0 is true to TensorFlow.js; the native kernels expect 1.
      return Uint8Array.from(values as ArrayLike<number>, (value) => (value === 0 ? 0 : 1));
    default:
      throw new Error(`a tensor of ${dtype} cannot enter a graph`);
  }
}
