/**
 * Whole sequences recorded as one graph: sampled tokens, or greedy ones, feed the next step without a visit to the host.
 * This is what self-critical training draws its captions with (Rennie et al. 2017): speed counts, and all rows run to the
 * full length. A token is drawn by inverting the distribution function at a uniform number that the caller gives.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../shared/assert.js';
import type { DecodingState, DecodingStep } from './types.js';

export interface RolloutOptions {
  /** A step as decoding has it, told its number from 0 on. */
  readonly step: (tokens: tf.Tensor, state: DecodingState, time: number) => ReturnType<DecodingStep>;
  /** Fed first. */
  readonly startId: number;
  /** Ends a sequence: what follows is `paddingId`. */
  readonly endId: number;
  readonly paddingId: number;
  /** Steps of each sequence. */
  readonly length: number;
  /** float32 [length, rows] in [0, 1): row by row what is drawn at each step. Without it each token is the likeliest. */
  readonly uniform?: tf.Tensor;
}

/**
 * Follows each row of `start` for `length` steps: int32 [rows, length]. A sequence that reaches END holds it, then
 * padding; one that does not has neither. Reads no values; run it inside `tf.tidy`.
 *
 * @example
 * const uniform = tf.tensor2d(Float32Array.from({ length: 20 * 8 }, () => random.uniform()), [20, 8]);
 * const tokens = rollOut(state, 8, { step, startId, endId, paddingId, length: 20, uniform }); // [8, 20]
 */
export function rollOut(start: DecodingState, rows: number, options: RolloutOptions): tf.Tensor {
  const { startId, endId, paddingId, length, uniform } = options;
  assert(
    uniform === undefined || (uniform.shape[0] === length && uniform.shape[1] === rows),
    () => `expected uniform numbers [${length}, ${rows}], got [${uniform?.shape.join(', ')}]`,
  );
  const draws = uniform === undefined ? undefined : tf.split(uniform, length, 0); // each [1, rows]
  const end = tf.scalar(endId, 'int32');
  const padding = tf.fill([rows], paddingId, 'int32');
  let fed: tf.Tensor = tf.fill([rows], startId, 'int32');
  let live: tf.Tensor = tf.fill([rows], 1, 'bool');
  let state = start;
  const tokens: tf.Tensor[] = [];
  for (let time = 0; time < length; time++) {
    const { logits, state: next } = options.step(fed, state, time);
    const draw = draws?.[time];
    const chosen = draw === undefined ? tf.argMax(logits, 1) : drawTokens(logits, tf.reshape(draw, [rows, 1]));
    fed = tf.where(live, chosen, padding);
    live = tf.logicalAnd(live, tf.notEqual(chosen, end));
    state = { perRow: next.perRow, perImage: start.perImage };
    tokens.push(fed);
  }
  return tf.stack(tokens, 1);
}

/** For each row the first token at which the summed probabilities exceed its number: `uniform` [rows, 1], int32 [rows]. */
function drawTokens(logits: tf.Tensor, uniform: tf.Tensor): tf.Tensor {
  const [, vocabulary = 0] = logits.shape;
  const upTo = tf.cumsum(tf.softmax(logits), 1); // [rows, vocabulary]
  const total = tf.slice(upTo, [0, vocabulary - 1], [-1, 1]); // rounding leaves it beside 1
  const below = tf.cast(tf.lessEqual(upTo, tf.mul(uniform, total)), 'int32'); // [rows, vocabulary]
  return tf.minimum(tf.sum(below, 1), tf.scalar(vocabulary - 1, 'int32'));
}
