/** The arithmetic of `kernel.wat` as functions. Vectors and lists are offsets in bytes into the memory they work on. */
import { bytes } from '#word2vec-kernel';

/** Lists hold `count` (at least 1) offsets or floats; vectors are `vectorBytes` long, a multiple of 16. */
export interface Kernel {
  /** results[k] = x · row[k] */
  dots(x: number, rows: number, results: number, count: number, vectorBytes: number): void;
  /** into += Σ factors[k] · row[k] */
  combine(into: number, rows: number, factors: number, count: number, vectorBytes: number): void;
  /** row[k] += factors[k] · x, one after the other */
  spread(x: number, rows: number, factors: number, count: number, vectorBytes: number): void;
}

/** The compiled module, which threads can be given. */
export function compileKernel(): WebAssembly.Module {
  return new WebAssembly.Module(bytes);
}
