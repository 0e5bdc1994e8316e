/**
 * Named weights, and how they start: uniform in ±1/√fan (LeCun et al. 1998), orthogonal (Saxe et al. 2014), constant.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { assert, defined } from '../shared/assert.js';
import type { HostTensor } from '../shared/host-tensor.js';
import type { Random } from '../shared/random.js';

export type { HostTensor } from '../shared/host-tensor.js';

/** Weights by name, for example `decoder/cell0/kernel`. */
export type Parameters = Readonly<Record<string, tf.Tensor>>;

/** Shapes by parameter name. */
export type ParameterShapes = Readonly<Record<string, readonly number[]>>;

/** The parameter `name`; its absence is a defect, since files are checked when they are read. */
export function parameter(parameters: Parameters, name: string): tf.Tensor {
  return defined(parameters[name], `parameter "${name}"`);
}

/** The entries whose names start with `prefix/`, under the rest of their names. */
export function scoped<T>(record: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  const start = `${prefix}/`;
  const entries = Object.entries(record).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(start.length), value]));
}

/** The same entries with `prefix/` put before their names: the inverse of `scoped`. */
export function withScope<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}/${name}`, value]));
}

/** How many numbers all shapes hold together. */
export function countParameters(shapes: ParameterShapes): number {
  return Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Every value `value`. */
export function constantTensor(shape: readonly number[], value: number): HostTensor {
  return { shape, values: new Float32Array(sizeOf(shape)).fill(value) };
}

/**
 * A copy of `tensor` [rows, …] in which row i is row `rowOf(i)` of `source` [sourceRows, …]; rows for which that is undefined
 * stay as they are.
 *
 * @example
 * const pair = (a: number, b: number) => ({ shape: [2], values: Float32Array.of(a, b) });
 * withRowsOf(pair(0, 1), pair(5, 6), (row) => (row === 1 ? 0 : undefined)).values; // 0 5
 */
export function withRowsOf(
  tensor: HostTensor,
  source: HostTensor,
  rowOf: (row: number) => number | undefined,
): HostTensor {
  const { shape } = tensor;
  const [rows = 0, ...rest] = shape;
  const length = sizeOf(rest);
  assert(length === sizeOf(source.shape.slice(1)), () => `rows of [${rest}] for rows of [${source.shape.slice(1)}]`);
  const values = tensor.values.slice();
  for (let row = 0; row < rows; row++) {
    const from = rowOf(row);
    if (from !== undefined) values.set(source.values.subarray(from * length, (from + 1) * length), row * length);
  }
  return { shape, values };
}

/** Uniform in (-limit, limit). */
export function uniformTensor(shape: readonly number[], limit: number, random: Random): HostTensor {
  const values = Float32Array.from({ length: sizeOf(shape) }, () => (2 * random.uniform() - 1) * limit);
  return { shape, values };
}

/**
 * [size, blocks·size]: beside each other, `blocks` square matrices with orthonormal rows (modified Gram-Schmidt on
 * normal numbers). Takes time in the cube of `size`.
 */
export function orthogonalBlocks(size: number, blocks: number, random: Random): HostTensor {
  const values = new Float32Array(size * blocks * size);
  for (let block = 0; block < blocks; block++) {
    orthonormalRows(size, random).forEach((row, index) => values.set(row, (index * blocks + block) * size));
  }
  return { shape: [size, blocks * size], values };
}

function orthonormalRows(size: number, random: Random): Float64Array[] {
  const rows: Float64Array[] = [];
  while (rows.length < size) {
    const row = Float64Array.from({ length: size }, () => random.normal());
    for (const other of rows) addScaled(row, other, -dot(row, other));
    const norm = Math.sqrt(dot(row, row));
    // Dependent on the others by bad luck: draw again.
    if (norm < 1e-6) continue;
    rows.push(row.map((value) => value / norm));
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(target: Float64Array, other: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + factor * (other[i] as number);
}
