/** Decoding ahead: order, bounds, errors in their place, and work done while this thread is blocked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeAhead } from '../../src/media/decode-ahead.js';
import { ImageError } from '../../src/media/image.js';

const SQUASH = { size: 4, fit: 'squash', kernel: 'cubic' } as const;
const folder = mkdtempSync(join(tmpdir(), 'looksay-ahead-'));
const COUNT = 40;
const photos = Array.from({ length: COUNT }, (_, i) => join(folder, `${i}.png`));

beforeAll(async () => {
  for (const [i, path] of photos.entries()) {
    // Sizes differ, so that later ones may be done first.
    const side = i % 3 === 0 ? 900 : 5;
    await sharp({ create: { width: side, height: side, channels: 3, background: { r: i, g: 0, b: 0 } } })
      .png()
      .toFile(path);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('decodeAhead', () => {
  it('yields every picture in order, errors in their place', async () => {
    const broken = join(folder, 'broken.png');
    writeFileSync(broken, 'x');
    const inputs = [
      ...photos.slice(0, 5),
      broken,
      { path: 'given', error: new ImageError('given', 'was wrong before') },
      ...photos.slice(5),
    ];
    const seen: (number | string | undefined)[] = [];
    for await (const { pixels, error } of decodeAhead(inputs, SQUASH, { concurrency: 3 }))
      seen.push(pixels?.[0] ?? error?.reason);
    expect(seen.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(seen[5]).toContain('is not an image');
    expect(seen[6]).toBe('was wrong before');
    expect(seen.slice(7)).toEqual(photos.slice(5).map((_, i) => i + 5));
  });

  it.each([1, 4, 100])('holds no more than %i pictures', async (concurrency) => {
    let taken = 0;
    let most = 0;
    let started = 0;
    const counted = (function* () {
      for (const path of photos) {
        started++;
        most = Math.max(most, started - taken);
        yield path;
      }
    })();
    for await (const { error } of decodeAhead(counted, SQUASH, { concurrency })) {
      expect(error).toBeUndefined();
      taken++;
    }
    expect(taken).toBe(COUNT);
    expect(most).toBeLessThanOrEqual(concurrency + 1); // one is with the consumer
  });

  it('can be left early', async () => {
    for await (const { path } of decodeAhead(photos, SQUASH)) {
      if (path === photos[2]) break;
    }
    expect(sharp.counters()).toEqual({ queue: 0, process: 0 });
  });

  it('passes the limit on', async () => {
    for await (const { error } of decodeAhead(photos.slice(0, 1), SQUASH, { limitPixels: 1000 })) {
      expect(error?.reason).toContain('too large: 900 x 900');
    }
  });

  it('decodes while this thread is blocked', async () => {
    const pictures = decodeAhead(photos, SQUASH, { concurrency: COUNT });
    const first = pictures.next(); // starts all
    const started = sharp.counters();
    // What is decoded already counts as in process until this thread takes it.
    expect(started.queue + started.process).toBeGreaterThan(COUNT / 2);
    const deadline = performance.now() + 10_000;
    while (sharp.counters().queue > 0 && performance.now() < deadline); // no turn of the event loop
    expect(sharp.counters().queue).toBe(0);
    let count = (await first).done === true ? 0 : 1;
    for await (const { pixels } of pictures) count += pixels === undefined ? 0 : 1;
    expect(count).toBe(COUNT);
  });
});
