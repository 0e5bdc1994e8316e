/** The weights of a classifier of texts: their names and shapes, and how they start. */
import { type CellInitialization, cellParameterShapes, initializeCell } from '../../layers/cells.js';
import { type GrownVocabulary, grownWeights } from '../../layers/grown-vocabulary.js';
import {
  constantTensor,
  countParameters,
  type HostTensor,
  type ParameterShapes,
  uniformTensor,
  withRowsOf,
  withScope,
} from '../../layers/parameters.js';
import { poolingParameterShapes } from '../../layers/pooling.js';
import { recurrentCells, type RecurrentLayersConfig, recurrentOutputSize } from '../../layers/recurrent-layers.js';
import { defined } from '../../shared/assert.js';
import type { Random } from '../../shared/random.js';
import type { SentimentConfig } from './config.js';

export const EMBEDDING_TABLE = 'embedding/table';
export const OUTPUT_TABLE = 'output/table';
export const OUTPUT_BIAS = 'output/bias';

/** The recurrent layers over the embedded tokens. */
export function sentimentLayers(config: SentimentConfig): RecurrentLayersConfig {
  return { ...config, inputSize: config.embeddingSize };
}

/** The names and shapes of all weights, in a fixed order. */
export function sentimentParameterShapes(config: SentimentConfig): ParameterShapes {
  const { vocabularySize, embeddingSize, pooling, classes } = config;
  const cells = Object.entries(recurrentCells(sentimentLayers(config))).map(([name, cell]) =>
    withScope(name, cellParameterShapes(cell)),
  );
  const output = recurrentOutputSize(config);
  return {
    [EMBEDDING_TABLE]: [vocabularySize, embeddingSize],
    ...Object.assign({}, ...cells),
    ...withScope('pooling', poolingParameterShapes(pooling, output)),
    [OUTPUT_TABLE]: [classes, output],
    [OUTPUT_BIAS]: [classes],
  };
}

/** How many weights a classifier has. */
export function countSentimentParameters(config: SentimentConfig): number {
  return countParameters(sentimentParameterShapes(config));
}

/** Embeddings start uniform in ±this. */
const EMBEDDING_LIMIT = 0.5;

/**
 * Weights to start from: cells as `initializeCell` says, the embedding uniform in ±0.5/√(size / 100), other matrices uniform
 * in ±1/√(inputs), biases 0.
 */
export function createSentimentParameters(
  config: SentimentConfig,
  random: Random,
  cellOptions: CellInitialization = {},
): Record<string, HostTensor> {
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(sentimentParameterShapes(config))) {
    weights[name] = initialWeight(name, shape, random);
  }
  for (const [name, cell] of Object.entries(recurrentCells(sentimentLayers(config)))) {
    Object.assign(weights, withScope(name, initializeCell(cell, random, cellOptions)));
  }
  return weights;
}

/** What becomes of a classifier's weights in one of more words or other classes. */
export interface CarriedSentiment {
  readonly words: GrownVocabulary;
  /** Which class there each class is; undefined for those that it does not have, which start as in a new classifier. */
  readonly classOf: (label: number) => number | undefined;
  readonly random: Random;
}

/** Weights to start from: those of another classifier, whose config is `config` but for its words and classes. */
export function carriedSentimentParameters(
  config: SentimentConfig,
  trained: Readonly<Record<string, HostTensor>>,
  { words, classOf, random }: CarriedSentiment,
): Record<string, HostTensor> {
  const shapes = sentimentParameterShapes(config);
  const ofClasses = (name: string): HostTensor =>
    withRowsOf(initialWeight(name, defined(shapes[name], name), random), defined(trained[name], name), classOf);
  return {
    ...grownWeights(trained, { tables: [EMBEDDING_TABLE] }, words),
    [OUTPUT_TABLE]: ofClasses(OUTPUT_TABLE),
    [OUTPUT_BIAS]: ofClasses(OUTPUT_BIAS),
  };
}

function initialWeight(name: string, shape: readonly number[], random: Random): HostTensor {
  const [rows = 1, columns = 1] = shape;
  if (shape.length === 1) return constantTensor(shape, 0);
  if (name === EMBEDDING_TABLE) return uniformTensor(shape, EMBEDDING_LIMIT / Math.sqrt(columns / 100), random);
  return uniformTensor(shape, 1 / Math.sqrt(name.endsWith('/table') ? columns : rows), random);
}
