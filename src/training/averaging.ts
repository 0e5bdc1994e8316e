/**
 * The mean of the weights of several checkpoints of one run, which often generalises better than each of them
 * (Polyak and Juditsky 1992; Vaswani et al. 2017, section 6.1, average their last checkpoints).
 */
import { assert, defined } from '../shared/assert.js';
import { mapValues, type HostTensors } from './parameters.js';
import { requireShapes, shapesOf } from './weights.js';

/**
 * The mean of each weight over `all`, computed in double precision.
 * @param all at least one set of weights, all with the same names and shapes
 * Throws `UserError` if names or shapes differ.
 */
export function averageWeights(all: readonly HostTensors[]): HostTensors {
  const [first] = all;
  assert(first !== undefined, 'averageWeights needs at least one set of weights');
  const shapes = shapesOf(first);
  all.forEach((weights, index) => requireShapes(`weights ${index + 1}`, shapesOf(weights), shapes));
  return mapValues(first, ({ shape, values }, name) => {
    const sums = new Float64Array(values.length);
    for (const weights of all) {
      defined(weights[name], name).values.forEach((value, index) => (sums[index] = (sums[index] ?? 0) + value));
    }
    return { shape, values: Float32Array.from(sums, (sum) => sum / all.length) };
  });
}
