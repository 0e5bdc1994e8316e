/** The weights of a captioner: their names and shapes, how they start, and which of them are trained. */
import { assert, unreachable } from '../../shared/assert.js';
import type { Random } from '../../shared/random.js';
import { attentionParameterShapes } from '../../layers/attention.js';
import {
  type CellConfig,
  type CellInitialization,
  cellParameterShapes,
  gateCount,
  initializeCell,
  stateCount,
} from '../../layers/cells.js';
import { initializeEmbedding } from '../../layers/embedding.js';
import { type GrownVocabulary, grownWeights } from '../../layers/grown-vocabulary.js';
import {
  constantTensor,
  countParameters,
  type HostTensor,
  type ParameterShapes,
  uniformTensor,
  withScope,
} from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';

export const EMBEDDING_TABLE = 'embedding/table';
const OUTPUT_TABLE = 'output/table';
export const OUTPUT_BIAS = 'output/bias';

/** Length of an image vector after the projection. */
function imageSizeOf({ featureProjection, featureSize }: CaptionerConfig): number {
  return featureProjection > 0 ? featureProjection : featureSize;
}

/** The cells by name: `cell0` upwards, and `attentionCell` of `topdown`. */
export function captionerCells(config: CaptionerConfig): Record<string, CellConfig> {
  const { cell: kind, hiddenSize, embeddingSize, layers, entry } = config;
  const common = { kind, hiddenSize, resetAfter: config.gruResetAfter, bias: config.rnnBias };
  const imageSize = imageSizeOf(config);
  const cells: Record<string, CellConfig> = {};
  if (entry === 'topdown') {
    cells.attentionCell = { ...common, inputSize: embeddingSize, stepInputSize: hiddenSize };
    cells.cell0 = { ...common, inputSize: 0, stepInputSize: imageSize + hiddenSize };
  } else {
    cells.cell0 = { ...common, inputSize: embeddingSize, stepInputSize: entry === 'soft' ? imageSize : 0 };
  }
  for (let layer = 1; layer < layers; layer++) cells[`cell${layer}`] = { ...common, inputSize: hiddenSize };
  return cells;
}

/** The names and shapes of all weights, in a fixed order. */
export function captionerParameterShapes(config: CaptionerConfig): ParameterShapes {
  const { vocabularySize, embeddingSize, featureSize, featureProjection } = config;
  const cells = Object.entries(captionerCells(config)).map(([name, cell]) =>
    withScope(name, cellParameterShapes(cell)),
  );
  return {
    [EMBEDDING_TABLE]: [vocabularySize, embeddingSize],
    ...(featureProjection > 0
      ? { 'features/kernel': [featureSize, featureProjection], 'features/bias': [featureProjection] }
      : {}),
    ...entryShapes(config),
    ...Object.assign({}, ...cells),
    ...readoutShapes(config),
    ...outputShapes(config),
  };
}

/** The weights through which the image enters. */
function entryShapes(config: CaptionerConfig): ParameterShapes {
  const { entry, hiddenSize, embeddingSize, attentionSize } = config;
  const valueSize = imageSizeOf(config);
  const gates = gateCount(config.cell) * hiddenSize;
  const attention = withScope(
    'attention',
    attentionParameterShapes({ querySize: hiddenSize, valueSize, attentionSize }),
  );
  switch (entry) {
    case 'first-input':
      return { 'inject/kernel': [valueSize, embeddingSize], 'inject/bias': [embeddingSize] };
    case 'first-step':
    case 'every-step':
      return { 'inject/kernel': [valueSize, gates] };
    case 'soft': {
      const states = config.layers * stateCount(config.cell) * hiddenSize;
      return {
        ...attention,
        'gate/kernel': [hiddenSize, 1],
        'gate/bias': [1],
        'initial/kernel': [valueSize, states],
        'initial/bias': [states],
      };
    }
    case 'topdown':
      return { 'inject/kernel': [valueSize, gates], ...attention };
    default:
      return unreachable(entry, 'entry');
  }
}

/** With a deep readout, what brings the word before and what was attended to the size of the state. */
function readoutShapes(config: CaptionerConfig): ParameterShapes {
  const { readout, entry, hiddenSize, embeddingSize } = config;
  if (readout === 'state') return {};
  const attends = entry === 'soft' || entry === 'topdown';
  return {
    'readout/word': [embeddingSize, hiddenSize],
    ...(attends ? { 'readout/context': [imageSizeOf(config), hiddenSize] } : {}),
  };
}

function outputShapes({ tiedOutput, vocabularySize, hiddenSize, embeddingSize }: CaptionerConfig): ParameterShapes {
  const bias = { [OUTPUT_BIAS]: [vocabularySize] };
  if (!tiedOutput) return { [OUTPUT_TABLE]: [vocabularySize, hiddenSize], ...bias };
  return hiddenSize === embeddingSize ? bias : { 'output/projection': [hiddenSize, embeddingSize], ...bias };
}

/** How many weights a captioner has. */
export function countCaptionerParameters(config: CaptionerConfig): number {
  return countParameters(captionerParameterShapes(config));
}

/** How the weights of a captioner start. */
export interface CaptionerInitialization extends CellInitialization {
  /** Word vectors to start the embedding from. */
  readonly wordVectors?: {
    /** The words by id; those without a vector start at random. */
    readonly tokens: readonly string[];
    readonly vectors: ReadonlyMap<string, Float32Array>;
    /** Where they come from, for error messages. */
    readonly where: string;
  };
}

/**
 * Weights to start training from, drawn from `random`: cells as `initializeCell` says, other matrices uniform in
 * ±1/√(inputs), biases 0. Throws `UserError` when word vectors do not have the embedding's size.
 */
export function createCaptionerParameters(
  config: CaptionerConfig,
  random: Random,
  { wordVectors, ...cellOptions }: CaptionerInitialization = {},
): Record<string, HostTensor> {
  const shapes = captionerParameterShapes(config);
  const weights: Record<string, HostTensor> = {};
  for (const [name, shape] of Object.entries(shapes)) weights[name] = initialWeight(name, shape, random);
  for (const [name, cell] of Object.entries(captionerCells(config))) {
    Object.assign(weights, withScope(name, initializeCell(cell, random, cellOptions)));
  }
  if (wordVectors !== undefined) {
    const { tokens, vectors, where } = wordVectors;
    const table = weights[EMBEDDING_TABLE] as HostTensor;
    weights[EMBEDDING_TABLE] = initializeEmbedding(table, tokens, vectors, where).table;
  }
  return weights;
}

/** The weights of a captioner, for the same captioner of more words. */
export function grownCaptionerParameters(
  trained: Readonly<Record<string, HostTensor>>,
  grown: GrownVocabulary,
): Record<string, HostTensor> {
  return grownWeights(trained, { tables: [EMBEDDING_TABLE, OUTPUT_TABLE], outputBias: OUTPUT_BIAS }, grown);
}

function initialWeight(name: string, shape: readonly number[], random: Random): HostTensor {
  const [rows = 1, columns = 1] = shape;
  if (shape.length === 1) return constantTensor(shape, 0);
  // Tables have one row a word: what multiplies a hidden vector is their transpose.
  const inputs = name.endsWith('/table') ? columns : rows;
  return uniformTensor(shape, 1 / Math.sqrt(inputs), random);
}

/** The names of the weights that training changes: all, but for a frozen embedding. */
export function trainableNames(config: CaptionerConfig, parameters: Readonly<Record<string, unknown>>): string[] {
  assert(EMBEDDING_TABLE in parameters, 'these are not the parameters of a captioner');
  return Object.keys(parameters).filter((name) => !(config.frozenEmbedding && name === EMBEDDING_TABLE));
}
