/** Checkpoints of which one part was changed by hand: what does not go with the encoder is refused, not run. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCaptionModel } from '../../../src/tasks/caption/model.js';
import { shippedCheckpoints } from '../../../src/tasks/shipped-checkpoints.js';
import { loadVideoModel } from '../../../src/tasks/video/model.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A copy of a shipped checkpoint with another value of the first field of that name. */
async function changed(checkpoint: string, field: string, value: number): Promise<string> {
  await cp(checkpoint, folder, { recursive: true });
  const path = join(folder, 'config.json');
  const config = await readFile(path, 'utf8');
  await writeFile(path, config.replace(new RegExp(`("${field}": )\\d+`), `$1${value}`));
  return folder;
}

test.each([
  ['size', 4096, /preprocessing.size: expected 224, as the encoder has, got 4096 \(use the files of one checkpoint\)/],
  ['gridLength', 1_000_000, /captioner.gridLength: expected 49, as the encoder has, got 1000000/],
  ['featureSize', 7, /captioner.featureSize: expected 1280, as the encoder has, got 7/],
  ['layers', 1_000_000, /captioner.layers: expected a whole number from 1 to 100, got 1000000/],
])('a captioner with another %s', async (field, value, message) => {
  await expect(loadCaptionModel(await changed(shippedCheckpoints.captioner, field, value))).rejects.toThrow(message);
});

test.each([
  ['size', 4096, /preprocessing.size: expected \d+, as the encoder has, got 4096/],
  ['gridLength', 1_000_000, /classifier.gridLength: expected \d+, as the encoder has, got 1000000/],
  ['layers', 1_000_000, /classifier.layers: expected a whole number from 1 to 100, got 1000000/],
])('a classifier of clips with another %s', async (field, value, message) => {
  await expect(loadVideoModel(await changed(shippedCheckpoints.shapes, field, value))).rejects.toThrow(message);
});
