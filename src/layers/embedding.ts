/**
 * Word embeddings (Bengio et al. 2003): a table with one vector a word. The lookup is what multiplying a one-hot vector
 * with the table would give, forward and gradient (repeated words add up), without the one-hot vectors.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../shared/assert.js';
import { UserError } from '../shared/errors.js';
import type { HostTensor } from './parameters.js';

/**
 * The rows of `table` [vocabulary, features] at `ids` (int32, [...], each in [0, vocabulary)): [..., features].
 *
 * @example
 * const table = tf.tensor2d([[0, 0], [1, 10], [2, 20]]);
 * embed(table, tf.tensor1d([2, 0, 2], 'int32')).print(); // [[2, 20], [0, 0], [2, 20]]
 */
export function embed(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  assert(table.rank === 2, () => `an embedding table has 2 axes, not ${table.rank}`);
  assert(ids.dtype === 'int32', () => `ids must be int32, not ${ids.dtype}`);
  const [rows = 0] = table.shape;
  return rows <= MOST_ROWS_BY_PRODUCT ? embedFew(table, ids) : tf.gather(table, ids, 0);
}

/** Up to so many rows, adding up gradients is faster as a product with one-hot vectors: 66 rows, 6 times. */
const MOST_ROWS_BY_PRODUCT = 256;

/** The same, with the gradient onehot(ids)ᵀ dy. */
function embedFew(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const [rows = 0, features = 0] = table.shape;
  const lookUp = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([ids]);
    return {
      value: tf.gather(x as tf.Tensor, ids, 0),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const chosen = tf.oneHot(tf.reshape(saved[0] as tf.Tensor, [-1]), rows, 1, 0, 'float32'); // [ids, rows]
        return tf.matMul(chosen, tf.reshape(dy, [-1, features]), true, false);
      },
    };
  });
  return lookUp(table);
}

/** A table that begins with given vectors. */
export interface InitializedEmbedding {
  readonly table: HostTensor;
  /** How many words had a vector. */
  readonly found: number;
}

/**
 * A copy of `table` [vocabulary, features] in which row i is the vector of `tokens[i]`, where `vectors` has one; the
 * other rows stay as they are. Throws `UserError`, naming `where`, when a vector has another length than the rows.
 *
 * @example
 * const table = { shape: [2, 2], values: new Float32Array(4) };
 * initializeEmbedding(table, ['a', 'dog'], new Map([['dog', Float32Array.of(1, 2)]]), 'glove.txt').table.values; // 0 0 1 2
 */
export function initializeEmbedding(
  table: HostTensor,
  tokens: readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  where: string,
): InitializedEmbedding {
  const [vocabularySize = 0, size = 0] = table.shape;
  assert(tokens.length === vocabularySize, () => `${tokens.length} words for ${vocabularySize} rows`);
  const values = table.values.slice();
  let found = 0;
  tokens.forEach((token, row) => {
    const vector = vectors.get(token);
    if (vector === undefined) return;
    requireDimension(vector, size, where);
    values.set(vector, row * size);
    found++;
  });
  return { table: { shape: table.shape, values }, found };
}

function requireDimension(vector: Float32Array, size: number, where: string): void {
  if (vector.length === size) return;
  throw new UserError(
    `${where}: expected word vectors of ${size} numbers, the size of the model's embedding, found ${vector.length} ` +
      `(set the embedding size to ${vector.length}, or use other vectors)`,
  );
}
