/** How often the packages that ship ffmpeg and ffprobe are looked up, and what environment their binaries get. */
import type * as nodeModule from 'node:module';
import { beforeEach, expect, test, vi } from 'vitest';

const packages = vi.hoisted(() => ({ lookUps: [] as string[], there: true }));

vi.mock('node:module', async (original) => ({
  ...(await original<typeof nodeModule>()),
  createRequire: () => (name: string) => {
    packages.lookUps.push(name);
    if (!packages.there) throw new Error(`no ${name}`);
    return { path: `/packages/${name}` };
  },
}));

beforeEach(() => {
  vi.resetModules();
  packages.lookUps = [];
});

test('a package is looked up once, however many processes are started', async () => {
  packages.there = true;
  const { toolEnvironment } = await import('../../../src/media/video/binaries.js');
  const packaged = '/packages/@ffmpeg-installer/ffmpeg';
  for (let start = 0; start < 3; start++) {
    expect(toolEnvironment('ffmpeg', packaged)).toHaveProperty('GCONV_PATH', '/nonexistent');
    expect(toolEnvironment('ffmpeg', '/usr/bin/ffmpeg')).toBe(process.env);
    expect(toolEnvironment('ffprobe', packaged)).toBe(process.env);
  }
  expect(packages.lookUps).toEqual(['@ffmpeg-installer/ffmpeg', '@ffprobe-installer/ffprobe']);
});

test('so is one that is not there', async () => {
  packages.there = false;
  const { toolEnvironment } = await import('../../../src/media/video/binaries.js');
  for (let start = 0; start < 3; start++) expect(toolEnvironment('ffmpeg', '/usr/bin/ffmpeg')).toBe(process.env);
  expect(packages.lookUps).toHaveLength(1);
});
