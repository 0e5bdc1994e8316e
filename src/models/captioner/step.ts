/** Decoding: the decoder one word at a time, with the mathematics of teacher forcing. */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import { stateCount } from '../../layers/cells.js';
import { outputLogits } from '../../layers/cross-entropy.js';
import { dropout, dropoutStream } from '../../layers/dropout.js';
import { embed } from '../../layers/embedding.js';
import { parameter, type Parameters } from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';
import { createDecoder, type Decoder, everyStepInjection } from './decoder.js';
import { outputLayerOf, toOutputSize } from './forward.js';
import { type CaptionerTraining, DROPOUT_STREAM, initialRows, prepareImage, repeatRows } from './image.js';
import { EMBEDDING_TABLE } from './parameters.js';
import { readOut } from './readout.js';

/** Where decoding stands. Rows may be gathered at will, as long as each image keeps as many as the others. */
export interface CaptionerState {
  /** Each [rows, …], rows = n · k, those of an image beside each other. */
  readonly perRow: readonly tf.Tensor[];
  /** Each [n, …]; the same at every step. */
  readonly perImage: readonly tf.Tensor[];
}

/** What one step gives. */
export interface CaptionerStep {
  /** Of the next word: [rows, vocabulary]. */
  readonly logits: tf.Tensor;
  readonly state: CaptionerState;
  /** Where this step looked: [rows, p], summing to 1, with an entry that attends. */
  readonly attention?: tf.Tensor;
}

/** How many captions are begun, and whether it is for training. */
export interface StartCaptionsOptions {
  /** Rows in all, those of an image beside each other. Default: one an image. */
  readonly rows?: number;
  /** Values are dropped as in training, by the masks that teacher forcing of as many rows has. Default: none are. */
  readonly training?: CaptionerTraining;
}

/** The state before START is fed, for `grid` [n, gridLength, featureSize]. */
export function startCaptions(
  config: CaptionerConfig,
  parameters: Parameters,
  grid: tf.Tensor,
  { rows = grid.shape[0] ?? 0, training }: StartCaptionsOptions = {},
): CaptionerState {
  const image = prepareImage(config, parameters, grid, training);
  const states = initialRows(config, image, rows);
  const { perImage } = image;
  if (image.first === undefined) return { perRow: states, perImage };
  const first = repeatRows(image.first, rows);
  // What the image adds to the gates waits in the state for the first step.
  if (config.entry === 'first-step') return { perRow: [...states, first], perImage };
  const decoder = createDecoder(config, parameters);
  const projected = decoder.core.project(first);
  const drop = dropUpper(config, training === undefined ? undefined : { ...training, time: -1 });
  return { perRow: advance(decoder, { states, projected, perImage, drop }).states, perImage };
}

/** Which step of a training it is, for the masks that teacher forcing has at that step. */
export interface CaptionerStepTraining extends CaptionerTraining {
  /** Counts from 0, START's. */
  readonly time: number;
}

/**
 * One step: feeds `tokens` (int32, [rows]; START at first) and gives the logits of the next word. With `training`, values
 * are dropped, the same ones as in teacher forcing with that seed.
 *
 * @example
 * let state = startCaptions(config, parameters, grid); // grid [1, 49, 1280]
 * let token = tf.tensor1d([START], 'int32');
 * for (let length = 0; length < 20; length++) {
 *   const step = stepCaptions(config, parameters, state, token);
 *   state = step.state;
 *   token = tf.argMax(step.logits, 1);
 * }
 */
export function stepCaptions(
  config: CaptionerConfig,
  parameters: Parameters,
  { perRow, perImage }: CaptionerState,
  tokens: tf.Tensor,
  training?: CaptionerStepTraining,
): CaptionerStep {
  const [rows = 0] = tokens.shape;
  assert(
    perRow.every(({ shape }) => shape[0] === rows),
    () => `${rows} tokens for another number of states`,
  );
  const decoder = createDecoder(config, parameters);
  const waiting = config.entry === 'first-step' ? perRow.at(-1) : undefined;
  const injected = everyStepInjection(config, perImage);
  const words = embed(parameter(parameters, EMBEDDING_TABLE), tokens); // [rows, embedding]
  const embedded = dropAt(words, config.dropout.embedding, DROPOUT_STREAM.embedding, training);
  let projected = decoder.core.project(embedded); // [rows, gates·hidden]
  if (waiting !== undefined) projected = tf.add(projected, waiting);
  if (injected !== undefined) projected = tf.add(projected, repeatRows(injected, rows));
  const drop = dropUpper(config, training);
  const { output, states, context, attention } = advance(decoder, { states: perRow, projected, perImage, drop });
  const state = { perRow: waiting === undefined ? states : [...states, tf.zerosLike(waiting)], perImage };
  const read = readOut(parameters, { state: output, words: embedded, context }); // [rows, hidden]
  const dropped = dropAt(read, config.dropout.output, DROPOUT_STREAM.output, training);
  const logits = outputLogits(toOutputSize(parameters, dropped), outputLayerOf(parameters));
  return attention === undefined ? { logits, state } : { logits, state, attention };
}

/** The rows of step `time` of `x` [time·rows, d], dropped as all of them at once would be. */
function dropAt(x: tf.Tensor, rate: number, stream: number, training: CaptionerStepTraining | undefined): tf.Tensor {
  if (training === undefined) return x;
  return dropout(x, rate, dropoutStream(training.dropoutSeed, stream), training.time * x.size);
}

type DropLayer = (x: tf.Tensor, layer: number) => tf.Tensor;

/** Dropout of what enters the cells above the core. With the image as first input, that is their step 0. */
function dropUpper({ entry, dropout: { layers: rate } }: CaptionerConfig, training?: CaptionerStepTraining): DropLayer {
  const earlier = entry === 'first-input' ? 1 : 0;
  const at = training === undefined ? undefined : { ...training, time: training.time + earlier };
  return (x, layer) => dropAt(x, rate, DROPOUT_STREAM.layers + layer, at);
}

interface Advancing {
  readonly states: readonly tf.Tensor[];
  readonly projected: tf.Tensor;
  readonly perImage: readonly tf.Tensor[];
  readonly drop: DropLayer;
}

interface Advanced {
  readonly output: tf.Tensor;
  /** Of the core, then of the cells above it. */
  readonly states: readonly tf.Tensor[];
  readonly context: tf.Tensor | undefined;
  readonly attention: tf.Tensor | undefined;
}

/** Core and upper cells by one step. */
function advance({ core, upper }: Decoder, { states, projected, perImage, drop }: Advancing): Advanced {
  const step = core.step(states.slice(0, core.stateCount), projected, perImage);
  const next = [...step.state];
  let { output } = step;
  let offset = core.stateCount;
  for (const [layer, cell] of upper.entries()) {
    const perCell = stateCount(cell.config.kind);
    const state = cell.step(states.slice(offset, offset + perCell), cell.project(drop(output, layer)));
    next.push(...state);
    output = state[0] as tf.Tensor;
    offset += perCell;
  }
  return { output, states: next, context: step.context, attention: step.attention };
}
