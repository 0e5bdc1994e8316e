/** How well a language model predicts texts: nats by what is predicted. The state is carried on through each document. */
import * as tf from '@tensorflow/tfjs-core';
import {
  languageModelLoss,
  type LanguageModelConfig,
  type LanguageModelState,
} from '../../models/language-model/index.js';
import { END_ID, PADDING_ID, UNKNOWN_ID } from '../../text/vocabulary.js';
import { batchOf, type Stretch, type TextBatch } from './batches.js';

/** Sums over all documents. */
export interface TextNats {
  /** Of the units, without END. */
  readonly nats: number;
  readonly units: number;
  /** Units that the vocabulary does not have; they are counted with the probability of the unknown. */
  readonly unknown: number;
  /** Of END, once a document. */
  readonly endNats: number;
  readonly ends: number;
}

const ROWS = 32;
const WINDOW = 64;
/** Longer documents are read in pieces beside each other, each of which first reads on from so far before. */
const PIECE = 4_096;
const WARM_UP = 512;

export interface ScoreOptions {
  /** Start from nothing every so many units, as a model does that was trained on such pieces. Default: read on. */
  readonly chunk?: number;
  readonly signal?: AbortSignal;
}

/** Scores `sequences` (START, units, END each). Throws the signal's reason when it is aborted. */
export async function scoreSequences(
  config: LanguageModelConfig,
  parameters: Readonly<Record<string, tf.Tensor>>,
  sequences: readonly Int32Array[],
  { chunk, signal }: ScoreOptions = {},
): Promise<TextNats> {
  const all = sequences.flatMap((ids) =>
    chunk === undefined ? piecesOf(ids, PIECE, WARM_UP) : piecesOf(ids, chunk, 0),
  );
  const pieces = all.sort((a, b) => b.end - b.start - (a.end - a.start));
  const total = { nats: 0, units: 0, unknown: 0, endNats: 0, ends: 0 };
  for (let begin = 0; begin < pieces.length; begin += ROWS) {
    const rows = pieces.slice(begin, begin + ROWS);
    const longest = Math.max(...rows.map(({ start, end }) => end - start));
    let state: LanguageModelState | undefined;
    try {
      for (let from = 0; from < longest; from += WINDOW) {
        signal?.throwIfAborted();
        const batch = batchOf(rows, from, longest > WINDOW ? WINDOW : longest);
        const { each, state: next } = scoreBatch(config, parameters, batch, state);
        tf.dispose([...(state ?? [])]);
        state = next;
        add(total, batch, (await each.data()) as Float32Array);
        each.dispose();
      }
    } finally {
      tf.dispose([...(state ?? [])]);
    }
  }
  return total;
}

/** `ids` in pieces of `length` steps, each with `warmUp` steps before it that are read but not counted. */
function piecesOf(ids: Int32Array, length: number, warmUp: number): Stretch[] {
  const steps = ids.length - 1;
  return Array.from({ length: Math.ceil(steps / length) }, (_, index) => ({
    ids,
    start: Math.max(0, index * length - warmUp),
    end: Math.min(steps, (index + 1) * length),
    countFrom: index * length + 1,
  }));
}

function scoreBatch(
  config: LanguageModelConfig,
  parameters: Readonly<Record<string, tf.Tensor>>,
  { tokens, targets, time, rows }: TextBatch,
  state: LanguageModelState | undefined,
): { readonly each: tf.Tensor; readonly state: LanguageModelState } {
  const [each, ...next] = tf.tidy(() => {
    const result = languageModelLoss(config, parameters, {
      tokens: tf.tensor2d(tokens, [time, rows], 'int32'),
      targets: tf.tensor2d(targets, [time, rows], 'int32'),
      ...(state === undefined ? {} : { state }),
    });
    return [result.each, ...result.state];
  });
  return { each: each as tf.Tensor, state: next };
}

function add(total: { -readonly [Name in keyof TextNats]: number }, batch: TextBatch, each: Float32Array): void {
  batch.targets.forEach((target, index) => {
    const nats = each[index] as number;
    if (target === PADDING_ID) return;
    if (target === END_ID) {
      total.endNats += nats;
      total.ends++;
      return;
    }
    total.nats += nats;
    total.units++;
    if (target === UNKNOWN_ID) total.unknown++;
  });
}
