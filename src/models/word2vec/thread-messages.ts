/** What the threads of a training are given, and the numbers that they share. */
import type { SharedTraining } from './negative-sampling.js';

/** Indices of the shared numbers: the job that is taken next, and 1 to take no more. */
export const NEXT_JOB = 0;
export const STOP = 1;
export const CONTROL_LENGTH = 2;

/** What a thread starts with. */
export interface ThreadStart {
  readonly training: SharedTraining;
  readonly kernelModule: WebAssembly.Module;
  readonly thread: number;
  /** On shared memory: [CONTROL_LENGTH]. */
  readonly control: Int32Array;
}

/** Take the jobs before this one. */
export interface ThreadMessage {
  readonly until: number;
}
