/** Tensors outside of TensorFlow.js: weights as they are drawn, read from files and written to them. */

/** A tensor on the host: `values` in row-major order, as many as the product of `shape`. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
