/**
 * The loss of a video classifier: label-smoothed cross entropy (Szegedy et al. 2016) of the clip, and of each frame, so
 * that the frames' probabilities mean something too.
 */
import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../../layers/cross-entropy.js';
import type { Parameters } from '../../layers/parameters.js';
import type { ClipReaderTraining } from '../clip-reader/index.js';
import type { VideoClassifierConfig } from './config.js';
import { classifierHidden, outputLayerOf } from './forward.js';

/** Clips with labels. */
export interface VideoClassifierBatch {
  /** [n, time, positions, channels]. */
  readonly features: tf.Tensor;
  /** int32 [n]. */
  readonly labels: tf.Tensor;
  /** int32 [n, time]: what each frame shows. */
  readonly frameLabels: tf.Tensor;
  /** Factors of the clips' losses [n]: class weights, 0 for clips that show several classes. */
  readonly weights: tf.Tensor;
  /** Factors of the losses of each clip's frames [n]. */
  readonly frameWeights: tf.Tensor;
}

/** What belongs to the loss of a clip. */
export interface VideoClassifierLossOptions {
  readonly labelSmoothing: number;
  /** Factor of the frames' mean loss. Without order it is all there is, and counts once. */
  readonly frameLoss: number;
  readonly training?: ClipReaderTraining;
}

/** What to minimise, a scalar. */
export function videoClassifierLoss(
  config: VideoClassifierConfig,
  parameters: Parameters,
  batch: VideoClassifierBatch,
  { labelSmoothing, frameLoss, training }: VideoClassifierLossOptions,
): tf.Scalar {
  const [n = 0, time = 0] = batch.frameLabels.shape;
  const output = outputLayerOf(parameters);
  const { clip, frames } = classifierHidden(config, parameters, batch.features, training);
  const ofFrames = (): tf.Scalar => {
    const labels = tf.reshape(tf.transpose(batch.frameLabels), [time * n]); // [time·n]
    const each = crossEntropy(frames, output, labels, labelSmoothing); // [time·n]
    return tf.mean(tf.mul(each, tf.tile(batch.frameWeights, [time])));
  };
  if (clip === undefined) return ofFrames();
  const ofClips: tf.Scalar = tf.mean(tf.mul(crossEntropy(clip, output, batch.labels, labelSmoothing), batch.weights));
  return frameLoss === 0 ? ofClips : tf.add(ofClips, tf.mul(ofFrames(), tf.scalar(frameLoss)));
}
