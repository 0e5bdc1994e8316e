/**
 * A language model over tokens that are known: all time steps in one graph. Recurrent cells (Mikolov et al. 2010; Graves
 * 2013), dropout on what goes up, never on what goes on (Zaremba et al. 2014), or the feed-forward model of Bengio et al.
 * 2003 under the same state: the tokens that it still sees.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Cell, createCell, stateCount, unrollStack } from '../../layers/cells.js';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { dense } from '../../layers/dense.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { embed } from '../../layers/embedding.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import { unreachable } from '../../shared/assert.js';
import type { LanguageModelConfig } from './config.js';
import { EMBEDDING_TABLE, languageModelCells, OUTPUT_BIAS, OUTPUT_TABLE } from './parameters.js';

/** What the model remembers: the states of the cells from the lowest up; each [batch, …]. */
export type LanguageModelState = readonly tf.Tensor[];

/** Texts that are known, and where the model stands before them. */
export interface LanguageModelInput {
  /** int32 [time, batch]. */
  readonly tokens: tf.Tensor;
  /** Default: nothing has been read yet. */
  readonly state?: LanguageModelState;
  /** An int32 scalar: during training, the seed of what is dropped. Without it nothing is. */
  readonly dropoutSeed?: tf.Tensor;
}

export interface LanguageModelHidden {
  /** What enters the output layer, time first: [time·batch, features]. */
  readonly hidden: tf.Tensor;
  readonly state: LanguageModelState;
  /** The outputs of the topmost layer, nothing dropped or projected: [time·batch, hiddenSize]. */
  readonly outputs: tf.Tensor;
}

/** Seeds of the masks of one step. */
const STREAM = { input: 0, output: 1, layers: 2 } as const;

/** The state before the first token, for `batch` texts. */
export function startLanguageModel(config: LanguageModelConfig, batch: number): tf.Tensor[] {
  if (config.kind === 'feed-forward') return [tf.zeros([batch, config.context - 1], 'int32')];
  return languageModelCells(config).flatMap(({ kind, hiddenSize }) =>
    Array.from({ length: stateCount(kind) }, () => tf.zeros([batch, hiddenSize])),
  );
}

/** The model's outputs after each of `tokens`, without the output layer. */
export function languageModelHidden(
  config: LanguageModelConfig,
  parameters: Parameters,
  input: LanguageModelInput,
): LanguageModelHidden {
  const { dropoutSeed } = input;
  const { outputs, state } =
    config.kind === 'feed-forward' ? feedForward(config, parameters, input) : recurrent(config, parameters, input);
  const projection = parameters['output/projection'];
  const dropped = drop(config, outputs, STREAM.output, dropoutSeed);
  return { hidden: projection === undefined ? dropped : tf.matMul(dropped, projection), state, outputs };
}

function drop({ dropout: rate }: LanguageModelConfig, x: tf.Tensor, stream: number, seed?: tf.Tensor): tf.Tensor {
  return seed === undefined || rate === 0 ? x : dropout(x, rate, dropoutStream(seed, stream));
}

interface Outputs {
  /** [time·batch, hiddenSize]. */
  readonly outputs: tf.Tensor;
  readonly state: LanguageModelState;
}

function recurrent(config: LanguageModelConfig, parameters: Parameters, input: LanguageModelInput): Outputs {
  const { tokens, state, dropoutSeed } = input;
  const [time = 0, batch = 0] = tokens.shape;
  const cells = languageModelCells(config).map((cell, layer) =>
    createCell(cell, scoped(parameters, `cell${layer}`)),
  ) as [Cell, ...Cell[]];
  const flat = state ?? startLanguageModel(config, batch);
  const perCell = flat.length / cells.length;
  const result = unrollStack(
    config.input === 'one-hot' ? [takingTokens(cells[0], parameters), ...cells.slice(1)] : cells,
    inputsOf(config, parameters, tokens, dropoutSeed),
    {
      states: cells.map((_, layer) => flat.slice(layer * perCell, (layer + 1) * perCell)),
      ...(dropoutSeed === undefined || config.dropout === 0
        ? {}
        : {
            dropout: {
              rate: config.dropout,
              seedOf: (layer: number) => dropoutStream(dropoutSeed, STREAM.layers + layer),
            },
          }),
    },
  );
  const outputs = tf.reshape(result.outputs, [time * batch, config.hiddenSize]);
  return { outputs, state: result.states.flat() };
}

/** [time, batch, embeddingSize], or for one-hot input the tokens themselves, [time, batch, 1]. */
function inputsOf(
  config: LanguageModelConfig,
  parameters: Parameters,
  tokens: tf.Tensor,
  dropoutSeed?: tf.Tensor,
): tf.Tensor {
  switch (config.input) {
    case 'one-hot':
      return tf.reshape(tokens, [...tokens.shape, 1]);
    case 'embedding':
      return drop(config, embed(parameter(parameters, EMBEDDING_TABLE), tokens), STREAM.input, dropoutSeed);
    default:
      return unreachable(config.input, 'input');
  }
}

/** The lowest cell for one-hot input: what a one-hot vector picks of the kernel is looked up instead of multiplied. */
function takingTokens(cell: Cell, parameters: Parameters): Cell {
  const kernel = parameter(parameters, 'cell0/kernel');
  const bias = parameter(parameters, 'cell0/bias');
  return {
    ...cell,
    config: { ...cell.config, inputSize: 1 },
    project: (tokens) => tf.add(embed(kernel, tf.reshape(tokens, [-1])), bias), // [rows, gates·hidden]
  };
}

function feedForward(config: LanguageModelConfig, parameters: Parameters, input: LanguageModelInput): Outputs {
  const { tokens, dropoutSeed } = input;
  const { context, layers } = config;
  const [time = 0, batch = 0] = tokens.shape;
  const [before] = input.state ?? startLanguageModel(config, batch);
  // All that is seen, oldest first: [context - 1 + time, batch].
  const seen = context === 1 ? tokens : tf.concat([tf.transpose(before as tf.Tensor), tokens], 0);
  const vectors = embed(parameter(parameters, EMBEDDING_TABLE), seen); // [context - 1 + time, batch, embeddingSize]
  const windows = Array.from({ length: context }, (_, age) => tf.slice(vectors, [age, 0, 0], [time, -1, -1]));
  let x: tf.Tensor = tf.reshape(tf.concat(windows, 2), [time * batch, context * config.embeddingSize]);
  for (let layer = 0; layer < layers; layer++) {
    const dropped = drop(config, x, layer === 0 ? STREAM.input : STREAM.layers + layer, dropoutSeed);
    const kernel = parameter(parameters, `dense${layer}/kernel`);
    x = tf.tanh(dense(dropped, kernel, parameter(parameters, `dense${layer}/bias`))); // [time·batch, hiddenSize]
  }
  return { outputs: x, state: [tf.transpose(tf.slice(seen, [time, 0], [context - 1, batch]))] };
}

export function outputLayerOf(parameters: Parameters): OutputLayer {
  const table = parameters[OUTPUT_TABLE] ?? parameter(parameters, EMBEDDING_TABLE);
  return { table, bias: parameter(parameters, OUTPUT_BIAS) };
}

/** What one step gives. */
export interface LanguageModelStep {
  /** Of the next token: [batch, vocabulary]. */
  readonly logits: tf.Tensor;
  readonly state: LanguageModelState;
  /** [batch, hiddenSize]. */
  readonly outputs: tf.Tensor;
}

/**
 * One step: feeds `tokens` (int32, [batch]) and gives the logits of what follows.
 *
 * @example
 * const { logits, state } = stepLanguageModel(config, parameters, tf.tensor1d([START], 'int32'), startLanguageModel(config, 1));
 */
export function stepLanguageModel(
  config: LanguageModelConfig,
  parameters: Parameters,
  tokens: tf.Tensor,
  state: LanguageModelState,
): LanguageModelStep {
  const result = languageModelHidden(config, parameters, { tokens: tf.reshape(tokens, [1, -1]), state });
  return { ...result, logits: outputLogits(result.hidden, outputLayerOf(parameters)) };
}
