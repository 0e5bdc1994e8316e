/** Long work on the main thread, item by item, with a progress bar and turns for other events. */
import { startProgress } from './progress.js';
import { Turns } from './turns.js';

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
