/** A small recurrent model with random weights, once as tensors and once in plain JavaScript, to judge decoding by. */
import * as tf from '@tensorflow/tfjs-core';
import type { DecodingState, DecodingStep } from '../../src/decoding/index.js';
import { Random } from '../../src/shared/random.js';

const SIZE = 3;

export const START = 0;
export const END = 1;

/** h' = tanh(h A + E[token] + image), logits = 3 h' U. */
export interface ToyModel {
  readonly vocabulary: number;
  readonly step: DecodingStep;
  start(images: number): DecodingState;
  /** log P of each token after `tokens` (START not among them), for one image. */
  logProbabilities(image: number, tokens: readonly number[]): number[];
}

type Matrix = readonly (readonly number[])[];

function randomMatrix(rows: number, columns: number, random: Random): Matrix {
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(random.normal())));
}

function times(vector: readonly number[], matrix: Matrix): number[] {
  return (matrix[0] ?? []).map((_, column) =>
    vector.reduce((sum, value, row) => sum + value * (matrix[row]?.[column] ?? NaN), 0),
  );
}

export function createToyModel(vocabulary: number, seed: number): ToyModel {
  const random = new Random(seed);
  const recurrent = randomMatrix(SIZE, SIZE, random);
  const embedding = randomMatrix(vocabulary, SIZE, random);
  const output = randomMatrix(SIZE, vocabulary, random);
  const pictures = randomMatrix(64, SIZE, random);
  const tensor = (matrix: Matrix): tf.Tensor => tf.tensor2d(matrix.map((row) => [...row]));

  const step: DecodingStep = (tokens, { perRow, perImage }) => {
    const [hidden] = perRow as [tf.Tensor];
    const [image] = perImage as [tf.Tensor];
    const perPicture = tokens.size / (image.shape[0] ?? 1);
    const rows = Int32Array.from({ length: tokens.size }, (_, row) => Math.floor(row / perPicture));
    const seen = tf.gather(image, tf.tensor1d(rows, 'int32'));
    const input = tf.add(tf.gather(tensor(embedding), tokens), seen);
    const next = tf.tanh(tf.add(tf.matMul(hidden, tensor(recurrent)), input));
    const logits = tf.mul(tf.matMul(next, tensor(output)), tf.scalar(3));
    return { logits, state: { perRow: [next], perImage }, attention: tf.softmax(next) };
  };

  const logProbabilities = (image: number, tokens: readonly number[]): number[] => {
    let hidden = Array.from({ length: SIZE }, () => 0);
    for (const token of [START, ...tokens]) {
      const sums = times(hidden, recurrent);
      hidden = sums.map((sum, i) => Math.tanh(sum + (embedding[token]?.[i] ?? NaN) + (pictures[image]?.[i] ?? NaN)));
    }
    const logits = times(hidden, output).map((value) => 3 * value);
    const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    return logits.map((value) => value - total);
  };

  const start = (images: number): DecodingState => ({
    perRow: [tf.zeros([images, SIZE])],
    perImage: [tensor(pictures.slice(0, images))],
  });
  return { vocabulary, step, start, logProbabilities };
}
