/** Decoding: the decoder one word at a time, with the mathematics of teacher forcing. */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import { stateCount } from '../../layers/cells.js';
import { outputLogits } from '../../layers/cross-entropy.js';
import { embed } from '../../layers/embedding.js';
import { parameter, type Parameters } from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';
import { createDecoder, type Decoder, everyStepInjection } from './decoder.js';
import { outputLayerOf, toOutputSize } from './forward.js';
import { initialRows, prepareImage, repeatRows } from './image.js';
import { EMBEDDING_TABLE } from './parameters.js';

/** Where decoding stands. Rows may be gathered at will, as long as each image keeps as many as the others. */
export interface CaptionerState {
  /** Each [rows, …], rows = n · k, those of an image beside each other. */
  readonly perRow: readonly tf.Tensor[];
  /** Each [n, …]; the same at every step. */
  readonly perImage: readonly tf.Tensor[];
}

export interface CaptionerStep {
  /** Of the next word: [rows, vocabulary]. */
  readonly logits: tf.Tensor;
  readonly state: CaptionerState;
  /** Where this step looked: [rows, p], summing to 1, with an entry that attends. */
  readonly attention?: tf.Tensor;
}

/** The state before START is fed, with one row an image, for `grid` [n, gridLength, featureSize]. */
export function startCaptions(config: CaptionerConfig, parameters: Parameters, grid: tf.Tensor): CaptionerState {
  const image = prepareImage(config, parameters, grid);
  const states = initialRows(config, image, grid.shape[0] ?? 0);
  const { perImage, first } = image;
  if (first === undefined) return { perRow: states, perImage };
  // What the image adds to the gates waits in the state for the first step.
  if (config.entry === 'first-step') return { perRow: [...states, first], perImage };
  const decoder = createDecoder(config, parameters);
  return { perRow: advance(decoder, states, decoder.core.project(first), perImage).states, perImage };
}

/**
 * One step: feeds `tokens` (int32, [rows]; START at first) and gives the logits of the next word.
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
): CaptionerStep {
  const [rows = 0] = tokens.shape;
  assert(
    perRow.every(({ shape }) => shape[0] === rows),
    () => `${rows} tokens for another number of states`,
  );
  const decoder = createDecoder(config, parameters);
  const waiting = config.entry === 'first-step' ? perRow.at(-1) : undefined;
  const injected = everyStepInjection(config, perImage);
  let projected = decoder.core.project(embed(parameter(parameters, EMBEDDING_TABLE), tokens)); // [rows, gates·hidden]
  if (waiting !== undefined) projected = tf.add(projected, waiting);
  if (injected !== undefined) projected = tf.add(projected, repeatRows(injected, rows));
  const { output, states, attention } = advance(decoder, perRow, projected, perImage);
  const state = { perRow: waiting === undefined ? states : [...states, tf.zerosLike(waiting)], perImage };
  const logits = outputLogits(toOutputSize(parameters, output), outputLayerOf(parameters));
  return attention === undefined ? { logits, state } : { logits, state, attention };
}

interface Advanced {
  readonly output: tf.Tensor;
  /** Of the core, then of the cells above it. */
  readonly states: readonly tf.Tensor[];
  readonly attention: tf.Tensor | undefined;
}

/** Core and upper cells by one step. */
function advance(
  { core, upper }: Decoder,
  states: readonly tf.Tensor[],
  projected: tf.Tensor,
  perImage: readonly tf.Tensor[],
): Advanced {
  const step = core.step(states.slice(0, core.stateCount), projected, perImage);
  const next = [...step.state];
  let { output } = step;
  let offset = core.stateCount;
  for (const cell of upper) {
    const perCell = stateCount(cell.config.kind);
    const state = cell.step(states.slice(offset, offset + perCell), cell.project(output));
    next.push(...state);
    output = state[0] as tf.Tensor;
    offset += perCell;
  }
  return { output, states: next, attention: step.attention };
}
