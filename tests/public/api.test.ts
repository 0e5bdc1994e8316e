import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCaptioner } from '../../src/index.js';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';

test('the documented example runs', async () => {
  const folder = await temporaryFolder();
  await writePicture(join(folder, 'dog.png'), 'brown');
  const captioner = await loadCaptioner(await saveTinyCaptioner());
  const lines: string[] = [];
  for await (const result of captioner.caption([join(folder, 'dog.png'), 'missing.jpg'], { beamWidth: 5 })) {
    lines.push('caption' in result ? result.caption : result.error);
  }
  captioner.dispose();
  expect(lines[0]).toMatch(/^\p{L}.*\.$/u);
  expect(lines[1]).toContain('no such file');
});
