/** Captioners of a few hundred weights, of every kind. */
import * as tf from '@tensorflow/tfjs-core';
import { CELL_KINDS } from '../../../src/layers/cells.js';
import {
  type CaptionerConfig,
  captionerDefaults,
  createCaptionerParameters,
  CAPTIONER_ENTRIES,
} from '../../../src/models/captioner/index.js';
import { Random } from '../../../src/shared/random.js';
import { toTensors } from '../../layers/helpers/numeric.js';

export const TINY: CaptionerConfig = {
  ...captionerDefaults,
  layers: 1,
  hiddenSize: 6,
  embeddingSize: 5,
  vocabularySize: 9,
  featureSize: 4,
  gridLength: 3,
  featureProjection: 7,
  attentionSize: 4,
  dropout: { embedding: 0, features: 0, layers: 0, output: 0 },
};

/** Every cell with every entry, and every entry with a readout of the state alone. */
export const ALL_CONFIGS: readonly (readonly [string, CaptionerConfig])[] = CAPTIONER_ENTRIES.flatMap((entry) => [
  ...CELL_KINDS.map((cell) => [`${entry} ${cell}`, { ...TINY, entry, cell }] as const),
  [`${entry} gru state`, { ...TINY, entry, cell: 'gru', readout: 'state' }] as const,
]);

/** Weights of a tiny captioner, larger than usual so that everything has an effect; the biases too. */
export function tinyParameters(config: CaptionerConfig, seed = 1): Record<string, tf.Tensor> {
  const random = new Random(seed);
  const weights = createCaptionerParameters(config, random);
  for (const { values } of Object.values(weights)) {
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + 0.4 * random.normal();
  }
  return toTensors(weights);
}

export function tinyGrid(images: number, config: CaptionerConfig = TINY, seed = 2): tf.Tensor {
  return tf.randomUniform([images, config.gridLength, config.featureSize], 0, 2, 'float32', seed);
}
