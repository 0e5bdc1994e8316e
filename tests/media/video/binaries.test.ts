/** How often the packages that ship ffmpeg and ffprobe are looked up, and what is said of those that may not be run. */
import type * as nodeModule from 'node:module';
import type * as fsModule from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const packages = vi.hoisted(() => ({ lookUps: [] as string[], there: true, path: process.execPath }));

vi.mock('node:module', async (original) => ({
  ...(await original<typeof nodeModule>()),
  createRequire: () => (name: string) => {
    packages.lookUps.push(name);
    if (!packages.there) throw new Error(`no ${name}`);
    return { path: packages.path };
  },
}));

// The files belong to somebody else.
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fsModule>()),
  chmodSync: () => {
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
  },
}));

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv('PATH', '');
  vi.stubEnv('FFMPEG_PATH', undefined);
  packages.lookUps = [];
  packages.path = process.execPath;
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

test.skipIf(process.platform === 'win32')('a binary that only its owner may run is named with what to do', async () => {
  packages.there = true;
  packages.path = fileURLToPath(import.meta.url);
  const { findTool } = await import('../../../src/media/video/binaries.js');
  expect(() => findTool('ffprobe')).toThrow(`${packages.path}: may be run by its owner alone`);
});
