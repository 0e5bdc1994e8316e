/**
 * The gated recurrent unit (Cho et al. 2014):
 *
 *     z = σ(W_z x_t + U_z h_{t-1} + b_z)                    update gate
 *     r = σ(W_r x_t + U_r h_{t-1} + b_r)                    reset gate
 *     n = tanh(W_n x_t + b_n + r ⊙ (U_n h_{t-1} + b_u))     candidate, resetAfter true (cuDNN, PyTorch, Keras 2+)
 *     n = tanh(W_n x_t + b_n + U_n (r ⊙ h_{t-1}))           candidate, resetAfter false (the paper, Keras 1)
 *     h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}
 *
 * `kernel` [input, 3·hidden], `recurrentKernel` [hidden, 3·hidden] and `bias` [3·hidden] hold z, r, n beside each other;
 * `recurrentBias` [hidden] is b_u, only with resetAfter.
 *
 * Keras's `GRU` has the same order and layout of kernels; with `reset_after=True` its bias is [2, 3·hidden], and ours is
 * `bias` = (bias[0] + bias[1]) for z and r and bias[0] for n, `recurrentBias` = bias[1] for n. With
 * `reset_after=False` the bias is the same array.
 * PyTorch's `GRU` (always resetAfter) has the order r, z, n in rows: `kernel` = weight_ih_l0ᵀ and `recurrentKernel` =
 * weight_hh_l0ᵀ with the first two blocks exchanged, `bias` = b_ih + b_hh for z and r and b_ih for n, `recurrentBias` =
 * b_hh for n.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type BoundRecurrence, type Cell, type CellConfig, projectInputs } from './cell.js';
import { parameter, type Parameters } from './parameters.js';
import type { RecurrenceStep, Recurrence } from './recurrence.js';

export function createGruCell(config: CellConfig, parameters: Parameters): Cell {
  const step = config.resetAfter === false ? resetBeforeStep(config, parameters) : resetAfterStep(config, parameters);
  return {
    config,
    project: (inputs) => projectInputs(parameters, inputs),
    step: (state, projected, ...stepInputs) => {
      const [hidden] = state as [tf.Tensor];
      return [step(hidden, inputGates(parameters, projected, stepInputs))];
    },
    ...(config.resetAfter === false ? {} : { recurrence: resetAfterRecurrence(config, parameters) }),
  };
}

function resetAfterRecurrence({ hiddenSize }: CellConfig, parameters: Parameters): BoundRecurrence {
  return {
    equations: RESET_AFTER,
    kernel: parameter(parameters, 'recurrentKernel'),
    bias: recurrentBiases(hiddenSize, parameters),
  };
}

/** b_u with zeros for z and r: [3·hidden]. */
function recurrentBiases(hiddenSize: number, parameters: Parameters): tf.Tensor {
  return tf.concat([tf.zeros([2 * hiddenSize]), parameter(parameters, 'recurrentBias')], 0);
}

/** What all input together contributes to the gates: [batch or 1, 3·hidden]. */
function inputGates(
  parameters: Parameters,
  projected: tf.Tensor | undefined,
  stepInputs: readonly tf.Tensor[],
): tf.Tensor {
  const known = projected ?? parameter(parameters, 'bias');
  if (stepInputs.length === 0) return known;
  const row = tf.concat([...stepInputs], 1); // [batch, stepInput]
  return tf.add(tf.matMul(row, parameter(parameters, 'stepKernel')), known);
}

function resetAfterStep(
  { hiddenSize }: CellConfig,
  parameters: Parameters,
): (hidden: tf.Tensor, input: tf.Tensor) => tf.Tensor {
  const kernel = parameter(parameters, 'recurrentKernel');
  const bias = recurrentBiases(hiddenSize, parameters);
  return (hidden, input) => {
    const recurrent = tf.add(tf.matMul(hidden, kernel), bias); // [batch, 3·hidden]
    return advance(input, recurrent, hidden).state[0] as tf.Tensor;
  };
}

/** One step with resetAfter, from what input and hidden state contribute to the gates. */
function advance(input: tf.Tensor, recurrent: tf.Tensor, hidden: tf.Tensor): RecurrenceStep {
  const hiddenSize = hidden.shape[1] ?? 0;
  const [inputZr, inputN] = splitCandidate(input, hiddenSize);
  const [recurrentZr, recurrentN] = splitCandidate(recurrent, hiddenSize);
  const [z, r] = tf.split(tf.sigmoid(tf.add(inputZr, recurrentZr)), 2, 1) as [tf.Tensor, tf.Tensor];
  const reset = tf.mul(r, recurrentN);
  const candidate = tf.tanh(tf.add(inputN, reset));
  const difference = tf.sub(hidden, candidate);
  return {
    state: [tf.add(candidate, tf.mul(z, difference))],
    saved: [z, r, reset, candidate, difference],
  };
}

const RESET_AFTER: Recurrence = {
  advance: (projected, recurrent, [hidden]) => advance(projected, recurrent, hidden as tf.Tensor),
  retreat: ([dh], saved) => {
    const [z, r, reset, candidate, difference] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const kept = tf.mul(dh, z);
    const onUpdate = tf.mul(kept, difference);
    const update = tf.sub(onUpdate, tf.mul(onUpdate, z));
    const onCandidate = tf.sub(dh, kept);
    const n = tf.sub(onCandidate, tf.mul(tf.mul(onCandidate, candidate), candidate));
    const onReset = tf.mul(n, reset);
    const gateR = tf.sub(onReset, tf.mul(onReset, r));
    return {
      projected: tf.concat([update, gateR, n], 1),
      recurrent: tf.concat([update, gateR, tf.mul(n, r)], 1),
      state: [kept],
    };
  },
};

function resetBeforeStep(
  { hiddenSize }: CellConfig,
  parameters: Parameters,
): (hidden: tf.Tensor, input: tf.Tensor) => tf.Tensor {
  const [kernelZr, kernelN] = splitCandidate(parameter(parameters, 'recurrentKernel'), hiddenSize);
  return (hidden, input) => {
    const [inputZr, inputN] = splitCandidate(input, hiddenSize);
    const [z, r] = tf.split(tf.sigmoid(tf.add(tf.matMul(hidden, kernelZr), inputZr)), 2, 1) as [tf.Tensor, tf.Tensor];
    const candidate = tf.tanh(tf.add(tf.matMul(tf.mul(r, hidden), kernelN), inputN));
    return interpolate(candidate, hidden, z);
  };
}

/** [rows, 3·hidden] or [3·hidden] as the parts of z and r together, and of n. */
function splitCandidate(x: tf.Tensor, hiddenSize: number): [tf.Tensor, tf.Tensor] {
  return tf.split(x, [2 * hiddenSize, hiddenSize], -1) as [tf.Tensor, tf.Tensor];
}

/** (1 - z) ⊙ candidate + z ⊙ hidden. */
function interpolate(candidate: tf.Tensor, hidden: tf.Tensor, z: tf.Tensor): tf.Tensor {
  return tf.add(candidate, tf.mul(z, tf.sub(hidden, candidate)));
}
