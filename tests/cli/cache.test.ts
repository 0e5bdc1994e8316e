/** `looksay cache`: what is told of kept features, and what `clear` removes. */
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FeatureCache, openFeatureCache } from '../../src/datasets/feature-cache.js';
import { run } from './run.js';

let root: string;
let [old, recent]: FeatureCache[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'looksay-cli-cache-'));
  process.env['LOOKSAY_CACHE'] = root;
  old = await openFeatureCache({ encoder: 'old', featureLength: 5 });
  recent = await openFeatureCache({ encoder: 'recent', featureLength: 5 });
  const photo = join(root, 'photo.jpg');
  writeFileSync(photo, 'photo');
  await old.write(photo, new Float32Array(5));
  const tenDaysAgo = Date.now() / 1000 - 10 * 86_400;
  utimesSync(join(old.folder, 'about.json'), tenDaysAgo, tenDaysAgo);
});

afterEach(() => {
  delete process.env['LOOKSAY_CACHE'];
  rmSync(root, { recursive: true });
});

test('list tells what is kept, and where', async () => {
  const { code, out, err } = await run(['cache', 'list', '--format', 'jsonl']);
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect({ code, lines }).toEqual({
    code: 0,
    lines: [
      { folder: old?.folder, files: 1, bytes: 26, lastUsed: expect.stringMatching(/^\d{4}-/) },
      { folder: recent?.folder, files: 0, bytes: 0, lastUsed: expect.stringMatching(/^\d{4}-/) },
    ],
  });
  expect(err).toContain(`${root}/features: 26 bytes (`);
  expect((await run(['cache', 'list'])).out).toMatch(
    new RegExp(`^26 bytes\t1 file\t\\d{4}-\\d\\d-\\d\\d\t${old?.folder}\n`),
  );
});

test('a size has the unit that suits it', async () => {
  const large = await openFeatureCache({ encoder: 'large', featureLength: 617_000 });
  await large.write(join(root, 'photo.jpg'), new Float32Array(617_000));
  expect((await run(['cache', 'list'])).err).toContain(`${root}/features: 1.23 MB (`);
});

test('clear removes what was not used for so many days, or all', async () => {
  const some = await run(['cache', 'clear', '--unused-days', '9']);
  expect({ code: some.code, lines: some.out.split('\n').length }).toEqual({ code: 0, lines: 2 });
  expect([old, recent].map((cache) => existsSync(cache?.folder ?? ''))).toEqual([false, true]);
  expect((await run(['cache', 'clear'])).out).toContain(recent?.folder);
  expect(existsSync(recent?.folder ?? '')).toBe(false);
  expect(await run(['cache', 'clear', '--quiet'])).toEqual({ code: 0, out: '', err: '' });
  const wrong = await run(['cache', 'clear', '--unused-days', '-1']);
  expect({ code: wrong.code, err: wrong.err }).toEqual({
    code: 2,
    err: expect.stringContaining('--unused-days: expected'),
  });
});
