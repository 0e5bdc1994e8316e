/** What a checkpoint folder must be before a training begins. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requireFreshFolder } from '../../src/tasks/training-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'looksay-training-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a folder that is there, or can be made at any depth, will do', () => {
  requireFreshFolder({ output: folder });
  requireFreshFolder({ output: join(folder, 'new', 'newer') });
});

test('a file is refused, as the folder or above it', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const refused = `${file}: is a file, expected a folder`;
  expect(() => requireFreshFolder({ output: file })).toThrow(refused);
  expect(() => requireFreshFolder({ output: join(file, 'new') })).toThrow(refused);
});

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a folder without permission is refused', () => {
  const locked = join(folder, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  expect(() => requireFreshFolder({ output: join(locked, 'new') })).toThrow(`${locked}: may not be written`);
});
