/** Turns for other events in long work on the main thread: without them nothing could interrupt it, not even Ctrl-C. */
import { setImmediate } from 'node:timers/promises';
import { startProgress } from './progress.js';

/** For so long timers, input and signals may have to wait. */
const TURN_MILLISECONDS = 20;

/** When other events last had their turn. */
export class Turns {
  #last = performance.now();

  /** Lets them have it if they have waited for long. */
  async pass(): Promise<void> {
    if (performance.now() - this.#last < TURN_MILLISECONDS) return;
    await setImmediate();
    this.#last = performance.now();
  }
}

/** What the progress bar of work says, and what ends it before its time. */
export interface TurnsOptions {
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/** What `work` gives for each number below `count`. Throws the signal's reason when it is aborted meanwhile. */
export async function mapInTurns<T>(
  count: number,
  work: (number: number) => T,
  { label, signal }: TurnsOptions,
): Promise<T[]> {
  const results: T[] = [];
  const turns = new Turns();
  const progress = startProgress(label, count);
  try {
    for (let number = 0; number < count; number++) {
      signal?.throwIfAborted();
      results.push(work(number));
      progress.advance(1);
      await turns.pass();
    }
  } finally {
    progress.stop();
  }
  return results;
}
