/** What the recurrent cells have in common: types, and the product of a step's input and state with their kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { dense } from './dense.js';
import { parameter, type Parameters } from './parameters.js';
import type { CellState, Recurrence } from './recurrence.js';

export type { CellState } from './recurrence.js';

/** The simple recurrent cell (Elman 1990), LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014). */
export type CellKind = 'rnn' | 'lstm' | 'gru';

/** The sizes of a cell, and which variant of its kind it is. */
export interface CellConfig {
  readonly kind: CellKind;
  /** Length of the input that is known for all time steps at once; 0 for none. */
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Length of more input that is known only when its step comes, such as an attended context. Default 0. */
  readonly stepInputSize?: number;
  /** `gru` only: whether the reset gate acts after the matrix product (as cuDNN does) or before. Default true. */
  readonly resetAfter?: boolean;
  /** `rnn` only: whether there is a bias; `lstm` and `gru` always have one. Default true. */
  readonly bias?: boolean;
}

/** A cell with its weights. */
export interface Cell {
  readonly config: CellConfig;
  /**
   * What the input contributes to the gates, with the biases: `inputs` [rows, inputSize] to [rows, gates·hiddenSize].
   * It depends on no state, so one product serves the rows of all time steps.
   */
  project(inputs: tf.Tensor): tf.Tensor;
  /**
   * One time step. `projected` [batch, gates·hiddenSize] comes from `project` (undefined when inputSize is 0);
   * `stepInputs`, each [batch, …], are the parts of the input of stepInputSize that only this step knows.
   */
  step(state: CellState, projected: tf.Tensor | undefined, ...stepInputs: readonly tf.Tensor[]): CellState;
  /** The same for many steps at once, where the cell has that: what `unroll` runs. */
  readonly recurrence?: BoundRecurrence;
}

/** The equations of a cell with its recurrent weights: [hidden, gates·hidden] and, if there is one, [gates·hidden]. */
export interface BoundRecurrence {
  readonly equations: Recurrence;
  readonly kernel: tf.Tensor;
  readonly bias?: tf.Tensor;
}

/** `project` of all cells. */
export function projectInputs(parameters: Parameters, inputs: tf.Tensor): tf.Tensor {
  return dense(inputs, parameter(parameters, 'kernel'), parameters.bias);
}

/** The gates' pre-activations [batch, gates·hiddenSize] from hidden state and input. */
type Gates = (hidden: tf.Tensor, projected: tf.Tensor | undefined, stepInputs: readonly tf.Tensor[]) => tf.Tensor;

/** The gates of cells that treat input and state alike: one matrix product a step. */
export function gatesOf(parameters: Parameters): Gates {
  const recurrent = parameter(parameters, 'recurrentKernel');
  const { stepKernel } = parameters;
  const kernel = stepKernel === undefined ? recurrent : tf.concat([stepKernel, recurrent], 0);
  return (hidden, projected, stepInputs) => {
    const row = stepInputs.length === 0 ? hidden : tf.concat([...stepInputs, hidden], 1); // [batch, stepInput + hidden]
    const product = tf.matMul(row, kernel); // [batch, gates·hidden]
    const rest = projected ?? parameters.bias;
    return rest === undefined ? product : tf.add(product, rest);
  };
}
