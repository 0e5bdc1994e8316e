/** Comparing tensors and gradients in tests. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Expects the values of `tensor` within `tolerance` of `expected`, relative to 1 or to the value if that is larger. */
export function expectClose(tensor: tf.Tensor, expected: tf.Tensor | ArrayLike<number>, tolerance = 1e-5): void {
  const values = tensor.dataSync();
  const others = expected instanceof tf.Tensor ? expected.dataSync() : expected;
  expect(values.length).toBe(others.length);
  const wrong = Array.from(values, (value, index) => {
    const other = others[index] ?? NaN;
    return Math.abs(value - other) <= tolerance * Math.max(1, Math.abs(other)) ? '' : `[${index}] ${value} ≠ ${other}`;
  });
  expect(wrong.filter((text) => text !== '')).toEqual([]);
}

const DIFFERENCE = 1e-2;

/**
 * Expects the gradient of the scalar function `f` of named tensors to equal central differences (error of order h²; the
 * loss is in single precision, hence the generous h and tolerance).
 */
export function expectGradients(
  f: (parameters: Record<string, tf.Tensor>) => tf.Tensor,
  parameters: Readonly<Record<string, tf.Tensor>>,
  tolerance = 5e-3,
): void {
  const names = Object.keys(parameters);
  const compute = (...tensors: tf.Tensor[]): tf.Scalar =>
    f(Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor]))) as tf.Scalar;
  const gradients = tf.grads(compute)(Object.values(parameters));
  names.forEach((name, which) => {
    const original = parameters[name] as tf.Tensor;
    const values = original.dataSync() as Float32Array;
    const at = (index: number, change: number): number =>
      tf.tidy(() => {
        const changed = values.slice();
        changed[index] = (changed[index] as number) + change;
        const tensors = names.map((other) => parameters[other] as tf.Tensor);
        tensors[which] = tf.tensor(changed, original.shape);
        return compute(...tensors).dataSync()[0] as number;
      });
    const differences = Array.from(values, (_, index) => {
      // Fourth-order central difference: the rounding of a large step is small, and so is its truncation.
      const near = at(index, DIFFERENCE) - at(index, -DIFFERENCE);
      const far = at(index, 2 * DIFFERENCE) - at(index, -2 * DIFFERENCE);
      return (8 * near - far) / (12 * DIFFERENCE);
    });
    try {
      expectClose(gradients[which] as tf.Tensor, differences, tolerance);
    } catch (error) {
      throw new Error(`gradient of ${name}: ${(error as Error).message}`);
    }
  });
}

/** Pseudo-random numbers of a normal distribution. */
export function normal(shape: number[], seed: number, deviation = 0.5): tf.Tensor {
  return tf.randomNormal(shape, 0, deviation, 'float32', seed);
}

/** Tensors of host tensors. */
export function toTensors(
  record: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>>,
): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(record).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
}
