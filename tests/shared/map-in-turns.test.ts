/** Long work lets other events have their turn, and ends when it is told to. */
import { expect, test } from 'vitest';
import { mapInTurns } from '../../src/shared/map-in-turns.js';

function busy(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('a timer goes off within long work, which gives its results in order', async () => {
  let at: number | undefined;
  let now = 0;
  setTimeout(() => (at = now), 0);
  const work = (number: number): number => {
    busy(5);
    return 2 * (now = number);
  };
  expect(await mapInTurns(20, work, { label: 'work' })).toEqual(Array.from({ length: 20 }, (_, number) => 2 * number));
  expect(at).toBeLessThan(19);
});

test('work that is stopped from a timer goes no further', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 0);
  const options = { label: 'work', signal: controller.signal };
  await expect(mapInTurns(1000, () => busy(5), options)).rejects.toThrow('enough');
});
