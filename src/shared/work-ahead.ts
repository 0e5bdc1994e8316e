/** Work on the next items while the consumer is busy with this one. */

/**
 * Starts `work` on `items` and yields the results in their order. No more than `concurrency` of them are under way or
 * wait to be taken, however many items there are. What was started is awaited when the consumer leaves early.
 */
export async function* workAhead<Item, Result>(
  items: Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const waiting = items[Symbol.iterator]();
  const started: Promise<Result>[] = [];
  const startMore = (): void => {
    while (started.length < Math.max(1, concurrency)) {
      const next = waiting.next();
      if (next.done === true) return;
      const result = work(next.value);
      result.catch(() => undefined); // it is reported when its turn comes
      started.push(result);
    }
  };
  try {
    for (startMore(); started[0] !== undefined; startMore()) {
      const result = await started[0];
      void started.shift();
      startMore(); // before the consumer goes to work on this one
      yield result;
    }
  } finally {
    await Promise.allSettled(started);
  }
}
