import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { createCaptioner } from '../../../src/tasks/caption/predict.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

let folder: string;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  await writePicture(join(folder, 'red.png'), 'red');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whether two words in a row come twice in what is said of a photo by some of several captioners with random weights. */
async function repeatsPairs(options: { readonly noRepeatNgram?: number }): Promise<boolean> {
  const found: boolean[] = [];
  for (const seed of [1, 2, 3, 4]) {
    const captioner = createCaptioner(tinyCaptionModel({ seed }));
    for await (const result of captioner.caption([join(folder, 'red.png')], { ...options, minimumLength: 12 })) {
      if ('error' in result) throw new Error(result.error);
      const words = result.caption.toLowerCase().split(' ');
      const pairs = words.slice(1).map((word, index) => `${words[index] ?? ''} ${word}`);
      found.push(new Set(pairs).size < pairs.length);
    }
    captioner.dispose();
  }
  return found.some(Boolean);
}

test('no two words come twice in a row unless that is allowed', async () => {
  expect(await repeatsPairs({ noRepeatNgram: 0 })).toBe(true);
  expect(await repeatsPairs({})).toBe(false);
});
