/** When groups are full, when they are given early, and that errors come through them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { groupsOf } from '../../src/shared/groups.js';

async function* source(delays: readonly number[]): AsyncGenerator<number> {
  for (const [index, delay] of delays.entries()) {
    if (delay > 0) await sleep(delay);
    yield index;
  }
}

async function all(items: AsyncIterable<readonly number[]>): Promise<(readonly number[])[]> {
  const groups: (readonly number[])[] = [];
  for await (const group of items) groups.push(group);
  return groups;
}

test('groups are full while much is there, and given early when the source hesitates', async () => {
  expect(await all(groupsOf(source([0, 0, 0, 0, 0]), { most: 2, patience: 1000 }))).toEqual([[0, 1], [2, 3], [4]]);
  expect(await all(groupsOf(source([0, 0, 300, 0]), { most: 10, patience: 10 }))).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(await all(groupsOf(source([]), { most: 2, patience: 10 }))).toEqual([]);
});

test('an error of the source comes through', async () => {
  const failing = async function* (): AsyncGenerator<number> {
    yield 1;
    await sleep(1);
    throw new Error('gone');
  };
  await expect(all(groupsOf(failing(), { most: 5, patience: 1000 }))).rejects.toThrow('gone');
});
