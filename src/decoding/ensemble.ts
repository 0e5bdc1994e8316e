/**
 * Several models that decide together: at each step the probabilities of the next token are the mean of theirs
 * (Sutskever et al. 2014, 3.6; Vinyals et al. 2017). They share a vocabulary and nothing else.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../shared/assert.js';
import type { DecodedStep, DecodingState, DecodingStep } from './types.js';

export interface Ensemble {
  /** The models' states, in the order of their steps, as one. All start with the same rows and images. */
  join(states: readonly DecodingState[]): DecodingState;
  /** One step of all. Its logits are log-probabilities; it does not say where the models looked. */
  readonly step: DecodingStep;
}

/** Puts models together. One alone stays as it is, attention included. */
export function createEnsemble(steps: readonly [DecodingStep, ...DecodingStep[]]): Ensemble {
  // How many tensors each model's state has: the same for all calls.
  let layout: readonly { readonly perRow: number; readonly perImage: number }[] = [];
  const join = (states: readonly DecodingState[]): DecodingState => {
    assert(states.length === steps.length, () => `${states.length} states for ${steps.length} models`);
    layout = states.map(({ perRow, perImage }) => ({ perRow: perRow.length, perImage: perImage.length }));
    return joinStates(states);
  };
  const step: DecodingStep = (tokens, state) => {
    const states = splitState(state, layout);
    const taken = steps.map((own, index) => own(tokens, states[index] as DecodingState));
    return { logits: logMeanProbability(taken), state: joinStates(taken.map(({ state: next }) => next)) };
  };
  return { join, step: steps.length === 1 ? steps[0] : step };
}

function joinStates(states: readonly DecodingState[]): DecodingState {
  return {
    perRow: states.flatMap(({ perRow }) => perRow),
    perImage: states.flatMap(({ perImage }) => perImage),
  };
}

function splitState(
  { perRow, perImage }: DecodingState,
  layout: readonly { readonly perRow: number; readonly perImage: number }[],
): readonly DecodingState[] {
  let [row, image] = [0, 0];
  return layout.map((counts) => ({
    perRow: perRow.slice(row, (row += counts.perRow)),
    perImage: perImage.slice(image, (image += counts.perImage)),
  }));
}

/** log (Σ P / n) over the models, [rows, vocabulary]; relative to the largest, so that nothing underflows. */
function logMeanProbability(steps: readonly DecodedStep[]): tf.Tensor {
  const own = steps.map(({ logits }) => tf.logSoftmax(logits));
  const most = own.reduce((a, b) => tf.maximum(a, b));
  const sum = own.map((log) => tf.exp(tf.sub(log, most))).reduce((a, b) => tf.add(a, b));
  return tf.add(most, tf.log(tf.div(sum, steps.length)));
}
