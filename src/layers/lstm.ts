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
import { type Cell, type CellConfig, gatesOf, projectInputs } from './cell.js';
import { parameter, type Parameters } from './parameters.js';
import type { RecurrenceStep, Recurrence } from './recurrence.js';

export function createLstmCell(config: CellConfig, parameters: Parameters): Cell {
  const gates = gatesOf(parameters);
  return {
    config,
    project: (inputs) => projectInputs(parameters, inputs),
    step: (state, projected, ...stepInputs) => {
      const [hidden, cell] = state as [tf.Tensor, tf.Tensor];
      return advance(gates(hidden, projected, stepInputs), cell).state;
    },
    recurrence: { equations: LSTM, kernel: parameter(parameters, 'recurrentKernel') },
  };
}

/** From the gates' pre-activations [batch, 4·hidden] and c_{t-1} [batch, hidden] to h_t and c_t. */
function advance(gates: tf.Tensor, cell: tf.Tensor): RecurrenceStep {
  const [zi, zf, zg, zo] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const [i, f, g, o] = [tf.sigmoid(zi), tf.sigmoid(zf), tf.tanh(zg), tf.sigmoid(zo)];
  const kept = tf.mul(f, cell);
  const entered = tf.mul(i, g);
  const next = tf.add(kept, entered);
  const squashed = tf.tanh(next);
  const hidden = tf.mul(o, squashed);
  return { state: [hidden, next], saved: [i, f, g, o, kept, entered, squashed, hidden] };
}

/**
 * With dh and dc for the gradients of h_t and c_t, the latter with what comes through h_t, dh ⊙ o ⊙ (1 - tanh² c_t):
 * di = dc ⊙ g, df = dc ⊙ c_{t-1}, dg = dc ⊙ i, do = dh ⊙ tanh c_t, times the derivatives of σ, s (1 - s), and of tanh.
 * Products of the forward pass stand for three factors each.
 */
const LSTM: Recurrence = {
  advance: (projected, recurrent, [, cell]) => advance(tf.add(projected, recurrent), cell as tf.Tensor),
  retreat: ([dh, later], saved) => {
    const [i, f, g, o, kept, entered, squashed, hidden] = saved as [
      ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
      ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
    ];
    const onHidden = tf.mul(dh, hidden);
    const through = tf.sub(tf.mul(dh, o), tf.mul(onHidden, squashed));
    const dc = later === undefined ? through : tf.add(later, through);
    const onEntered = tf.mul(dc, entered);
    const onKept = tf.mul(dc, kept);
    const gates = tf.concat(
      [
        tf.sub(onEntered, tf.mul(onEntered, i)),
        tf.sub(onKept, tf.mul(onKept, f)),
        tf.sub(tf.mul(dc, i), tf.mul(onEntered, g)),
        tf.sub(onHidden, tf.mul(onHidden, o)),
      ],
      1,
    ); // [batch, 4·hidden]
    return { projected: gates, recurrent: gates, state: [undefined, tf.mul(dc, f)] };
  },
};
