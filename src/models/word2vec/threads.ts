/**
 * Trains in several threads. A job is taken by whichever thread is free; with one thread they are done in order, and the
 * result is the same in every run.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { compileKernel } from './kernel.js';
import type { SharedTraining } from './negative-sampling.js';
import { CONTROL_LENGTH, NEXT_JOB, STOP, type ThreadMessage, type ThreadStart } from './thread-messages.js';

export interface RunJobsOptions {
  readonly from: number;
  /** Behind the last job. */
  readonly until: number;
  /** Aborting it finishes the jobs under way and takes no more. */
  readonly signal?: AbortSignal;
  /** Called a few times a second with the number of jobs that have been taken. */
  readonly onProgress?: (jobs: number) => void;
}

const PROGRESS_MILLISECONDS = 250;

const FROM_SOURCES = import.meta.url.endsWith('.ts');
const SCRIPT = new URL(FROM_SOURCES ? './worker-from-sources.mjs' : './worker.js', import.meta.url);

/** Threads that wait for jobs; `close` ends them. */
export class TrainingThreads {
  readonly #control = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * CONTROL_LENGTH));
  readonly #workers: readonly Worker[];

  /** As many as the memory of `training` has places for. */
  constructor({ text, recipe, layout, memory }: SharedTraining) {
    const training: SharedTraining = { text, recipe, layout, memory };
    const kernelModule = compileKernel();
    this.#workers = Array.from({ length: layout.threads }, (_, thread) => {
      const workerData: ThreadStart = { training, kernelModule, thread, control: this.#control };
      return new Worker(SCRIPT, { workerData });
    });
  }

  /** Does the jobs from `from` to `until`. Returns the first that is not done: `until`, or less when aborted. */
  async run({ from, until, signal, onProgress }: RunJobsOptions): Promise<number> {
    const control = this.#control;
    Atomics.store(control, NEXT_JOB, from);
    Atomics.store(control, STOP, 0);
    const taken = (): number => Math.min(until, Atomics.load(control, NEXT_JOB));
    const stop = (): void => void Atomics.store(control, STOP, 1);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    const timer = setInterval(() => onProgress?.(taken()), PROGRESS_MILLISECONDS);
    try {
      await Promise.all(this.#workers.map((worker) => runIn(worker, { until })));
      onProgress?.(taken());
      return taken();
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** Resolves when the thread has no more jobs; rejects with what it throws. */
async function runIn(worker: Worker, message: ThreadMessage): Promise<void> {
  worker.postMessage(message);
  await once(worker, 'message');
}
