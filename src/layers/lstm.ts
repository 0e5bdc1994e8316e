/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000):
 *
 *     i = σ(W_i x_t + U_i h_{t-1} + b_i)        input gate
 *     f = σ(W_f x_t + U_f h_{t-1} + b_f)        forget gate; b_f starts at 1 (Jozefowicz et al. 2015)
 *     g = tanh(W_g x_t + U_g h_{t-1} + b_g)     candidate
 *     o = σ(W_o x_t + U_o h_{t-1} + b_o)        output gate
 *     c_t = f ⊙ c_{t-1} + i ⊙ g                 cell
 *     h_t = o ⊙ tanh(c_t)                       hidden state and output
 *
 * `kernel` [input, 4·hidden], `recurrentKernel` [hidden, 4·hidden] and `bias` [4·hidden] hold the gates beside each other
 * in the order i, f, g, o. That is Keras's order and layout; PyTorch's `weight_ih_l0` and `weight_hh_l0` are the
 * transposes, and its two biases sum to ours.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Cell, type CellConfig, type CellState, gatesOf, projectInputs } from './cell.js';
import type { Parameters } from './parameters.js';

export function createLstmCell(config: CellConfig, parameters: Parameters): Cell {
  const gates = gatesOf(parameters);
  return {
    config,
    project: (inputs) => projectInputs(parameters, inputs),
    step: (state, projected, ...stepInputs) => {
      const [hidden, cell] = state as [tf.Tensor, tf.Tensor];
      return advance(gates(hidden, projected, stepInputs), cell);
    },
  };
}

/** From the gates' pre-activations [batch, 4·hidden] and c_{t-1} [batch, hidden] to [h_t, c_t]. */
function advance(gates: tf.Tensor, cell: tf.Tensor): CellState {
  const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
}
