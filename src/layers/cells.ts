/**
 * The recurrent cells: one config for all, their weights, and stacks of them run over time. The equations stand in
 * `rnn.ts`, `lstm.ts` and `gru.ts`.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert, defined, unreachable } from '../shared/assert.js';
import type { Random } from '../shared/random.js';
import type { Cell, CellConfig, CellKind, CellState } from './cell.js';
import { dropout } from './dropout.js';
import { createGruCell } from './gru.js';
import { createLstmCell } from './lstm.js';
import {
  constantTensor,
  type HostTensor,
  orthogonalBlocks,
  type Parameters,
  type ParameterShapes,
  uniformTensor,
} from './parameters.js';
import { runRecurrence } from './recurrence.js';
import { createRnnCell } from './rnn.js';
import { splitEvenly } from './split.js';

export type { Cell, CellConfig, CellKind, CellState } from './cell.js';

/** All kinds of cells. */
export const CELL_KINDS: readonly CellKind[] = ['rnn', 'lstm', 'gru'];

/** The most cells on top of each other that a model's configuration may name. */
export const MOST_LAYERS = 100;

/** How many blocks of hiddenSize the kernels of a cell have. */
export function gateCount(kind: CellKind): number {
  switch (kind) {
    case 'rnn':
      return 1;
    case 'lstm':
      return 4;
    case 'gru':
      return 3;
    default:
      return unreachable(kind, 'cell');
  }
}

/** How many tensors the state of a cell has. */
export function stateCount(kind: CellKind): number {
  return kind === 'lstm' ? 2 : 1;
}

/** The shapes of a cell's parameters: `kernel`, `stepKernel`, `recurrentKernel`, `bias`, `recurrentBias`, as it has them. */
export function cellParameterShapes(config: CellConfig): ParameterShapes {
  const { kind, inputSize, hiddenSize, stepInputSize = 0, resetAfter = true, bias = true } = config;
  const gates = gateCount(kind) * hiddenSize;
  return {
    ...(inputSize > 0 ? { kernel: [inputSize, gates] } : {}),
    ...(stepInputSize > 0 ? { stepKernel: [stepInputSize, gates] } : {}),
    recurrentKernel: [hiddenSize, gates],
    ...(kind !== 'rnn' || bias ? { bias: [gates] } : {}),
    ...(kind === 'gru' && resetAfter ? { recurrentBias: [hiddenSize] } : {}),
  };
}

/** How the weights of cells are drawn. */
export interface CellInitialization {
  /** Orthogonal recurrent kernels (Saxe et al. 2014) instead of uniform ones. Default false. */
  readonly orthogonal?: boolean;
}

/** Kernels uniform in ±1/√hiddenSize, biases 0, the forget gate's bias 1. */
export function initializeCell(
  config: CellConfig,
  random: Random,
  { orthogonal = false }: CellInitialization = {},
): Record<string, HostTensor> {
  const { kind, hiddenSize } = config;
  const limit = 1 / Math.sqrt(hiddenSize);
  const initialize = (name: string, shape: readonly number[]): HostTensor => {
    if (name === 'bias' || name === 'recurrentBias') return initialBias(kind, shape, hiddenSize);
    if (orthogonal && name === 'recurrentKernel') return orthogonalBlocks(hiddenSize, gateCount(kind), random);
    return uniformTensor(shape, limit, random);
  };
  const shapes = Object.entries(cellParameterShapes(config));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, initialize(name, shape)]));
}

function initialBias(kind: CellKind, shape: readonly number[], hiddenSize: number): HostTensor {
  const bias = constantTensor(shape, 0);
  if (kind === 'lstm') bias.values.fill(1, hiddenSize, 2 * hiddenSize);
  return bias;
}

/**
 * A cell with its weights, which have the shapes of `cellParameterShapes`. Bind it anew for each forward pass: joining
 * kernels is part of the graph.
 *
 * @example
 * const config: CellConfig = { kind: 'lstm', inputSize: 3, hiddenSize: 2 };
 * const weights = Object.entries(initializeCell(config, new Random(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));
 * const cell = createCell(config, parameters);
 * const [hidden] = cell.step(zeroState(config, 1), cell.project(tf.ones([1, 3])));
 * hidden.print(); // [1, 2]
 */
export function createCell(config: CellConfig, parameters: Parameters): Cell {
  switch (config.kind) {
    case 'rnn':
      return createRnnCell(config, parameters);
    case 'lstm':
      return createLstmCell(config, parameters);
    case 'gru':
      return createGruCell(config, parameters);
    default:
      return unreachable(config.kind, 'cell');
  }
}

/** The state before the first step: zeros, each [batch, hiddenSize]. */
export function zeroState({ kind, hiddenSize }: CellConfig, batch: number): CellState {
  return Array.from({ length: stateCount(kind) }, () => tf.zeros([batch, hiddenSize]));
}

/** A cell's outputs at all steps, and its state after the last. */
export interface Unrolled {
  /** [time, batch, hiddenSize]. */
  readonly outputs: tf.Tensor;
  readonly state: CellState;
}

/** Where a cell begins. */
export interface UnrollOptions {
  /** Default zeros. */
  readonly state?: CellState | undefined;
  /** Starts from zeros at the first step that is 1, not 0: [time, batch], zeros only before ones. Default: all are 1. */
  readonly present?: tf.Tensor;
}

/**
 * Runs a cell over `inputs` [time, batch, inputSize]; time comes first, so that all input is one matrix and each step's
 * share of it lies together.
 */
export function unroll(cell: Cell, inputs: tf.Tensor, { state, present }: UnrollOptions = {}): Unrolled {
  const [time = 0, batch = 0, inputSize = 0] = inputs.shape;
  const { hiddenSize } = cell.config;
  assert(inputSize === cell.config.inputSize, () => `input of ${inputSize}, expected ${cell.config.inputSize}`);
  const all = cell.project(tf.reshape(inputs, [time * batch, inputSize])); // [time·batch, gates·hidden]
  const projected = present === undefined ? all : atRest(cell.config, all, tf.reshape(present, [time * batch, 1]));
  const shape: [number, number, number] = [time, batch, hiddenSize];
  let current = state ?? zeroState(cell.config, batch);
  if (cell.recurrence !== undefined && time > 1) {
    const { equations, ...weights } = cell.recurrence;
    const run = runRecurrence(equations, { ...weights, projected, time, state: current });
    return { outputs: tf.reshape(run.outputs, shape), state: run.state };
  }
  const outputs = splitEvenly(projected, time, 0).map((step) => {
    current = cell.step(current, step);
    return current[0] as tf.Tensor;
  });
  return { outputs: tf.reshape(tf.concat(outputs, 0), shape), state: current };
}

/** What brings a sigmoid to 1. */
const SATURATED = 1e4;

/**
 * `projected` [rows, gates·hidden] where `present` [rows, 1] is 1; where it is 0, what leaves a state of zeros at zeros. One
 * pass over all steps serves instead of masking the state at each.
 */
function atRest({ kind, hiddenSize }: CellConfig, projected: tf.Tensor, present: tf.Tensor): tf.Tensor {
  const silent = tf.mul(projected, present);
  switch (kind) {
    case 'rnn': // tanh(0)
    case 'lstm': // the candidate is tanh(0)
      return silent;
    case 'gru': {
      // The candidate has a bias of its own: an open update gate keeps the state.
      const gates = tf.concat([tf.fill([hiddenSize], SATURATED), tf.zeros([2 * hiddenSize])], 0);
      return tf.add(silent, tf.mul(tf.sub(tf.scalar(1), present), gates));
    }
    default:
      return unreachable(kind, 'cell');
  }
}

/** Where a stack of cells begins, and what is dropped between them. */
export interface StackOptions {
  /** One state a cell; default zeros. */
  readonly states?: readonly CellState[];
  /** Dropout on the input of every cell but the first, during training. */
  readonly dropout?: { readonly rate: number; readonly seedOf: (layer: number) => tf.Tensor };
}

/**
 * Runs cells on top of each other over `inputs` [time, batch, features]: each takes the outputs of the one below it.
 *
 * @example
 * const { outputs } = unrollStack([first, second], tf.ones([7, 1, 3])); // [7, 1, hiddenSize of second]
 */
export function unrollStack(
  cells: readonly Cell[],
  inputs: tf.Tensor,
  { states, dropout: between }: StackOptions = {},
): { readonly outputs: tf.Tensor; readonly states: readonly CellState[] } {
  let outputs = inputs;
  const finalStates = cells.map((cell, layer) => {
    const dropped = layer > 0 && between !== undefined;
    const x = dropped ? dropout(outputs, between.rate, between.seedOf(layer)) : outputs;
    const result = unroll(cell, x, { state: states === undefined ? undefined : defined(states[layer], 'state') });
    outputs = result.outputs;
    return result.state;
  });
  return { outputs, states: finalStates };
}
