/** Photos for calls of a captioner that overlap: read once where that serves, and given back when nobody looks at them. */
import { expect, test } from 'vitest';
import type { ConsensusOptions, ConsensusPhotos } from '../../../src/tasks/caption/consensus.js';
import { ConsensusPhotoCache } from '../../../src/tasks/caption/consensus-photos.js';

const of = (images: string): ConsensusOptions => ({ sources: [{ images, captions: 'captions.csv' }] });

/** A cache that says what was read and given back, by the folder of the photos. */
function observedCache(): { readonly cache: ConsensusPhotoCache; readonly events: string[] } {
  const events: string[] = [];
  const cache = new ConsensusPhotoCache(({ sources: [source] }) => {
    const name = source?.images ?? '';
    events.push(`read ${name}`);
    const photos: ConsensusPhotos = {
      near: () => Promise.resolve([]),
      dispose: () => void events.push(`dispose ${name}`),
    };
    return Promise.resolve(photos);
  });
  return { cache, events };
}

test('the same photos are read once, and kept between calls', async () => {
  const { cache, events } = observedCache();
  const first = await cache.acquire(of('a'));
  const second = await cache.acquire(of('a'));
  expect(second.photos).toBe(first.photos);
  first.release();
  second.release();
  await cache.acquire(of('a'));
  expect(events).toEqual(['read a']);
});

test('others take the place of photos that nobody looks at', async () => {
  const { cache, events } = observedCache();
  (await cache.acquire(of('a'))).release();
  await cache.acquire(of('b'));
  expect(events).toEqual(['read a', 'dispose a', 'read b']);
});

test('photos that a call looks at stay until it ends, whatever others ask for', async () => {
  const { cache, events } = observedCache();
  const first = await cache.acquire(of('a'));
  const second = await cache.acquire(of('b'));
  expect(events).toEqual(['read a', 'read b']);
  first.release();
  expect(events.at(-1)).toBe('dispose a');
  second.release();
  cache.dispose();
  expect(events.slice(2)).toEqual(['dispose a', 'dispose b']);
});

test('two calls that read the same at once give both back', async () => {
  const { cache, events } = observedCache();
  const [first, second] = await Promise.all([cache.acquire(of('a')), cache.acquire(of('a'))]);
  first.release();
  second.release();
  cache.dispose();
  expect(events).toEqual(['read a', 'read a', 'dispose a', 'dispose a']);
});
