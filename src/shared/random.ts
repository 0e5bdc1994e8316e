/**
 * Seeded randomness. `Random` (sfc32, Chris Doty-Humphrey, PractRand) drives everything that is decided in JavaScript;
 * `counterUniform` is a hash of (seed, index), so that masks can be made inside a compiled graph and come out the same
 * on every backend.
 */

/** The state of a generator, as it is written into a checkpoint. */
export type RandomState = readonly [number, number, number, number];

const WARM_UP_ROUNDS = 12;

/** A small fast generator with a state that can be saved and restored. */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.nextInt32();
  }

  static fromState(state: RandomState): Random {
    const random = new Random(0);
    [random.#a, random.#b, random.#c, random.#counter] = state;
    return random;
  }

  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** A uniform signed 32-bit integer. */
  nextInt32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return (this.nextInt32() >>> 0) / 0x1_0000_0000;
  }

  /** A uniform integer in [0, limit). */
  integer(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** A standard normal number (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let last = copy.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
    }
    return copy;
  }
}

/** The name of the kernel that computes `counterUniform` inside a graph; inputs `{seed}`, attributes
 * `{shape, begin}`: the indices begin … begin + size − 1, row by row. */
export const COUNTER_UNIFORM_KERNEL = 'CounterUniform';

/** Multipliers of the hash: the golden ratio, then those of MurmurHash3's finaliser (Appleby 2008). */
export const COUNTER_HASH = { step: 0x9e3779b1, first: 0x85ebca6b, second: 0xc2b2ae35 } as const;

/** Uniform in [0, 1), with 24 bits, for element `index` under an int32 `seed`. */
export function counterUniform(seed: number, index: number): number {
  let hash = (Math.imul(index, COUNTER_HASH.step) + seed) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), COUNTER_HASH.first);
  hash = Math.imul(hash ^ (hash >>> 13), COUNTER_HASH.second);
  return ((hash ^ (hash >>> 16)) >>> 8) / 0x100_0000;
}
