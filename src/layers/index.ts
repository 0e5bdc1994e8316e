/** The layers that models are made of: pure functions of parameters, input and state. */
export {
  attend,
  type Attended,
  type AttentionConfig,
  attentionKeys,
  attentionParameterShapes,
  type AttentionResult,
} from './attention.js';
export type { BoundRecurrence } from './cell.js';
export {
  type Cell,
  CELL_KINDS,
  type CellConfig,
  type CellInitialization,
  type CellKind,
  cellParameterShapes,
  type CellState,
  createCell,
  initializeCell,
  type StackOptions,
  unroll,
  type Unrolled,
  type UnrollOptions,
  unrollStack,
  zeroState,
} from './cells.js';
export { crossEntropy, type OutputLayer, outputLogits } from './cross-entropy.js';
export { dense } from './dense.js';
export { dropout, dropoutStream } from './dropout.js';
export { embed, initializeEmbedding, type InitializedEmbedding } from './embedding.js';
export { type Pooling, poolingParameterShapes, POOLINGS, poolOverTime, type PoolOptions } from './pooling.js';
export {
  recurrentCells,
  type RecurrentLayersConfig,
  recurrentOutputSize,
  type RunLayersOptions,
  runRecurrentLayers,
} from './recurrent-layers.js';
export type { HostTensor, Parameters, ParameterShapes } from './parameters.js';
export type { Recurrence, RecurrenceGradients, RecurrenceStep } from './recurrence.js';
