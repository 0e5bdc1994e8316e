/** The feature cache: what goes in comes out, damage is noticed, and processes can share it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheDirectory } from '../../src/datasets/cache-directory.js';
import { type FeatureCache, keptFeatures, openFeatureCache } from '../../src/datasets/feature-cache.js';
import { PREPARATION_VERSION } from '../../src/media/preprocessing.js';
import { UserError } from '../../src/shared/errors.js';

const LENGTH = 100;
const root = mkdtempSync(join(tmpdir(), 'looksay-cache-'));
afterAll(() => rmSync(root, { recursive: true }));
let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(root, 'cache-'));
});

function photo(name: string, content = name): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const open = (encoder = 'mobilenet'): Promise<FeatureCache> => openFeatureCache({ directory, encoder, featureLength: LENGTH });
const features = (start: number): Float32Array => Float32Array.from({ length: LENGTH }, (_, i) => start + i / 4);

/** The files of entries, whole or half-written. */
function files(cache: FeatureCache): string[] {
  return readdirSync(cache.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(cache.folder, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith('about.json'));
}

describe('FeatureCache', () => {
  it('gives back what was written, at the place asked for', async () => {
    const cache = await open();
    const [a, b] = [photo('a.jpg'), photo('b.jpg')];
    expect(cache.has(a)).toBe(false);
    expect(cache.read(a, new Float32Array(LENGTH))).toBe(false);
    const values = features(1);
    const writing = cache.write(a, values);
    values.fill(0);
    await writing;
    await cache.write(b, features(30));
    expect([cache.has(a), cache.has(b)]).toEqual([true, true]);
    const into = new Float32Array(2 * LENGTH + 1);
    expect([cache.read(b, into, 0), cache.read(a, into, LENGTH)]).toEqual([true, true]);
    expect(into).toEqual(Float32Array.of(...features(30), ...features(1), 0));
    expect(JSON.parse(readFileSync(join(cache.folder, 'about.json'), 'utf8'))).toEqual({
      encoder: 'mobilenet',
      featureLength: LENGTH,
      preparation: PREPARATION_VERSION,
    });
  });

  it('goes on where an earlier process was, for the same encoder only', async () => {
    const a = photo('a.jpg');
    await (await open()).write(a, features(1));
    expect((await open()).has(a)).toBe(true);
    expect((await open('another')).has(a)).toBe(false);
    expect((await openFeatureCache({ directory, encoder: 'mobilenet', featureLength: LENGTH + 1 })).has(a)).toBe(false);
  });

  it('does not give what was made of pictures prepared in another way', async () => {
    const a = photo('a.jpg');
    await (await open()).write(a, features(1));
    vi.resetModules();
    vi.doMock('../../src/media/preprocessing.js', () => ({ PREPARATION_VERSION: PREPARATION_VERSION + 1 }));
    const later = await import('../../src/datasets/feature-cache.js');
    vi.doUnmock('../../src/media/preprocessing.js');
    const cache = await later.openFeatureCache({ directory, encoder: 'mobilenet', featureLength: LENGTH });
    expect(cache.has(a)).toBe(false);
    expect((await open()).has(a)).toBe(true);
  });

  it('knows a changed photo for another', async () => {
    const a = photo('a.jpg');
    await (await open()).write(a, features(1));
    photo('a.jpg', 'longer than before');
    expect((await open()).has(a)).toBe(false);
    photo('b.jpg');
    const b = join(directory, 'b.jpg');
    await (await open()).write(b, features(1));
    utimesSync(b, 1, 1);
    expect((await open()).has(b)).toBe(false);
  });

  it.each([
    ['cut short', (path: string) => truncateSync(path, 50)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['too long', (path: string) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from([0])]))],
    ['with a changed value', (path: string) => changeByte(path, 20)],
    ['with a changed header', (path: string) => changeByte(path, 0)],
    ['with a changed checksum', (path: string) => changeByte(path, 9)],
  ])('removes an entry that is %s', async (_, damage) => {
    const a = photo('a.jpg');
    await (await open()).write(a, features(1));
    const cache = await open();
    const [entry = ''] = files(cache);
    damage(entry);
    const into = new Float32Array(LENGTH).fill(9);
    expect(cache.read(a, into)).toBe(false);
    expect(into.every((value) => value === 9)).toBe(true);
    expect([cache.has(a), files(cache)]).toEqual([false, []]);
    await cache.write(a, features(2));
    expect(cache.read(a, into)).toBe(true);
    expect(into).toEqual(features(2));
  });

  it('saturates values that are too large', async () => {
    const cache = await open();
    const a = photo('a.jpg');
    await cache.write(a, new Float32Array(LENGTH).fill(1e9));
    const into = new Float32Array(LENGTH);
    cache.read(a, into);
    expect(into[0]).toBe(65504);
  });

  it('cleans up after processes that were killed, not after those at work', async () => {
    const cache = await open();
    await cache.write(photo('a.jpg'), features(1));
    const [entry = ''] = files(cache);
    writeFileSync(`${entry}.1-old.partial`, 'x');
    utimesSync(`${entry}.1-old.partial`, 1, 1);
    writeFileSync(`${entry}.2-new.partial`, 'x');
    await open();
    expect(files(cache).sort()).toEqual([entry, `${entry}.2-new.partial`]);
  });

  it('lets writers of the same photos meet', async () => {
    const caches = await Promise.all([open(), open()]);
    const photos = Array.from({ length: 20 }, (_, i) => photo(`${i}.jpg`));
    await Promise.all(caches.flatMap((cache) => photos.map((path, i) => cache.write(path, features(i)))));
    const into = new Float32Array(LENGTH);
    for (const [i, path] of photos.entries()) {
      expect(caches[1]?.read(path, into)).toBe(true);
      expect(into).toEqual(features(i));
    }
    expect(files(caches[0] as FeatureCache)).toHaveLength(photos.length);
  });

  it('refuses a directory that cannot be made', async () => {
    const blocked = openFeatureCache({ directory: photo('file'), encoder: 'x', featureLength: 1 });
    await expect(blocked).rejects.toThrow(UserError);
    await expect(blocked).rejects.toThrow(/cannot keep features .*set LOOKSAY_CACHE/);
  });

  it('says so when an entry cannot be written', async () => {
    const cache = await open();
    rmSync(cache.folder, { recursive: true });
    writeFileSync(cache.folder, 'in the way');
    await expect(cache.write(photo('a.jpg'), features(1))).rejects.toThrow(/cannot keep features/);
  });
});

function changeByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}

describe('cacheDirectory', () => {
  it('follows LOOKSAY_CACHE', () => {
    const before = process.env['LOOKSAY_CACHE'];
    process.env['LOOKSAY_CACHE'] = directory;
    expect(cacheDirectory('features')).toBe(join(directory, 'features'));
    process.env['LOOKSAY_CACHE'] = '';
    expect(cacheDirectory('features')).toMatch(/looksay/);
    if (before === undefined) delete process.env['LOOKSAY_CACHE'];
    else process.env['LOOKSAY_CACHE'] = before;
  });
});

it.runIf(process.platform === 'linux')('a cache of no absolute place lies in the home, not in the working folder', () => {
  vi.stubEnv('LOOKSAY_CACHE', '');
  vi.stubEnv('XDG_CACHE_HOME', 'relative');
  expect(cacheDirectory('features')).toBe(join(userInfo().homedir, 'relative', 'looksay', 'features'));
  vi.unstubAllEnvs();
});

describe('keptFeatures', () => {
  it('lists the folders of encoders, used longest ago first, and nothing else', async () => {
    expect(await keptFeatures(join(directory, 'none'))).toEqual([]);
    const [early, late] = [await open('early'), await open('late')];
    await late.write(photo('a.jpg'), features(1));
    await late.write(photo('b.jpg'), features(1));
    utimesSync(join(early.folder, 'about.json'), 1e9, 1e9);
    mkdirSync(join(directory, '0123456789abcdef'));
    mkdirSync(join(directory, 'mine'));
    writeFileSync(join(directory, 'mine', 'about.json'), '{}');
    expect(await keptFeatures(directory)).toEqual([
      { folder: early.folder, files: 0, bytes: 0, lastUsed: new Date(1e12) },
      { folder: late.folder, files: 2, bytes: 2 * (16 + 2 * LENGTH), lastUsed: expect.any(Date) },
    ]);
  });
});
