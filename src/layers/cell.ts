/** What the recurrent cells have in common: types, and the product of a step's input and state with their kernels. */
import * as tf from '@tensorflow/tfjs-core';
import { dense } from './dense.js';
import { parameter, type Parameters } from './parameters.js';

export type CellKind = 'rnn' | 'lstm' | 'gru';

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

/** [hidden] of `rnn` and `gru`, [hidden, cell] of `lstm`: each [batch, hiddenSize]. The first is the cell's output. */
export type CellState = readonly tf.Tensor[];

/** A cell with its weights. */
export interface Cell {
  readonly config: CellConfig;
  /**
   * What the input contributes to the gates, with the biases: `inputs` [rows, inputSize] to [rows, gates·hiddenSize].
   * It depends on no state, so one product serves the rows of all time steps.
   */
  project(inputs: tf.Tensor): tf.Tensor;
  /**
   * One time step. `projected` [batch, gates·hiddenSize] comes from `project` (undefined when inputSize is 0),
   * `stepInput` [batch, stepInputSize] is the input that only this step knows.
   */
  step(state: CellState, projected: tf.Tensor | undefined, stepInput?: tf.Tensor): CellState;
}

/** `project` of all cells. */
export function projectInputs(parameters: Parameters, inputs: tf.Tensor): tf.Tensor {
  return dense(inputs, parameter(parameters, 'kernel'), parameters.bias);
}

/**
 * The gates' pre-activations in one matrix product, for cells that treat input and state alike: a function of
 * (hidden, projected, stepInput) to [batch, gates·hiddenSize].
 */
export function gatesOf(
  parameters: Parameters,
): (hidden: tf.Tensor, projected: tf.Tensor | undefined, stepInput: tf.Tensor | undefined) => tf.Tensor {
  const recurrent = parameter(parameters, 'recurrentKernel');
  const { stepKernel } = parameters;
  const kernel = stepKernel === undefined ? recurrent : tf.concat([stepKernel, recurrent], 0);
  return (hidden, projected, stepInput) => {
    const row = stepInput === undefined ? hidden : tf.concat([stepInput, hidden], 1); // [batch, stepInput + hidden]
    const product = tf.matMul(row, kernel); // [batch, gates·hidden]
    const rest = projected ?? parameters.bias;
    return rest === undefined ? product : tf.add(product, rest);
  };
}
