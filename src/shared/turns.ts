/** Turns for other events in long work on the main thread: without them nothing could interrupt it, not even Ctrl-C. */
import { setImmediate } from 'node:timers/promises';

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
