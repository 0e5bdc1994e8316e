/**
 * Ridge regression (Hoerl and Kennard 1970) of many outputs at once: y ≈ (x − mean x) K + mean y, where K has the least
 * squared error plus λ‖K‖². Only sums over the examples are kept, so memory does not grow with their number; K is found by
 * conjugate gradients (Hestenes and Stiefel 1952), all columns side by side.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../shared/assert.js';
import type { HostTensor } from '../../shared/host-tensor.js';

/** The solution on the host: `mean` [inputs], `kernel` [inputs, outputs], `bias` [outputs]. */
export type RidgeSolution = Readonly<Record<'mean' | 'kernel' | 'bias', HostTensor>>;

export interface RidgeOptions {
  /** λ in units of the inputs' mean variance, above 0. */
  readonly ridge: number;
  /** Where to stop: the largest squared residual of a column, as a share of what it was. */
  readonly tolerance?: number;
}

const MOST_STEPS = 500;
/** A thousandth of a column's length. */
const TOLERANCE = 1e-6;

/**
 * @example
 * const regression = new RidgeRegression(1280, 500);
 * for (const { x, y } of batches) regression.add(x, y);
 * const { kernel } = await regression.solve({ ridge: 0.2 });
 * regression.dispose();
 */
export class RidgeRegression {
  #count = 0;
  #sums: { readonly xx: tf.Tensor; readonly xy: tf.Tensor; readonly x: tf.Tensor; readonly y: tf.Tensor };

  constructor(inputs: number, outputs: number) {
    const zeros = (shape: [number, number]): tf.Tensor => tf.zeros(shape);
    this.#sums = {
      xx: zeros([inputs, inputs]),
      xy: zeros([inputs, outputs]),
      x: zeros([1, inputs]),
      y: zeros([1, outputs]),
    };
  }

  /** Adds examples: `x` [n, inputs] with `y` [n, outputs]. They stay with the caller. */
  add(x: tf.Tensor2D, y: tf.Tensor2D): void {
    const before = this.#sums;
    this.#sums = tf.tidy(() => ({
      xx: tf.add(before.xx, tf.matMul(x, x, true)),
      xy: tf.add(before.xy, tf.matMul(x, y, true)),
      x: tf.add(before.x, tf.sum(x, 0, true)),
      y: tf.add(before.y, tf.sum(y, 0, true)),
    }));
    tf.dispose(Object.values(before));
    this.#count += x.shape[0];
  }

  /** The map of the examples added so far, of which there must be one. */
  async solve({ ridge, tolerance = TOLERANCE }: RidgeOptions): Promise<RidgeSolution> {
    assert(this.#count > 0 && ridge > 0, () => `a ridge regression of ${this.#count} examples with λ = ${ridge}`);
    const { matrix, right, mean, bias } = tf.tidy(() => this.#normalEquations(ridge));
    const kernel = await conjugateGradients(matrix, right, tolerance);
    const read = async (tensor: tf.Tensor): Promise<HostTensor> => ({
      shape: tensor.shape,
      values: Float32Array.from(await tensor.data()),
    });
    try {
      return { mean: await read(mean), kernel: await read(kernel), bias: await read(bias) };
    } finally {
      tf.dispose([matrix, right, mean, bias, kernel]);
    }
  }

  /** Covariances, with λ on the diagonal, and the means. */
  #normalEquations(ridge: number) {
    const { xx, xy, x, y } = this.#sums;
    const mean = tf.div(x, this.#count);
    const bias = tf.div(y, this.#count);
    const covariance = tf.sub(tf.div(xx, this.#count), tf.matMul(mean, mean, true));
    const right = tf.sub(tf.div(xy, this.#count), tf.matMul(mean, bias, true));
    const identity = tf.eye(covariance.shape[0] as number);
    const variance = tf.mean(tf.sum(tf.mul(covariance, identity), 0));
    // Where nothing varies, any λ above 0 gives 0.
    const lambda = tf.maximum(tf.mul(variance, ridge), Number.EPSILON);
    return {
      matrix: tf.add(covariance, tf.mul(identity, lambda)),
      right,
      mean: tf.squeeze(mean, [0]),
      bias: tf.squeeze(bias, [0]),
    };
  }

  dispose(): void {
    tf.dispose(Object.values(this.#sums));
  }
}

/** The columns' steps so far: x, what is left of b − A x, and the direction of the next step. */
interface Steps {
  readonly x: tf.Tensor;
  readonly residual: tf.Tensor;
  readonly direction: tf.Tensor;
  /** [1, columns] */
  readonly squared: tf.Tensor;
}

/** x with A x = b, for a symmetric positive `matrix` A [n, n] and each column of `right` [n, columns]. */
async function conjugateGradients(matrix: tf.Tensor, right: tf.Tensor, tolerance: number): Promise<tf.Tensor> {
  const squares = (tensor: tf.Tensor): tf.Tensor => tf.sum(tf.square(tensor), 0, true);
  const begin = tf.tidy(() => squares(right));
  let steps: Steps = {
    x: tf.zerosLike(right),
    residual: right.clone(),
    direction: right.clone(),
    squared: begin.clone(),
  };
  for (let step = 0; step < MOST_STEPS; step++) {
    const { next, left } = tf.tidy(() => {
      const { x, residual, direction, squared } = steps;
      const image = tf.matMul(matrix, direction);
      const length = tf.divNoNan(squared, tf.sum(tf.mul(direction, image), 0, true));
      const rest = tf.sub(residual, tf.mul(image, length));
      const now = squares(rest);
      const turned = tf.add(rest, tf.mul(direction, tf.divNoNan(now, squared)));
      const moved = { x: tf.add(x, tf.mul(direction, length)), residual: rest, direction: turned, squared: now };
      return { next: moved, left: tf.max(tf.divNoNan(now, begin)) };
    });
    tf.dispose([steps.x, steps.residual, steps.direction, steps.squared]);
    steps = next;
    const [share = 0] = await left.data();
    left.dispose();
    if (share < tolerance) break;
  }
  tf.dispose([begin, steps.residual, steps.direction, steps.squared]);
  return steps.x;
}
