import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findVideos, loadCaptioner, loadVideoClassifier } from '../../src/index.js';
import { makeClip } from '../helpers/clips.js';
import { saveTinyVideoClassifier } from '../helpers/tiny-video-classifier.js';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';

test('the documented example of captions runs', async () => {
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

test('the documented example of clips runs', async () => {
  const folder = await temporaryFolder();
  makeClip(join(folder, 'clip.mp4'));
  const classifier = await loadVideoClassifier(await saveTinyVideoClassifier());
  const lines: string[] = [];
  for await (const result of classifier.classify(await findVideos([folder]), { timeline: true })) {
    lines.push('label' in result ? result.label : result.error);
  }
  classifier.dispose();
  expect(lines).toEqual([expect.stringMatching(/^(run|jump)$/)]);
});
