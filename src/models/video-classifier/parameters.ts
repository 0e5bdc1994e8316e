/** The weights of a video classifier: their names and shapes, and how they start. */
import { type CellConfig, type CellInitialization, cellParameterShapes, initializeCell } from '../../layers/cells.js';
import {
  constantTensor,
  countParameters,
  type HostTensor,
  type ParameterShapes,
  uniformTensor,
  withScope,
} from '../../layers/parameters.js';
import { poolingParameterShapes } from '../../layers/pooling.js';
import { recurrentCells, type RecurrentLayersConfig, recurrentOutputSize } from '../../layers/recurrent-layers.js';
import type { Random } from '../../shared/random.js';
import type { VideoClassifierConfig } from './config.js';

/** Length of what the encoder's features of one frame become before motion is added. */
export function frameSizeOf({ gridLength, positionSize, featureSize }: VideoClassifierConfig): number {
  return positionSize > 0 ? gridLength * positionSize : featureSize;
}

/** Length of a frame's vector as the cells (or, without order, the output layer) see it. */
export function frameVectorSize(config: VideoClassifierConfig): number {
  if (config.projectionSize > 0) return config.projectionSize;
  return frameSizeOf(config) * (config.motion ? 2 : 1);
}

/** The recurrent layers over the frames' vectors. */
export function classifierLayers(config: VideoClassifierConfig): RecurrentLayersConfig {
  return { ...config, inputSize: frameVectorSize(config) };
}

/** Length of what enters the output layer. */
export function outputSizeOf(config: VideoClassifierConfig): number {
  return config.order === 'none' ? frameVectorSize(config) : recurrentOutputSize(config);
}

/** The cells by name; none without order. */
function classifierCells(config: VideoClassifierConfig): Record<string, CellConfig> {
  return config.order === 'none' ? {} : recurrentCells(classifierLayers(config));
}

/** The names and shapes of all weights, in a fixed order. */
export function videoClassifierShapes(config: VideoClassifierConfig): ParameterShapes {
  const { featureSize, positionSize, projectionSize, motion, order, pooling, classes } = config;
  const cells = Object.entries(classifierCells(config)).map(([name, cell]) =>
    withScope(name, cellParameterShapes(cell)),
  );
  const joined = frameSizeOf(config) * (motion ? 2 : 1);
  const output = outputSizeOf(config);
  return {
    ...(positionSize > 0 ? { 'positions/kernel': [featureSize, positionSize], 'positions/bias': [positionSize] } : {}),
    ...(projectionSize > 0 ? { 'frames/kernel': [joined, projectionSize], 'frames/bias': [projectionSize] } : {}),
    ...Object.assign({}, ...cells),
    ...(order === 'recurrent' ? withScope('pooling', poolingParameterShapes(pooling, output)) : {}),
    'output/table': [classes, output],
    'output/bias': [classes],
  };
}

/** How many weights a classifier has, the encoder's left out. */
export function countVideoClassifierParameters(config: VideoClassifierConfig): number {
  return countParameters(videoClassifierShapes(config));
}

/** Weights to start from: cells as `initializeCell` says, other matrices uniform in ±1/√(inputs), biases 0. */
export function createVideoClassifierParameters(
  config: VideoClassifierConfig,
  random: Random,
  cellOptions: CellInitialization = {},
): Record<string, HostTensor> {
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(videoClassifierShapes(config))) {
    const [rows = 1, columns = 1] = shape;
    const inputs = name.endsWith('/table') ? columns : rows;
    weights[name] = shape.length === 1 ? constantTensor(shape, 0) : uniformTensor(shape, 1 / Math.sqrt(inputs), random);
  }
  for (const [name, cell] of Object.entries(classifierCells(config))) {
    Object.assign(weights, withScope(name, initializeCell(cell, random, cellOptions)));
  }
  return weights;
}
