/**
 * Which words people would use of a photo: a linear map from what an encoder says of it to the mean tf-idf vector of the
 * captions that people would write, found by ridge regression. Detectors of words serve Fang et al. 2015 ("From captions to
 * visual concepts and back") to choose among the captions that a language model proposes; so do these.
 */
import * as tf from '@tensorflow/tfjs-core';
import { dense } from '../../layers/dense.js';
import { parameter, type Parameters, type ParameterShapes } from '../../layers/parameters.js';
import { fieldReader, requireFields, requireNames } from '../../shared/fields.js';

export { RidgeRegression, type RidgeSolution } from './ridge.js';

export interface ExpectedWordsConfig {
  /** Channels of the encoder's features. */
  readonly featureSize: number;
  /** Words that it tells of. */
  readonly words: number;
}

/** The names and shapes of the weights. */
export function expectedWordsShapes({ featureSize, words }: ExpectedWordsConfig): ParameterShapes {
  return { mean: [featureSize], kernel: [featureSize, words], bias: [words] };
}

/** Throws `UserError` with `where`, the field, what was expected and what was found, unless `value` is a whole config. */
export function validateExpectedWordsConfig(value: unknown, where: string): ExpectedWordsConfig {
  const fields = requireFields(value, where);
  requireNames(fields, ['featureSize', 'words'], where);
  const reader = fieldReader(fields, where);
  return { featureSize: reader.integer('featureSize', 1), words: reader.integer('words', 1) };
}

/** Of pooled features [n, c], about 0 to 1 for each word: its share in what people say, [n, words]. */
export function expectWords(parameters: Parameters, pooled: tf.Tensor): tf.Tensor {
  const centred = tf.sub(pooled, parameter(parameters, 'mean'));
  return dense(centred, parameter(parameters, 'kernel'), parameter(parameters, 'bias'));
}
