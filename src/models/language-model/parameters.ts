/** The weights of a language model: their names and shapes, and how they start. */
import { type CellConfig, cellParameterShapes, initializeCell } from '../../layers/cells.js';
import { type GrownVocabulary, grownWeights } from '../../layers/grown-vocabulary.js';
import {
  constantTensor,
  countParameters,
  type HostTensor,
  type ParameterShapes,
  uniformTensor,
  withScope,
} from '../../layers/parameters.js';
import { defined } from '../../shared/assert.js';
import type { Random } from '../../shared/random.js';
import type { LanguageModelConfig } from './config.js';

export const EMBEDDING_TABLE = 'embedding/table';
const ONE_HOT_KERNEL = 'cell0/kernel';
export const OUTPUT_TABLE = 'output/table';
export const OUTPUT_BIAS = 'output/bias';

/** The cells from the lowest up; none in a feed-forward model. */
export function languageModelCells(config: LanguageModelConfig): readonly CellConfig[] {
  const { kind, hiddenSize, layers } = config;
  if (kind === 'feed-forward') return [];
  return Array.from({ length: layers }, (_, layer) => ({
    kind,
    hiddenSize,
    inputSize: layer === 0 ? inputSizeOf(config) : hiddenSize,
  }));
}

function inputSizeOf({ input, vocabularySize, embeddingSize }: LanguageModelConfig): number {
  return input === 'one-hot' ? vocabularySize : embeddingSize;
}

/** The names and shapes of all weights, in a fixed order. */
export function languageModelParameterShapes(config: LanguageModelConfig): ParameterShapes {
  const { input, vocabularySize, embeddingSize } = config;
  const cells = languageModelCells(config).map((cell, layer) => withScope(`cell${layer}`, cellParameterShapes(cell)));
  return {
    ...(input === 'embedding' ? { [EMBEDDING_TABLE]: [vocabularySize, embeddingSize] } : {}),
    ...Object.assign({}, ...cells),
    ...denseShapes(config),
    ...outputShapes(config),
  };
}

function denseShapes({ kind, layers, hiddenSize, embeddingSize, context }: LanguageModelConfig): ParameterShapes {
  if (kind !== 'feed-forward') return {};
  const each = Array.from({ length: layers }, (_, layer) => ({
    [`dense${layer}/kernel`]: [layer === 0 ? context * embeddingSize : hiddenSize, hiddenSize],
    [`dense${layer}/bias`]: [hiddenSize],
  }));
  return Object.assign({}, ...each) as ParameterShapes;
}

function outputShapes({ tiedOutput, vocabularySize, hiddenSize, embeddingSize }: LanguageModelConfig): ParameterShapes {
  const bias = { [OUTPUT_BIAS]: [vocabularySize] };
  if (!tiedOutput) return { [OUTPUT_TABLE]: [vocabularySize, hiddenSize], ...bias };
  return hiddenSize === embeddingSize ? bias : { 'output/projection': [hiddenSize, embeddingSize], ...bias };
}

/** How many weights a language model has. */
export function countLanguageModelParameters(config: LanguageModelConfig): number {
  return countParameters(languageModelParameterShapes(config));
}

/**
 * `config` with the hidden size that brings its number of weights nearest to `parameters`: models of different kinds are
 * compared at equal numbers of weights.
 */
export function withParameterCount(config: LanguageModelConfig, parameters: number): LanguageModelConfig {
  const at = (hiddenSize: number): LanguageModelConfig => ({ ...config, hiddenSize });
  const count = (hiddenSize: number): number => countLanguageModelParameters(at(hiddenSize));
  let [low, high] = [1, 2];
  while (count(high) < parameters) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (count(middle) < parameters) low = middle;
    else high = middle;
  }
  return at(parameters - count(low) <= count(high) - parameters ? low : high);
}

/**
 * Weights to start training from: cells as `initializeCell` says, other matrices uniform in ±1/√(inputs), biases 0. What
 * stands for a token starts at ±1, whether that is a row of the embedding or, for one-hot input, of the lowest cell's
 * kernel: of the inputs one alone is not 0, and what starts smaller has to grow before cells can tell tokens apart. (A table
 * that the output shares starts as outputs do.)
 */
export function createLanguageModelParameters(config: LanguageModelConfig, random: Random): Record<string, HostTensor> {
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(languageModelParameterShapes(config))) {
    weights[name] = initialWeight(name, shape, random);
  }
  languageModelCells(config).forEach((cell, layer) => {
    Object.assign(weights, withScope(`cell${layer}`, initializeCell(cell, random)));
  });
  const tokens = config.input === 'one-hot' ? ONE_HOT_KERNEL : EMBEDDING_TABLE;
  const { shape } = defined(weights[tokens], tokens);
  return config.tiedOutput ? weights : { ...weights, [tokens]: uniformTensor(shape, 1, random) };
}

/** The weights of a model, for the same model of more tokens. */
export function grownLanguageModelParameters(
  { input }: LanguageModelConfig,
  trained: Readonly<Record<string, HostTensor>>,
  grown: GrownVocabulary,
): Record<string, HostTensor> {
  const tables = [EMBEDDING_TABLE, OUTPUT_TABLE, ...(input === 'one-hot' ? [ONE_HOT_KERNEL] : [])];
  return grownWeights(trained, { tables, outputBias: OUTPUT_BIAS }, grown);
}

function initialWeight(name: string, shape: readonly number[], random: Random): HostTensor {
  if (shape.length === 1) return constantTensor(shape, 0);
  const [rows = 1, columns = 1] = shape;
  // Tables have one row a token: what multiplies a hidden vector is their transpose.
  return uniformTensor(shape, 1 / Math.sqrt(name.endsWith('/table') ? columns : rows), random);
}
