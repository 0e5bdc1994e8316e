/** Weights of a model that was trained, for a vocabulary that has more tokens than the one that it was trained with. */
import { assert } from '../shared/assert.js';
import { type HostTensor, sizeOf } from './parameters.js';

export interface GrownVocabulary {
  /** Tokens that there are now; those before come first, in their order. */
  readonly vocabularySize: number;
  /** The token that stood for all that were not known: what is new starts as it is. */
  readonly unknownId: number;
}

/**
 * `table` [tokens before, …] with rows for those that are new, which are the row of the unknown token.
 *
 * @example
 * const table = { shape: [2, 1], values: Float32Array.of(5, 6) };
 * grownTable(table, { vocabularySize: 4, unknownId: 0 }).values; // 5 6 5 5
 */
export function grownTable(table: HostTensor, { vocabularySize, unknownId }: GrownVocabulary): HostTensor {
  const [before = 0, ...rest] = table.shape;
  assert(vocabularySize >= before, () => `a vocabulary of ${before} does not grow to ${vocabularySize}`);
  const length = sizeOf(rest);
  const values = new Float32Array(vocabularySize * length);
  values.set(table.values);
  const unknown = table.values.subarray(unknownId * length, (unknownId + 1) * length);
  for (let row = before; row < vocabularySize; row++) values.set(unknown, row * length);
  return { shape: [vocabularySize, ...rest], values };
}

/**
 * `bias` [tokens before] of the logits of tokens with those that are new: together they are as probable as the unknown token,
 * each as the others.
 */
export function grownOutputBias(bias: HostTensor, grown: GrownVocabulary): HostTensor {
  const [before = 0] = bias.shape;
  const { shape, values } = grownTable(bias, grown);
  const added = grown.vocabularySize - before;
  return { shape, values: values.map((value, row) => (row < before ? value : value - Math.log(added))) };
}

/** Which weights of a model have a row for each token. */
export interface TokenWeights {
  readonly tables: readonly string[];
  readonly outputBias?: string;
}

/** `weights` for more tokens: those that have a row for each grow, the others are as they are. */
export function grownWeights(
  weights: Readonly<Record<string, HostTensor>>,
  { tables, outputBias }: TokenWeights,
  grown: GrownVocabulary,
): Record<string, HostTensor> {
  const grow = (name: string, tensor: HostTensor): HostTensor => {
    if (name === outputBias) return grownOutputBias(tensor, grown);
    return tables.includes(name) ? grownTable(tensor, grown) : tensor;
  };
  return Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, grow(name, tensor)]));
}
