/** Shapes and element types of values: what everything in the backend speaks of. */

/** Element types that occur in a recorded graph. `int64` is for shapes and indices made on the host, never a result. */
export type ElementType = 'float32' | 'int32' | 'bool' | 'int64';

export type HostValues = Float32Array | Int32Array | Uint8Array | BigInt64Array;

/** Shape and element type of a value. */
export interface TensorSpec {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}
