/**
 * Looks into a language model: what it expects after each unit of a text, and how strongly one of its cells is active there
 * (Karpathy, Johnson and Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks").
 */
import * as tf from '@tensorflow/tfjs-core';
import { type LanguageModelConfig, startLanguageModel, stepLanguageModel } from '../../models/language-model/index.js';
import { UserError } from '../../shared/errors.js';
import { requireFitting, wholeBetween } from '../../shared/rules.js';
import { toTensors } from '../../training/parameters.js';
import type { TextModel } from './model.js';
import { promptTokens } from './generate.js';

/** How much is told of each step. */
export interface ExplainOptions {
  /** How many of the likeliest units are given for each step. */
  readonly top: number;
  /** A cell, counted from 0. */
  readonly neuron?: number;
  /** The layer of that cell, counted from 0. Default: the topmost. */
  readonly layer?: number;
  readonly signal?: AbortSignal;
}

/** What was read, and what a model expects after it. */
export interface ExplainedStep {
  /** What was read: at first `<start>`. */
  readonly unit: string;
  /** What may follow it, the likeliest first. */
  readonly next: readonly { readonly unit: string; readonly probability: number }[];
  /** Of the cell asked for, in [-1, 1]: its hidden value, of an lstm the tanh of its cell. */
  readonly activation?: number;
}

/**
 * What `model` expects after each unit of `prompt` that it knows. Throws UserError for a cell that it does not have.
 *
 * @example
 * const steps = await explainText(await loadTextModel('checkpoints/shakespeare'), 'hell', { top: 3 });
 * steps.at(-1)?.next[0]; // { unit: 'o', probability: 0.6 }
 */
export async function explainText(
  model: TextModel,
  prompt: string,
  options: ExplainOptions,
): Promise<readonly ExplainedStep[]> {
  const { model: config } = model.config;
  requireNeuron(config, options);
  const parameters = toTensors(model.weights);
  let state: readonly tf.Tensor[] = startLanguageModel(config, 1);
  const steps: ExplainedStep[] = [];
  try {
    for (const token of promptTokens(model, prompt)) {
      options.signal?.throwIfAborted();
      const before = state;
      const [probabilities, activations, ...next] = tf.tidy(() => {
        const step = stepLanguageModel(config, parameters, tf.tensor1d([token], 'int32'), before);
        return [tf.softmax(step.logits), activationsOf(config, step.state, step.outputs, options), ...step.state];
      }) as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
      tf.dispose([...before]);
      state = next;
      const [likely, active] = await Promise.all([probabilities.data(), activations.data()]);
      tf.dispose([probabilities, activations]);
      steps.push({
        unit: model.vocabulary.tokenOf(token),
        next: likeliest(model, likely as Float32Array, options.top),
        ...(options.neuron === undefined ? {} : { activation: active[options.neuron] as number }),
      });
    }
    return steps;
  } finally {
    tf.dispose([...state]);
    tf.dispose(parameters);
  }
}

function requireNeuron({ hiddenSize, layers, kind }: LanguageModelConfig, { neuron, layer }: ExplainOptions): void {
  requireFitting('neuron', wholeBetween(0, hiddenSize - 1), neuron);
  if (layer === undefined) return;
  if (kind === 'feed-forward') {
    throw new UserError('layer: of a feed-forward model only the topmost can be shown (leave it out)', { exitCode: 2 });
  }
  requireFitting('layer', wholeBetween(0, layers - 1), layer);
}

/** [1, hiddenSize]. */
function activationsOf(
  { kind, layers }: LanguageModelConfig,
  state: readonly tf.Tensor[],
  outputs: tf.Tensor,
  { layer = layers - 1 }: ExplainOptions,
): tf.Tensor {
  switch (kind) {
    case 'feed-forward':
      return outputs;
    case 'lstm':
      return tf.tanh(state[2 * layer + 1] as tf.Tensor);
    case 'rnn':
    case 'gru':
      return tf.clone(state[layer] as tf.Tensor);
  }
}

function likeliest({ vocabulary }: TextModel, probabilities: Float32Array, top: number): ExplainedStep['next'] {
  return [...probabilities.entries()]
    .sort(([, a], [, b]) => b - a)
    .slice(0, top)
    .map(([id, probability]) => ({ unit: vocabulary.tokenOf(id), probability }));
}
