/** README's examples of the API run, on tiny models; the handles of the shipped checkpoints lead to them. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  captionerModelDefaults,
  captionerRecipeDefaults,
  findVideos,
  loadCaptioner,
  loadSentimentClassifier,
  loadVideoClassifier,
  sentimentDefaults,
  sentimentReadingDefaults,
  sentimentRecipeDefaults,
  shippedCheckpoints,
  trainCaptioner,
  trainSentiment,
} from '../../src/index.js';
import { asCsv, makeReviews } from '../tasks/sentiment/reviews.js';
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

test('the documented example of training captions runs', async () => {
  const folder = await temporaryFolder();
  const colours = ['red', 'green', 'blue', 'white'];
  for (const colour of colours) await writePicture(join(folder, `${colour}.png`), colour);
  const rows = colours.map((colour) => `${colour}.png,"A ${colour}, plain picture."`);
  await writeFile(join(folder, 'captions.csv'), `image,caption\n${rows.join('\n')}\n`);
  const { ending, checkpoint } = await trainCaptioner({
    sources: [{ images: folder, captions: join(folder, 'captions.csv') }],
    model: {
      ...captionerModelDefaults,
      encoder: await saveTinyCaptioner(),
      minimumCount: 1,
      captioner: { hiddenSize: 8, embeddingSize: 8, featureProjection: 8, attentionSize: 8 },
    },
    recipe: { ...captionerRecipeDefaults, epochs: 1 },
    seed: 1,
    output: join(folder, 'mine'),
    cacheDirectory: join(folder, 'cache'),
  });
  expect({ ending, checkpoint }).toEqual({ ending: 'completed', checkpoint: join(folder, 'mine') });
  (await loadCaptioner(checkpoint)).dispose();
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

test('the documented examples of texts run', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'reviews.csv');
  await writeFile(path, asCsv(makeReviews(60)));
  const output = join(folder, 'reviews');
  const { ending } = await trainSentiment({
    source: { path },
    model: { ...sentimentReadingDefaults, model: { ...sentimentDefaults, hiddenSize: 4, embeddingSize: 4, window: 6 } },
    recipe: { ...sentimentRecipeDefaults, epochs: 1 },
    seed: 1,
    output,
  });
  expect(ending).toBe('completed');
  const classifier = await loadSentimentClassifier(output);
  const [answer] = await classifier.classify(['this movie is awesome']);
  classifier.dispose();
  expect(answer).toMatchObject({ label: expect.stringMatching(/^(pos|neg)$/) as string });
});

test.each(Object.entries(shippedCheckpoints))('the shipped checkpoint %s is there, with its card', (name, folder) => {
  expect(folder).toBe(fileURLToPath(new URL(`../../checkpoints/${name}`, import.meta.url)));
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['README.md', 'config.json', 'model.safetensors']));
});

test('every checkpoint that the package ships has a handle', () => {
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    files: string[];
  };
  const shipped = files.filter((path) => path.startsWith('checkpoints/'));
  expect(Object.keys(shippedCheckpoints).map((name) => `checkpoints/${name}`)).toEqual(shipped);
});
