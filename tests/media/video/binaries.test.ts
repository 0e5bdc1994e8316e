/** How often the packages that ship ffmpeg and ffprobe are looked up. */
import type * as nodeModule from 'node:module';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const packages = vi.hoisted(() => ({ lookUps: [] as string[], there: true }));

vi.mock('node:module', async (original) => ({
  ...(await original<typeof nodeModule>()),
  createRequire: () => (name: string) => {
    packages.lookUps.push(name);
    if (!packages.there) throw new Error(`no ${name}`);
    return { path: process.execPath };
  },
}));

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv('PATH', '');
  vi.stubEnv('FFMPEG_PATH', undefined);
  packages.lookUps = [];
});

afterEach(() => vi.unstubAllEnvs());

test.each([true, false])(
  'a package is looked up once, however many processes are started (there: %j)',
  async (there) => {
    packages.there = there;
    const { findTool } = await import('../../../src/media/video/binaries.js');
    for (let start = 0; start < 3; start++) {
      if (there) expect(findTool('ffmpeg')).toBe(process.execPath);
      else expect(() => findTool('ffmpeg')).toThrow('ffmpeg is not there');
    }
    expect(packages.lookUps).toEqual(['@ffmpeg-installer/ffmpeg']);
  },
);
