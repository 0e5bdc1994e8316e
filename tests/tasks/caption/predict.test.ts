/** What a captioner compiles: for single photos and for batches, each once when they take turns. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test, vi } from 'vitest';
import '../../../src/backend/index.js';
import { BatchEncoders } from '../../../src/tasks/caption/members.js';
import { type CaptionOptions, createCaptioner } from '../../../src/tasks/caption/predict.js';
import { temporaryFolder, tinyCaptionModel, writePicture } from '../../helpers/tiny-captioner.js';

vi.mock('../../../src/tasks/caption/members.js', { spy: true });

let photo: string;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  photo = join(await temporaryFolder(), 'red.png');
  await writePicture(photo, 'red');
});

test('a single photo is a batch of its own; both sizes stay compiled, and a third takes the place of the older', async () => {
  const before = tf.memory().numTensors;
  const captioner = createCaptioner(tinyCaptionModel());
  const captionsOf = async (inputs: Iterable<string>, options?: CaptionOptions): Promise<string[]> => {
    const captions: string[] = [];
    for await (const result of captioner.caption(inputs, options)) {
      captions.push('caption' in result ? result.caption : result.error);
    }
    return captions;
  };
  const compiledSizes = (): number[] => vi.mocked(BatchEncoders).mock.calls.map(([, { batchSize }]) => batchSize);

  const [alone] = await captionsOf([photo]);
  expect(await captionsOf([photo, photo])).toEqual([alone, alone]);
  expect(await captionsOf([photo])).toEqual([alone]);
  await captionsOf(new Set([photo])); // how many there are is not known beforehand
  expect(compiledSizes()).toEqual([1, 8]);

  await captionsOf([photo], { batchSize: 3 });
  await captionsOf([photo, photo]);
  expect(compiledSizes()).toEqual([1, 8, 3]);
  await captionsOf([photo]);
  expect(compiledSizes()).toEqual([1, 8, 3, 1]);
  captioner.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
