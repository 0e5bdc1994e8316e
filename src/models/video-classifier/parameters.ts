/** The weights of a video classifier: their names and shapes, and how they start. */
import type { CellInitialization } from '../../layers/cells.js';
import { countParameters, type HostTensor, type ParameterShapes, withScope } from '../../layers/parameters.js';
import { poolingParameterShapes } from '../../layers/pooling.js';
import type { Random } from '../../shared/random.js';
import {
  createDenseWeights,
  createFrameVectorWeights,
  createReaderCells,
  frameVectorShapes,
  frameVectorSize,
  readerCellShapes,
  readerOutputSize,
} from '../clip-reader/index.js';
import type { VideoClassifierConfig } from './config.js';

/** Length of what enters the output layer. */
function outputSizeOf(config: VideoClassifierConfig): number {
  return config.order === 'none' ? frameVectorSize(config) : readerOutputSize(config);
}

/** The names and shapes of what comes after the cells. */
function headShapes(config: VideoClassifierConfig): ParameterShapes {
  const { order, pooling, classes } = config;
  const output = outputSizeOf(config);
  return {
    ...(order === 'recurrent' ? withScope('pooling', poolingParameterShapes(pooling, output)) : {}),
    'output/table': [classes, output],
    'output/bias': [classes],
  };
}

/** The names and shapes of all weights, in a fixed order. */
export function videoClassifierParameterShapes(config: VideoClassifierConfig): ParameterShapes {
  return {
    ...frameVectorShapes(config),
    ...(config.order === 'none' ? {} : readerCellShapes(config)),
    ...headShapes(config),
  };
}

/** How many weights a classifier has, the encoder's left out. */
export function countVideoClassifierParameters(config: VideoClassifierConfig): number {
  return countParameters(videoClassifierParameterShapes(config));
}

/** Weights to start from: cells as `initializeCell` says, layers with a relu by He's rule, others uniform in ±1/√(inputs), biases 0. */
export function createVideoClassifierParameters(
  config: VideoClassifierConfig,
  random: Random,
  cellOptions: CellInitialization = {},
): Record<string, HostTensor> {
  return {
    ...createFrameVectorWeights(config, random),
    ...createDenseWeights(headShapes(config), random),
    ...(config.order === 'none' ? {} : createReaderCells(config, random, cellOptions)),
  };
}
