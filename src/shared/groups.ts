/** Groups of what comes one by one, for work that is faster on many at once. */

export interface GroupOptions {
  /** Items of a group at most. */
  readonly most: number;
  /** A group that nothing has been added to for so many milliseconds is given as it is. */
  readonly patience: number;
}

/**
 * The items of `source` in groups, in order: full ones while much is there, small ones when the source hesitates (a person
 * who types, say). Reads ahead of what is taken by one item at most.
 */
export async function* groupsOf<T>(
  source: AsyncIterable<T>,
  { most, patience }: GroupOptions,
): AsyncGenerator<readonly T[]> {
  const iterator = source[Symbol.asyncIterator]();
  let group: T[] = [];
  let next = iterator.next();
  try {
    for (;;) {
      const result = group.length === 0 ? await next : await within(next, patience);
      if (result === 'late') {
        yield group;
        group = [];
        continue;
      }
      if (result.done === true) break;
      group.push(result.value);
      if (group.length === most) {
        yield group;
        group = [];
      }
      next = iterator.next();
    }
    if (group.length > 0) yield group;
  } finally {
    // What was asked for ahead may fail when nobody waits for it any more.
    next.catch(() => undefined);
    await iterator.return?.(undefined);
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
