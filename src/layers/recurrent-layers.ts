/**
 * Recurrent cells on top of each other over a whole sequence, each layer in one direction or in both (Schuster and Paliwal
 * 1997). Sequences of different lengths stand beside each other, padded at their ends: what stands in the padding changes
 * nothing before it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type CellConfig, type CellKind, createCell, unroll } from './cells.js';
import { type Parameters, scoped } from './parameters.js';

/** Layers of one kind of cell on top of each other. */
export interface RecurrentLayersConfig {
  readonly cell: CellKind;
  /** Cells on top of each other. */
  readonly layers: number;
  readonly inputSize: number;
  /** Units of each cell. */
  readonly hiddenSize: number;
  /** Whether each layer also runs from the end to the beginning. */
  readonly bidirectional: boolean;
}

/** The names of a layer's cells: `cell0`, and `cell0back` that runs from the end. */
const cellName = (layer: number): string => `cell${layer}`;
const backwardCellName = (layer: number): string => `cell${layer}back`;

/** Length of what the layers give for each step: both directions beside each other. */
export function recurrentOutputSize({
  hiddenSize,
  bidirectional,
}: Pick<RecurrentLayersConfig, 'hiddenSize' | 'bidirectional'>): number {
  return hiddenSize * (bidirectional ? 2 : 1);
}

/** The cells by name, which is also the scope of their weights. */
export function recurrentCells(config: RecurrentLayersConfig): Record<string, CellConfig> {
  const { cell: kind, layers, hiddenSize, bidirectional } = config;
  const cells: Record<string, CellConfig> = {};
  for (let layer = 0; layer < layers; layer++) {
    const inputSize = layer === 0 ? config.inputSize : recurrentOutputSize(config);
    cells[cellName(layer)] = { kind, inputSize, hiddenSize };
    if (bidirectional) cells[backwardCellName(layer)] = { kind, inputSize, hiddenSize };
  }
  return cells;
}

/** What happens between layers, and where sequences end. */
export interface RunLayersOptions {
  /** Applied to what enters every layer but the first, such as dropout. */
  readonly between?: (x: tf.Tensor, layer: number) => tf.Tensor;
  /** 1 for steps of a sequence, 0 for the padding after its end: [time, batch]. Default: all are of the same length. */
  readonly present?: tf.Tensor;
}

/**
 * The layers over `inputs` [time, batch, inputSize]: [time, batch, `recurrentOutputSize`]. Outputs in the padding have no
 * meaning.
 *
 * @example
 * const config = { cell: 'lstm', layers: 1, inputSize: 3, hiddenSize: 2, bidirectional: true } as const;
 * runRecurrentLayers(config, parameters, tf.ones([7, 1, 3])); // [7, 1, 4]
 */
export function runRecurrentLayers(
  config: RecurrentLayersConfig,
  parameters: Parameters,
  inputs: tf.Tensor,
  { between = (x) => x, present }: RunLayersOptions = {},
): tf.Tensor {
  const cells = recurrentCells(config);
  // Backwards, padding comes before the sequence.
  const absent = present === undefined ? {} : { present: tf.reverse(present, 0) };
  let outputs = inputs;
  for (let layer = 0; layer < config.layers; layer++) {
    const x = layer === 0 ? outputs : between(outputs, layer);
    const cellOf = (name: string) => createCell(cells[name] as CellConfig, scoped(parameters, name));
    const forward = unroll(cellOf(cellName(layer)), x).outputs;
    if (!config.bidirectional) {
      outputs = forward;
      continue;
    }
    const backward = unroll(cellOf(backwardCellName(layer)), tf.reverse(x, 0), absent).outputs;
    outputs = tf.concat([forward, tf.reverse(backward, 0)], 2); // [time, batch, 2·hidden]
  }
  return outputs;
}
