/** Teacher forcing: the decoder over captions that are known, all time steps in one graph. */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import { NEVER_SAID } from '../../shared/logits.js';
import { unrollStack } from '../../layers/cells.js';
import { type OutputLayer, outputLogits } from '../../layers/cross-entropy.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { embed } from '../../layers/embedding.js';
import { parameter, type Parameters } from '../../layers/parameters.js';
import { splitEvenly } from '../../layers/split.js';
import type { CaptionerConfig } from './config.js';
import { type Core, createDecoder, everyStepInjection } from './decoder.js';
import {
  type CaptionerTraining,
  type DecoderImage,
  DROPOUT_STREAM,
  initialRows,
  prepareImage,
  repeatRows,
} from './image.js';
import { EMBEDDING_TABLE, OUTPUT_BIAS } from './parameters.js';
import { readOut } from './readout.js';

/** Images, and the words of their captions so far. */
export interface CaptionerInput {
  /** Image features, [n, gridLength, featureSize]. */
  readonly grid: tf.Tensor;
  /** int32 ids [n·k, time]; the k captions of an image follow each other. */
  readonly tokens: tf.Tensor;
  readonly training?: CaptionerTraining;
}

export interface Hidden {
  /** What enters the output layer, time first: [time·rows, features]. */
  readonly hidden: tf.Tensor;
  /** The attention's weights of each time step, [rows, p] each; none with an entry that does not attend. */
  readonly attention: readonly tf.Tensor[];
}

/** The decoder's outputs for `tokens`, without the output layer. */
export function captionerHidden(config: CaptionerConfig, parameters: Parameters, input: CaptionerInput): Hidden {
  const { tokens, training } = input;
  const [rows = 0, time = 0] = tokens.shape;
  assert(rows % (input.grid.shape[0] ?? 1) === 0, () => `${rows} captions for ${input.grid.shape[0]} images`);
  const image = prepareImage(config, parameters, input.grid, training);
  const { core, upper } = createDecoder(config, parameters);
  const embedded = embedWords(config, parameters, input);
  const steps = projectedSteps(config, { core, image, embedded, time });
  const states = initialRows(config, image, rows);
  const { outputs, contexts, attention } = runCore(core, image, steps, states.slice(0, core.stateCount));
  const above = states.slice(core.stateCount);
  const perCell = above.length / Math.max(1, upper.length);
  const stacked = unrollUpper(config, upper, outputs, {
    states: upper.map((_, index) => above.slice(index * perCell, (index + 1) * perCell)),
    training,
  });
  // With the image as first input there is one output more, from before the first word.
  const words = tf.slice(stacked, [outputs.length - time, 0, 0]); // [time, rows, hidden]
  const flat = tf.reshape(words, [time * rows, config.hiddenSize]); // [time·rows, hidden]
  const context = contexts.length === 0 ? undefined : tf.concat([...contexts], 0); // [time·rows, image]
  const read = readOut(parameters, { state: flat, words: embedded, context }); // [time·rows, hidden]
  return { hidden: beforeOutput(config, parameters, read, training), attention };
}

/** The words of `tokens`, some of their values dropped in training: [time·rows, embedding]. */
function embedWords(config: CaptionerConfig, parameters: Parameters, { tokens, training }: CaptionerInput): tf.Tensor {
  const [rows = 0, time = 0] = tokens.shape;
  const timeFirst = tf.reshape(tf.transpose(tokens), [time * rows]); // [time·rows]
  const words = embed(parameter(parameters, EMBEDDING_TABLE), timeFirst); // [time·rows, embedding]
  if (training === undefined) return words;
  return dropout(words, config.dropout.embedding, dropoutStream(training.dropoutSeed, DROPOUT_STREAM.embedding));
}

interface Projecting {
  readonly core: Core;
  readonly image: DecoderImage;
  /** [time·rows, embedding]. */
  readonly embedded: tf.Tensor;
  readonly time: number;
}

/** What enters the gates at each step: words and image, [rows, gates·hidden] each. */
function projectedSteps(config: CaptionerConfig, { core, image, embedded, time }: Projecting): readonly tf.Tensor[] {
  const projected = addToAll(core.project(embedded), everyStepInjection(config, image.perImage), time);
  const steps: tf.Tensor[] = splitEvenly(projected, time, 0);
  if (image.first === undefined) return steps;
  const first = repeatRows(image.first, (embedded.shape[0] ?? 0) / time);
  if (config.entry === 'first-input') return [core.project(first), ...steps];
  return [tf.add(steps[0] as tf.Tensor, first), ...steps.slice(1)];
}

/** `projected` [time·rows, gates] plus what each image adds at every step, `injected` [n, gates]. */
function addToAll(projected: tf.Tensor, injected: tf.Tensor | undefined, time: number): tf.Tensor {
  if (injected === undefined) return projected;
  const [n = 0, gates = 0] = injected.shape;
  const [all = 0] = projected.shape;
  const sum = tf.add(
    tf.reshape(projected, [time, n, all / (time * n), gates]), // [time, n, k, gates]
    tf.reshape(injected, [n, 1, gates]), // [n, 1, gates]
  );
  return tf.reshape(sum, [all, gates]); // [time·rows, gates]
}

/** What `CoreStep` has, of each step. */
interface CoreRun {
  readonly outputs: readonly tf.Tensor[];
  readonly contexts: readonly tf.Tensor[];
  readonly attention: readonly tf.Tensor[];
}

function runCore(
  core: Core,
  { perImage }: DecoderImage,
  steps: readonly tf.Tensor[],
  initial: readonly tf.Tensor[],
): CoreRun {
  let state = initial;
  const outputs: tf.Tensor[] = [];
  const contexts: tf.Tensor[] = [];
  const attention: tf.Tensor[] = [];
  for (const projected of steps) {
    const step = core.step(state, projected, perImage);
    state = step.state;
    outputs.push(step.output);
    if (step.context !== undefined) contexts.push(step.context);
    if (step.attention !== undefined) attention.push(step.attention);
  }
  return { outputs, contexts, attention };
}

/** The cells above the core over its `outputs`: [steps, rows, hidden]. */
function unrollUpper(
  config: CaptionerConfig,
  upper: ReturnType<typeof createDecoder>['upper'],
  outputs: readonly tf.Tensor[],
  options: { readonly states: readonly (readonly tf.Tensor[])[]; readonly training: CaptionerTraining | undefined },
): tf.Tensor {
  const rows = outputs[0]?.shape[0] ?? 0;
  const inputs = tf.reshape(tf.concat([...outputs], 0), [outputs.length, rows, config.hiddenSize]); // [steps, rows, hidden]
  if (upper.length === 0) return inputs;
  const { states, training } = options;
  if (training === undefined) return unrollStack(upper, inputs, { states }).outputs;
  const seedOf = (layer: number): tf.Tensor => dropoutStream(training.dropoutSeed, DROPOUT_STREAM.layers + layer);
  const rate = config.dropout.layers;
  return unrollStack(upper, dropout(inputs, rate, seedOf(0)), { states, dropout: { rate, seedOf } }).outputs;
}

/** Dropout, and with a tied output layer the way to the embedding's size: [rows, hidden] to [rows, features]. */
function beforeOutput(
  config: CaptionerConfig,
  parameters: Parameters,
  hidden: tf.Tensor,
  training: CaptionerTraining | undefined,
): tf.Tensor {
  const dropped =
    training === undefined
      ? hidden
      : dropout(hidden, config.dropout.output, dropoutStream(training.dropoutSeed, DROPOUT_STREAM.output));
  return toOutputSize(parameters, dropped);
}

/** With a tied output layer of another size, [rows, hidden] to [rows, embedding]. */
export function toOutputSize(parameters: Parameters, hidden: tf.Tensor): tf.Tensor {
  const projection = parameters['output/projection'];
  return projection === undefined ? hidden : tf.matMul(hidden, projection);
}

/**
 * `parameters` of a captioner that never says the words `ids`: their logits lie far below all others, so that the words
 * that it may say share all of the probability.
 */
export function withoutWords(parameters: Parameters, ids: readonly number[]): Record<string, tf.Tensor> {
  const bias = parameter(parameters, OUTPUT_BIAS);
  const lowered = new Float32Array(bias.size);
  for (const id of ids) lowered[id] = NEVER_SAID;
  return { ...parameters, [OUTPUT_BIAS]: tf.add(bias, tf.tensor1d(lowered)) };
}

/** The output layer: the embedding's table when tied. */
export function outputLayerOf(parameters: Parameters): OutputLayer {
  const table = parameters['output/table'] ?? parameter(parameters, EMBEDDING_TABLE);
  return { table, bias: parameter(parameters, OUTPUT_BIAS) };
}

/**
 * The logits of the word after each of `tokens`: [n·k, time, vocabulary].
 *
 * @example
 * const tokens = tf.tensor2d([[START, cat, sits]], [1, 3], 'int32');
 * const logits = captionerLogits(config, parameters, { grid, tokens }); // [1, 3, vocabularySize]
 */
export function captionerLogits(config: CaptionerConfig, parameters: Parameters, input: CaptionerInput): tf.Tensor {
  const [rows = 0, time = 0] = input.tokens.shape;
  const { hidden } = captionerHidden(config, parameters, input);
  const logits = outputLogits(hidden, outputLayerOf(parameters)); // [time·rows, vocabulary]
  return tf.transpose(tf.reshape(logits, [time, rows, config.vocabularySize]), [1, 0, 2]); // [rows, time, vocabulary]
}
