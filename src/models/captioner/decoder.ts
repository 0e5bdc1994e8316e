/**
 * One time step of the decoder, the same for training and for decoding. Papers: see `CaptionerEntry`.
 *
 * The bottom of the decoder, its core, is what attends and so must run step by step; the cells above it only see its
 * outputs, and in training run over all time steps one after another.
 */
import * as tf from '@tensorflow/tfjs-core';
import { unreachable } from '../../shared/assert.js';
import { attend } from '../../layers/attention.js';
import { type Cell, createCell, stateCount } from '../../layers/cells.js';
import { dense } from '../../layers/dense.js';
import { parameter, type Parameters, scoped } from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';
import { captionerCells } from './parameters.js';

export interface CoreStep {
  /** [rows, hidden]. */
  readonly output: tf.Tensor;
  readonly state: readonly tf.Tensor[];
  /** What was attended, [rows, image], and by which weights, [rows, p]; with an entry that attends. */
  readonly context?: tf.Tensor;
  readonly attention?: tf.Tensor;
}

/** The part of the decoder that runs step by step. */
export interface Core {
  /** How many tensors its state has; it is the first in the decoder's state. */
  readonly stateCount: number;
  /** What embedded words [rows, embedding] contribute to the gates. */
  project(embedded: tf.Tensor): tf.Tensor;
  /** `projected` [rows, gates·hidden] has what the image adds to the gates; `perImage` as in `DecoderImage`. */
  step(state: readonly tf.Tensor[], projected: tf.Tensor, perImage: readonly tf.Tensor[]): CoreStep;
}

export interface Decoder {
  readonly core: Core;
  /** The cells above the core. */
  readonly upper: readonly Cell[];
}

/** The decoder with its weights. Bind it anew for each forward pass. */
export function createDecoder(config: CaptionerConfig, parameters: Parameters): Decoder {
  const cells = Object.fromEntries(
    Object.entries(captionerCells(config)).map(([name, cell]) => [name, createCell(cell, scoped(parameters, name))]),
  );
  const { cell0, attentionCell, ...upper } = cells as Record<string, Cell> & { cell0: Cell };
  return { core: createCore(config, parameters, cell0, attentionCell), upper: Object.values(upper) };
}

function createCore(
  config: CaptionerConfig,
  parameters: Parameters,
  cell: Cell,
  attentionCell: Cell | undefined,
): Core {
  switch (config.entry) {
    case 'first-input':
    case 'first-step':
    case 'every-step':
      return plainCore(config, cell);
    case 'soft':
      return softCore(config, parameters, cell);
    case 'topdown':
      return topDownCore(config, parameters, cell, attentionCell as Cell);
    default:
      return unreachable(config.entry, 'entry');
  }
}

function plainCore(config: CaptionerConfig, cell: Cell): Core {
  return {
    stateCount: stateCount(config.cell),
    project: (embedded) => cell.project(embedded),
    step: (state, projected) => {
      const next = cell.step(state, projected);
      return { output: next[0] as tf.Tensor, state: next };
    },
  };
}

/**
 * Xu et al. 2015: the state before the step says where to look; a gate β = σ(W h + b) says how much the picture matters:
 *
 *     h_t = cell(x_t, β context_t, h_{t-1})
 */
function softCore(config: CaptionerConfig, parameters: Parameters, cell: Cell): Core {
  const attention = scoped(parameters, 'attention');
  return {
    stateCount: stateCount(config.cell),
    project: (embedded) => cell.project(embedded),
    step: (state, projected, perImage) => {
      const [keys, values] = perImage as [tf.Tensor, tf.Tensor];
      const hidden = state[0] as tf.Tensor;
      const { context, weights } = attend(attention, { keys, values }, hidden);
      const gate = tf.sigmoid(dense(hidden, parameter(parameters, 'gate/kernel'), parameter(parameters, 'gate/bias')));
      const gated = tf.mul(context, gate);
      const next = cell.step(state, projected, gated);
      return { output: next[0] as tf.Tensor, state: next, context: gated, attention: weights };
    },
  };
}

/**
 * Anderson et al. 2018, 3.2: the attention cell sees the word, the mean feature and what the language cell said last;
 * its new state says where to look; the language cell sees the context and that state.
 *
 *     h¹_t = cell¹(x_t, mean v, h²_{t-1}; h¹_{t-1})        h²_t = cell²(context_t, h¹_t; h²_{t-1})
 */
function topDownCore(config: CaptionerConfig, parameters: Parameters, language: Cell, attending: Cell): Core {
  const attention = scoped(parameters, 'attention');
  const split = stateCount(config.cell);
  return {
    stateCount: 2 * split,
    project: (embedded) => attending.project(embedded),
    step: (state, projected, perImage) => {
      const [keys, values] = perImage as [tf.Tensor, tf.Tensor];
      const said = state[split] as tf.Tensor;
      const attended = attending.step(state.slice(0, split), projected, said);
      const query = attended[0] as tf.Tensor;
      const { context, weights } = attend(attention, { keys, values }, query);
      const next = language.step(state.slice(split), undefined, context, query);
      return { output: next[0] as tf.Tensor, state: [...attended, ...next], context, attention: weights };
    },
  };
}

/** What the image adds to the gates at every step [n, gates·hidden], if the entry does that. */
export function everyStepInjection({ entry }: CaptionerConfig, perImage: readonly tf.Tensor[]): tf.Tensor | undefined {
  switch (entry) {
    case 'every-step':
      return perImage[0];
    case 'topdown':
      return perImage[2];
    case 'first-input':
    case 'first-step':
    case 'soft':
      return undefined;
    default:
      return unreachable(entry, 'entry');
  }
}
