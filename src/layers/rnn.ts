/**
 * The simple recurrent cell (Elman 1990), with the notation of Karpathy and Fei-Fei 2015:
 *
 *     h_t = tanh(W_hh h_{t-1} + W_xh x_t + b)
 *
 * `kernel` is W_xh transposed, [input, hidden]; `recurrentKernel` W_hh transposed, [hidden, hidden]; `bias` b, [hidden],
 * which may be absent. Keras's `SimpleRNN` has the same arrays; PyTorch's `RNN` has `weight_ih_l0` = kernelᵀ,
 * `weight_hh_l0` = recurrentKernelᵀ, and two biases whose sum is ours.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Cell, type CellConfig, gatesOf, projectInputs } from './cell.js';
import { parameter, type Parameters } from './parameters.js';
import type { Recurrence } from './recurrence.js';

export function createRnnCell(config: CellConfig, parameters: Parameters): Cell {
  const gates = gatesOf(parameters);
  return {
    config,
    project: (inputs) => projectInputs(parameters, inputs),
    step: ([hidden], projected, ...stepInputs) => [tf.tanh(gates(hidden as tf.Tensor, projected, stepInputs))],
    recurrence: { equations: RNN, kernel: parameter(parameters, 'recurrentKernel') },
  };
}

const RNN: Recurrence = {
  advance: (projected, recurrent) => {
    const hidden = tf.tanh(tf.add(projected, recurrent));
    return { state: [hidden], saved: [hidden] };
  },
  retreat: ([dh], [hidden]) => {
    const h = hidden as tf.Tensor;
    const gate = tf.sub(dh, tf.mul(tf.mul(dh, h), h));
    return { projected: gate, recurrent: gate, state: [undefined] };
  },
};
