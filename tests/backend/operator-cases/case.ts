/** What a case of the operator table is, and values to make cases from. */
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../../src/shared/random.js';

export type Inputs = readonly tf.Tensor[];
export type Call = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

export interface Case {
  /** Kernels that the call exercises. */
  readonly kernels: readonly string[];
  readonly name: string;
  readonly inputs: () => Inputs;
  readonly call: Call;
  /** Differentiable in its float inputs. */
  readonly gradient: boolean;
  readonly tolerance: number;
}

export const floats = (seed: number, shape: number[], low = -2, high = 2): tf.Tensor => {
  const random = new Random(seed);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => low + (high - low) * random.uniform()),
    shape,
  );
};
export const integers = (seed: number, shape: number[], low = -5, high = 6): tf.Tensor =>
  tf.cast(floats(seed, shape, low, high), 'int32');
export const booleans = (seed: number, shape: number[]): tf.Tensor => tf.greater(floats(seed, shape), 0);

type Add = (
  kernels: string | readonly string[],
  call: Call,
  inputs: () => Inputs,
  options?: Partial<Omit<Case, 'kernels' | 'name' | 'inputs' | 'call'>>,
) => void;

/** A list of cases, and what adds one to it. */
export function createCases(): { readonly cases: Case[]; readonly add: Add } {
  const cases: Case[] = [];
  const add: Add = (kernels, call, inputs, options = {}) => {
    const names = typeof kernels === 'string' ? [kernels] : kernels;
    const name = `${names.join(' ')} ${cases.length}`;
    cases.push({ kernels: names, name, inputs, call, gradient: true, tolerance: 1e-4, ...options });
  };
  return { cases, add };
}
