/**
 * One step of decoding as one tensor function: the states of the rows that live on, the model, and for each row the
 * log-probability of END and of the best other tokens. The log-probabilities of whole sequences are kept by the host,
 * in double precision, and never enter the graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert, defined } from '../shared/assert.js';
import { NEVER_SAID } from '../shared/logits.js';
import type { DecodingOptions, DecodingState, TensorsFunction } from './types.js';

/** What may follow each row, on the host. */
export interface Extensions {
  /** How many tokens each row has. */
  readonly count: number;
  /** log P(END). */
  endOf(row: number): number;
  /** The `rank`-th best token other than END, and its log-probability. */
  tokenOf(row: number, rank: number): number;
  logProbabilityOf(row: number, rank: number): number;
  /** Where the model looked, if it says so and that was asked for: a copy. */
  attentionOf(row: number): Float32Array | undefined;
}

export interface Extended {
  readonly extensions: Extensions;
  /** The states after the step; the caller disposes them. */
  readonly perRow: readonly tf.Tensor[];
}

/** Runs the step function of a model, compiled if the options say so. */
export interface Extender {
  /**
   * Feeds `tokens` [rows]; row i goes on from row `parents[i]` of the state (from row i without `parents`).
   * Disposes nothing of `state`.
   */
  extend(tokens: Int32Array, parents: Int32Array | undefined, state: DecodingState): Promise<Extended>;
  dispose(): void;
}

export interface ExtenderOptions extends DecodingOptions {
  /** How many tokens to give for each row; fewer if the vocabulary has not so many. */
  readonly fetch: number;
}

export function createExtender(options: ExtenderOptions): Extender {
  // How the states are to be told apart inside the function; the same for all calls with one model.
  let layout = { perRow: 0, gather: false };
  const run: TensorsFunction = (tokens, ...rest) => {
    const [parents, ...states] = layout.gather ? rest : [undefined, ...rest];
    const before = states.slice(0, layout.perRow) as tf.Tensor[];
    const perRow = parents === undefined ? before : before.map((state) => tf.gather(state, parents));
    return extendRows(options, defined(tokens, 'tokens'), {
      perRow,
      perImage: states.slice(layout.perRow) as tf.Tensor[],
    });
  };
  const compiled = options.compile?.(run) ?? Object.assign(run, { dispose: () => undefined });
  return {
    async extend(tokens, parents, { perRow, perImage }) {
      layout = { perRow: perRow.length, gather: parents !== undefined };
      const outputs = tf.tidy(() => {
        const fed = tf.tensor1d(tokens, 'int32');
        const from = parents === undefined ? [] : [tf.tensor1d(parents, 'int32')];
        return compiled(fed, ...from, ...perRow, ...perImage);
      });
      return readOutputs(outputs, perRow.length);
    },
    dispose: () => compiled.dispose(),
  };
}

/** [log-probabilities [rows, 1 + count], END first; ids [rows, count]; states; attention]. */
function extendRows(options: ExtenderOptions, tokens: tf.Tensor, before: DecodingState): tf.Tensor[] {
  const { logits, state, attention } = options.step(tokens, before);
  const [rows = 0, vocabulary = 0] = logits.shape;
  const barred = new Set([...(options.suppressedIds ?? []), options.endId]);
  const mask = Float32Array.from({ length: vocabulary }, (_, id) => (barred.has(id) ? NEVER_SAID : 0));
  const count = Math.min(options.fetch, vocabulary - mask.filter((value) => value !== 0).length);
  assert(count > 0, 'decoding needs at least one token besides END that is not suppressed');
  const { values, indices } = tf.topk(tf.add(logits, tf.tensor1d(mask)), count);
  const end = tf.slice(logits, [0, options.endId], [rows, 1]); // [rows, 1]
  const logProbabilities = tf.sub(tf.concat([end, values], 1), logSumExp(logits)); // [rows, 1 + count]
  const looked = options.attention === true && attention !== undefined ? [attention] : [];
  return [logProbabilities, indices, ...state.perRow, ...looked];
}

/** log Σ exp over each row of `logits` [rows, vocabulary]: [rows, 1]. */
function logSumExp(logits: tf.Tensor): tf.Tensor {
  // By way of the largest probability, which is at least 1 / vocabulary: one pass of softmax instead of four kernels.
  return tf.sub(tf.max(logits, 1, true), tf.log(tf.max(tf.softmax(logits), 1, true)));
}

async function readOutputs(outputs: tf.Tensor[], stateCount: number): Promise<Extended> {
  const [logProbabilities, indices] = outputs as [tf.Tensor, tf.Tensor];
  const perRow = outputs.slice(2, 2 + stateCount);
  const attention = outputs[2 + stateCount];
  try {
    const [values, ids] = (await Promise.all([logProbabilities.data(), indices.data()])) as [Float32Array, Int32Array];
    const weights = (await attention?.data()) as Float32Array | undefined;
    const count = indices.shape[1] ?? 0;
    const positions = attention?.shape[1] ?? 0;
    assert(!values.some(Number.isNaN), 'the model gave logits that are no numbers');
    const extensions: Extensions = {
      count,
      endOf: (row) => values[row * (count + 1)] as number,
      tokenOf: (row, rank) => ids[row * count + rank] as number,
      logProbabilityOf: (row, rank) => values[row * (count + 1) + 1 + rank] as number,
      attentionOf: (row) => weights?.slice(row * positions, (row + 1) * positions),
    };
    return { extensions, perRow };
  } catch (error) {
    tf.dispose(perRow);
    throw error;
  } finally {
    tf.dispose([logProbabilities, indices, ...outputs.slice(2 + stateCount)]);
  }
}
