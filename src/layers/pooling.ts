/**
 * One vector for a sequence: the last output of its cells, the mean or the maximum of all outputs (Collobert et al. 2011),
 * or a mean weighted by learned attention (Yang et al. 2016). Padding at the ends of sequences has no part in it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { unreachable } from '../shared/assert.js';
import { dense } from './dense.js';
import { parameter, type Parameters, type ParameterShapes } from './parameters.js';

/** The last output of the cells, the mean or the maximum of all, or a mean weighted by learned attention. */
export const POOLINGS = ['last', 'mean', 'max', 'attention'] as const;
/** See `POOLINGS`. */
export type Pooling = (typeof POOLINGS)[number];

/** Length of the hidden layer by which attention weighs a step. */
const ATTENTION_SIZE = 64;
/** What a step of padding falls short of every step of a sequence by. */
const OUT_OF_REACH = 1e9;

/** The shapes of what pooling learns for outputs of length `size`: nothing, but for attention. */
export function poolingParameterShapes(pooling: Pooling, size: number): ParameterShapes {
  if (pooling !== 'attention') return {};
  return { kernel: [size, ATTENTION_SIZE], bias: [ATTENTION_SIZE], score: [ATTENTION_SIZE, 1] };
}

/** How outputs become one vector. */
export interface PoolOptions {
  readonly pooling: Pooling;
  /** Whether the second half of each output is of cells that run from the end. */
  readonly bidirectional: boolean;
  /** 1 for steps of a sequence, 0 for the padding after its end: [time, batch]. Default: all are of the same length. */
  readonly present?: tf.Tensor;
}

/** `outputs` [time, batch, size] as one vector a sequence: [batch, size]. */
export function poolOverTime(parameters: Parameters, outputs: tf.Tensor, options: PoolOptions): tf.Tensor {
  const { pooling, present } = options;
  const [time = 0, batch = 0] = outputs.shape;
  const mask = present === undefined ? undefined : tf.reshape(present, [time, batch, 1]); // [time, batch, 1]
  switch (pooling) {
    case 'mean':
      if (mask === undefined) return tf.mean(outputs, 0);
      return tf.div(tf.sum(tf.mul(outputs, mask), 0), tf.maximum(tf.sum(mask, 0), tf.scalar(1)));
    case 'max':
      return tf.max(mask === undefined ? outputs : tf.add(outputs, shortfall(mask)), 0);
    case 'last':
      return lastOutputs(outputs, options);
    case 'attention': {
      const weights = attentionWeights(parameters, outputs, mask); // [time, batch, 1]
      return tf.sum(tf.mul(outputs, weights), 0);
    }
    default:
      return unreachable(pooling, 'pooling');
  }
}

/** 0 for steps of a sequence, hugely negative for padding. */
function shortfall(mask: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(mask, tf.scalar(1)), tf.scalar(OUT_OF_REACH));
}

/** Each direction where it has seen all. */
function lastOutputs(outputs: tf.Tensor, { bidirectional, present }: PoolOptions): tf.Tensor {
  const [time = 0, batch = 0, size = 0] = outputs.shape;
  const at = (step: number, from: number, length: number): tf.Tensor =>
    tf.reshape(tf.slice(outputs, [step, 0, from], [1, batch, length]), [batch, length]); // [batch, length]
  const forwardSize = bidirectional ? size / 2 : size;
  const forward = (): tf.Tensor => {
    if (present === undefined) return at(time - 1, 0, forwardSize);
    // A step is the last one where none follows.
    const next = tf.concat([tf.slice(present, [1, 0], [time - 1, batch]), tf.zeros([1, batch])], 0);
    const isLast = tf.reshape(tf.sub(present, next), [time, batch, 1]);
    return tf.sum(tf.mul(tf.slice(outputs, [0, 0, 0], [time, batch, forwardSize]), isLast), 0);
  };
  return bidirectional ? tf.concat([forward(), at(0, forwardSize, size - forwardSize)], 1) : forward();
}

/** How much each step counts: [time, batch, 1], 1 over time. */
function attentionWeights(parameters: Parameters, outputs: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  const [time = 0, batch = 0] = outputs.shape;
  const hidden = tf.tanh(dense(outputs, parameter(parameters, 'kernel'), parameter(parameters, 'bias')));
  const scores = dense(hidden, parameter(parameters, 'score')); // [time, batch, 1]
  const reachable = mask === undefined ? scores : tf.add(scores, shortfall(mask));
  const weights = tf.softmax(tf.transpose(tf.reshape(reachable, [time, batch]))); // [batch, time]
  return tf.reshape(tf.transpose(weights), [time, batch, 1]);
}
