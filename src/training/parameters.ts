/** Moves weights between the host (arrays, as files hold them) and TensorFlow.js variables (as training changes them). */
import * as tf from '@tensorflow/tfjs-core';
import { assert, defined } from '../shared/assert.js';
import type { HostTensor } from './safetensors.js';

/** Trainable weights by name. */
export type TrainableParameters = Readonly<Record<string, tf.Variable>>;

/** Weights on the host by name. */
export type HostTensors = Readonly<Record<string, HostTensor>>;

/** Variables with the given weights; `disposeVariables` frees them. */
export function createVariables(weights: HostTensors): Record<string, tf.Variable> {
  return tf.tidy(() =>
    mapValues(weights, ({ shape, values }) => tf.variable(tf.tensor(values, [...shape], 'float32'))),
  );
}

/** Tensors with the given weights; the caller disposes them. */
export function toTensors(weights: HostTensors): Record<string, tf.Tensor> {
  return mapValues(weights, ({ shape, values }) => tf.tensor(values, [...shape], 'float32'));
}

/** Frees the variables. */
export function disposeVariables(variables: TrainableParameters): void {
  tf.dispose(Object.values(variables));
}

/** Reads `tensors` to the host, exactly; the arrays are copies that later updates do not change. */
export async function readTensors(tensors: Readonly<Record<string, tf.Tensor>>): Promise<Record<string, HostTensor>> {
  const read: Record<string, HostTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    read[name] = { shape: tensor.shape, values: ((await tensor.data()) as Float32Array).slice() };
  }
  return read;
}

/** Gives every variable its weight from `weights`, which must hold each of them in the same shape. */
export function assignWeights(variables: TrainableParameters, weights: HostTensors): void {
  for (const [name, variable] of Object.entries(variables)) {
    const { shape, values } = defined(weights[name], `weights of "${name}"`);
    const same = shape.length === variable.rank && shape.every((size, axis) => size === variable.shape[axis]);
    assert(same, () => `"${name}": expected [${variable.shape.join(', ')}], got [${shape.join(', ')}]`);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, 'float32')));
  }
}

/** The same keys with `change` applied to the values. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
