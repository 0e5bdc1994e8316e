/** The state of a model that reads on from batch to batch: kept out of the graph of one step, fed to that of the next. */
import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModelState } from '../../models/language-model/index.js';
import type { CarriedTensors } from '../../training/fit.js';
import type { HostTensors } from '../../training/parameters.js';

export class CarriedState implements CarriedTensors {
  #current: readonly tf.Tensor[] | undefined;
  #next: readonly tf.Tensor[] | undefined;

  /** What the last batch left, if anything. */
  get current(): LanguageModelState | undefined {
    return this.#current;
  }

  /** Keeps the state at the end of the batch under way. */
  keep(state: LanguageModelState): void {
    this.#next = state.map((tensor) => tf.keep(tensor));
  }

  /** Goes on to the next batch; call it when the step is done. */
  advance(): void {
    this.#replace(this.#next);
  }

  /** Forgets everything. */
  reset(): void {
    tf.dispose([...(this.#next ?? [])]);
    this.#replace(undefined);
  }

  async read(): Promise<HostTensors> {
    // A step may be done whose batch has not been followed by another.
    const states = this.#next ?? this.#current ?? [];
    const read = await Promise.all(
      states.map(async (tensor, index) => {
        const host = { shape: tensor.shape, values: Float32Array.from(await tensor.data()) };
        return [`state${index}-${tensor.dtype}`, host] as const;
      }),
    );
    return Object.fromEntries(read);
  }

  restore(tensors: HostTensors): void {
    this.reset();
    const names = Object.keys(tensors).sort();
    if (names.length === 0) return;
    this.#current = names.map((name) => {
      const { shape, values } = tensors[name] as HostTensors[string];
      return tf.tensor(values, [...shape], name.endsWith('int32') ? 'int32' : 'float32');
    });
  }

  #replace(state: readonly tf.Tensor[] | undefined): void {
    tf.dispose([...(this.#current ?? [])]);
    this.#current = state;
    this.#next = undefined;
  }
}
