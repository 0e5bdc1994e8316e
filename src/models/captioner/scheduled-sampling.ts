/**
 * Scheduled sampling (Bengio et al. 2015) in two passes (Mihaylova and Martins 2019): what the model would say after
 * each prefix of the true caption takes the place of some of its words, so that the model learns to go on from its own
 * words. The first pass has no gradient, for words are chosen, not computed.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dropoutStream, uniformNumbers } from '../../layers/dropout.js';
import type { Parameters } from '../../layers/parameters.js';
import type { CaptionerConfig } from './config.js';
import { captionerLogits } from './forward.js';
import { DROPOUT_STREAM } from './image.js';

/** Which words are replaced. */
export interface ScheduledSampling {
  /** The share of words that are replaced, a scalar in [0, 1]: a tensor, because it changes from step to step. */
  readonly probability: tf.Tensor;
  /** int32 scalar: equal seeds replace the same words. */
  readonly seed: tf.Tensor;
}

/** `compute` off the tape: what it gives has no gradient, whatever it reads. */
function withoutGradient(compute: (inputs: tf.Tensor) => tf.Tensor): (inputs: tf.Tensor) => tf.Tensor {
  return tf.customGrad((inputs) => ({ value: compute(inputs as tf.Tensor), gradFunc: (dy: tf.Tensor) => dy }));
}

/**
 * `inputs` (int32 [rows, time], START first) with words replaced by the likeliest after the words before them.
 * START and `paddingId` stay.
 */
export function replaceWords(
  config: CaptionerConfig,
  parameters: Parameters,
  { grid, inputs, paddingId }: { readonly grid: tf.Tensor; readonly inputs: tf.Tensor; readonly paddingId: number },
  { probability, seed }: ScheduledSampling,
): tf.Tensor {
  const [rows = 0, time = 0] = inputs.shape;
  const replace = withoutGradient((known) => {
    const said = tf.argMax(captionerLogits(config, parameters, { grid, tokens: known }), 2); // [rows, time]
    const start = tf.slice(known, [0, 0], [rows, 1]);
    const shifted = tf.concat([start, tf.slice(said, [0, 0], [rows, time - 1])], 1); // [rows, time]
    const chosen = tf.less(uniformNumbers([rows, time], dropoutStream(seed, DROPOUT_STREAM.words)), probability);
    const isWord = tf.notEqual(known, tf.scalar(paddingId, 'int32'));
    return tf.where(tf.logicalAnd(chosen, isWord), shifted, known);
  });
  return replace(inputs);
}
