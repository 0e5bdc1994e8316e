/** An encoder that is cut at an earlier block and sees smaller pictures gives what the whole one gives there. */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import {
  mobilenetOutput,
  mobilenetParameterShapes,
  runBlocks,
  scaleImages,
  validateMobileNetConfig,
} from '../../../src/models/mobilenet/index.js';
import {
  type Encoder,
  framePreprocessingFor,
  type FrameView,
  loadAdaptedEncoder,
  loadEncoder,
  saveEncoder,
} from '../../../src/tasks/encoder/index.js';
import { toTensors } from '../../../src/training/parameters.js';
import { setQuiet } from '../../../src/shared/log.js';
import { randomWeights, temporaryFolder, tinyEncoder } from '../../helpers/tiny-captioner.js';
import { saveTinyVideoClassifier } from '../../helpers/tiny-video-classifier.js';

let whole: string;

const gridOf = ({ config, weights }: Encoder, images: tf.Tensor4D, to?: number): Float32Array =>
  runBlocks(
    config,
    toTensors(weights),
    scaleImages(config, images),
    to === undefined ? {} : { to },
  ).dataSync() as Float32Array;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  whole = join(await temporaryFolder(), 'encoder');
  const config = { ...tinyEncoder, inputSize: 64, classes: 10 };
  await saveEncoder(
    whole,
    { config, weights: randomWeights(mobilenetParameterShapes(config), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
});

test('the classifier and the blocks behind the last one are left out, what stays is the same', async () => {
  const adapted = await loadAdaptedEncoder({ encoder: whole, inputSize: 32, lastBlock: 'block4' });
  expect(adapted.config).toMatchObject({ inputSize: 32, lastBlock: 'block4', classes: 0 });
  expect(mobilenetOutput(adapted.config)).toEqual({ gridSize: 4, featureSize: 64 });
  expect(Object.keys(adapted.weights).some((name) => /^(classifier|block5)\//.test(name))).toBe(false);
  const images = tf.randomUniform([2, 32, 32, 3], 0, 255, 'float32', 7) as tf.Tensor4D;
  expect(gridOf(adapted, images)).toEqual(gridOf(await loadEncoder(whole), images, 5));
});

test('a block that there is not, and a size out of range, are wrong usage', async () => {
  const wrong = { name: 'UserError', exitCode: 2 };
  await expect(loadAdaptedEncoder({ encoder: whole, lastBlock: 'block99' })).rejects.toMatchObject({
    ...wrong,
    message: expect.stringContaining('lastBlock: expected one of conv1, block1') as string,
  });
  await expect(loadAdaptedEncoder({ encoder: whole, inputSize: 8 })).rejects.toMatchObject(wrong);
});

test('a configuration that names a last block and classes contradicts itself', () => {
  const config = { ...tinyEncoder, lastBlock: 'block2' };
  expect(validateMobileNetConfig(config, 'config.json')).toMatchObject(config);
  expect(() => validateMobileNetConfig({ ...config, classes: 10 }, 'config.json')).toThrow('config.json.classes');
});

test('frames are seen as the encoder was trained, unless something else is asked for', async () => {
  setQuiet(true);
  const stack = { kind: 'changes', gap: 0.1 } as const;
  const trained = await loadAdaptedEncoder({ encoder: await saveTinyVideoClassifier(stack), inputSize: 48 });
  const plain = await loadAdaptedEncoder({ encoder: whole });
  const seenBy = (encoder: Encoder, view?: FrameView): object =>
    framePreprocessingFor(encoder, { fit: 'crop', stack: view });
  const base = { size: 48, fit: 'crop', kernel: 'cubic' };
  expect(seenBy(trained)).toEqual({ ...base, stack });
  expect(seenBy(trained, {})).toEqual({ ...base, stack });
  expect(seenBy(trained, { gap: 0.3 })).toEqual({ ...base, stack: { kind: 'changes', gap: 0.3 } });
  expect(seenBy(trained, { kind: 'changes' })).toEqual({ ...base, stack });
  expect(seenBy(trained, { kind: 'times' })).toEqual({ ...base, stack: { kind: 'times', gap: 0.2 } });
  expect(seenBy(trained, 'colour')).toEqual(base);
  expect(seenBy(plain)).toEqual({ ...base, size: 64 });
  expect(seenBy(plain, { kind: 'times' })).toEqual({ ...base, size: 64, stack: { kind: 'times', gap: 0.2 } });
  expect(() => seenBy(plain, { gap: 0.3 })).toThrow(/^--frame-gap: has no meaning for frames in colour/);
});
