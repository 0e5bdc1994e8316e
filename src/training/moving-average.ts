/**
 * The exponential moving average of weights over training steps (Polyak and Juditsky 1992), which scores better than the
 * weights of any one step and makes the choice of the last learning rate matter less.
 *
 *     a ← a + (1 − d) (w − a)        d = min(decay, (1 + t) / (10 + t)) at step t, so that the start is soon forgotten
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert, defined } from '../shared/assert.js';
import { assignWeights, type HostTensors, readTensors, type TrainableParameters } from './parameters.js';

/** Averages of one set of variables. It owns them: `dispose` it at the end. */
export class MovingAverage {
  readonly #parameters: TrainableParameters;
  readonly #averages: TrainableParameters;
  readonly #decay: number;

  /** @param decay in (0, 1): the average reaches back about 1 / (1 − decay) steps */
  constructor(parameters: TrainableParameters, decay: number) {
    assert(
      decay > 0 && decay < 1,
      () => `decay of the moving average: expected a number between 0 and 1, got ${decay}`,
    );
    this.#parameters = parameters;
    this.#decay = decay;
    this.#averages = tf.tidy(() =>
      Object.fromEntries(
        Object.entries(parameters).map(([name, variable]) => [name, tf.variable(variable.clone(), false)]),
      ),
    );
  }

  /** Takes the weights as they are after step `step` (counted from 1) into account; call it inside `tf.tidy`. */
  update(step: number): void {
    const decay = Math.min(this.#decay, (1 + step) / (10 + step));
    const rate = tf.scalar(1 - decay);
    for (const [name, variable] of Object.entries(this.#parameters)) {
      const average = defined(this.#averages[name], name);
      average.assign(tf.add(average, tf.mul(tf.sub(variable, average), rate)));
    }
  }

  /** Runs `work` while the variables hold their averages, then gives them their own values back. Copies nothing. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const own = Object.entries(this.#parameters).map(([name, variable]) => {
      const value = variable.clone();
      variable.assign(defined(this.#averages[name], name));
      return { variable, value };
    });
    try {
      return await work();
    } finally {
      for (const { variable, value } of own) variable.assign(value);
      tf.dispose(own.map(({ value }) => value));
    }
  }

  /** The averages on the host, exact. */
  state(): Promise<HostTensors> {
    return readTensors(this.#averages);
  }

  /** Takes over the `state` of the same parameters. */
  restore(state: HostTensors): void {
    assignWeights(this.#averages, state);
  }

  dispose(): void {
    tf.dispose(Object.values(this.#averages));
  }
}
