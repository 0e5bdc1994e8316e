/** The weights of a clip reader: their names and shapes, and how they start. */
import { type CellConfig, type CellInitialization, cellParameterShapes, initializeCell } from '../../layers/cells.js';
import {
  constantTensor,
  type HostTensor,
  type ParameterShapes,
  uniformTensor,
  withScope,
} from '../../layers/parameters.js';
import { recurrentCells, type RecurrentLayersConfig, recurrentOutputSize } from '../../layers/recurrent-layers.js';
import type { Random } from '../../shared/random.js';
import type { ClipReaderConfig } from './config.js';

/** Length of what the encoder's features of one frame become before motion is added. */
export function frameSizeOf({ gridLength, positionSize, featureSize }: ClipReaderConfig): number {
  return positionSize > 0 ? gridLength * positionSize : featureSize;
}

/** Length of a frame's vector with its motion, before it is projected. */
function joinedSizeOf(config: ClipReaderConfig): number {
  const withMotion = config.positionSize > 0 ? 2 : 3;
  return frameSizeOf(config) * (config.motion ? withMotion : 1);
}

/** Length of a frame's vector as the cells see it. */
export function frameVectorSize(config: ClipReaderConfig): number {
  return config.projectionSize > 0 ? config.projectionSize : joinedSizeOf(config);
}

/** Length of the cells' outputs. */
export const readerOutputSize: (config: ClipReaderConfig) => number = recurrentOutputSize;

/** The recurrent layers over the frames' vectors. */
export function readerLayers(config: ClipReaderConfig): RecurrentLayersConfig {
  return { ...config, inputSize: frameVectorSize(config) };
}

/** The cells by name. */
const readerCells = (config: ClipReaderConfig): Record<string, CellConfig> => recurrentCells(readerLayers(config));

/** The names and shapes of what makes vectors of frames. */
export function frameVectorShapes(config: ClipReaderConfig): ParameterShapes {
  const { featureSize, positionSize, projectionSize } = config;
  return {
    ...(positionSize > 0 ? { 'positions/kernel': [featureSize, positionSize], 'positions/bias': [positionSize] } : {}),
    ...(projectionSize > 0
      ? { 'frames/kernel': [joinedSizeOf(config), projectionSize], 'frames/bias': [projectionSize] }
      : {}),
  };
}

/** The names and shapes of the cells' weights. */
export function readerCellShapes(config: ClipReaderConfig): ParameterShapes {
  const cells = Object.entries(readerCells(config));
  return Object.assign(
    {},
    ...cells.map(([name, cell]) => withScope(name, cellParameterShapes(cell))),
  ) as ParameterShapes;
}

/** The names and shapes of all weights, in a fixed order. */
export function clipReaderShapes(config: ClipReaderConfig): ParameterShapes {
  return { ...frameVectorShapes(config), ...readerCellShapes(config) };
}

/** He et al. 2015, equation 10: what a relu halves is made up for, so that a signal keeps its size through layers. */
const RELU_GAIN = Math.sqrt(6);

/** Weights of what makes vectors of frames to start from: layers with a relu each. */
export const createFrameVectorWeights = (config: ClipReaderConfig, random: Random): Record<string, HostTensor> =>
  createDenseWeights(frameVectorShapes(config), random, RELU_GAIN);

/** Weights of dense layers to start from: matrices uniform in ±gain/√(inputs), biases 0. */
export function createDenseWeights(shapes: ParameterShapes, random: Random, gain = 1): Record<string, HostTensor> {
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const [rows = 1, columns = 1] = shape;
    const inputs = name.endsWith('/table') ? columns : rows;
    weights[name] =
      shape.length === 1 ? constantTensor(shape, 0) : uniformTensor(shape, gain / Math.sqrt(inputs), random);
  }
  return weights;
}

/** Weights of the cells to start from, as `initializeCell` says. */
export function createReaderCells(
  config: ClipReaderConfig,
  random: Random,
  options: CellInitialization = {},
): Record<string, HostTensor> {
  const cells = Object.entries(readerCells(config));
  return Object.assign(
    {},
    ...cells.map(([name, cell]) => withScope(name, initializeCell(cell, random, options))),
  ) as Record<string, HostTensor>;
}

/** All weights to start from. */
export function createClipReaderParameters(config: ClipReaderConfig, random: Random): Record<string, HostTensor> {
  return { ...createFrameVectorWeights(config, random), ...createReaderCells(config, random) };
}
