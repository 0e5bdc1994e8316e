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
import { type Encoder, loadAdaptedEncoder, loadEncoder, saveEncoder } from '../../../src/tasks/encoder/index.js';
import { toTensors } from '../../../src/training/parameters.js';
import { randomWeights, temporaryFolder, tinyEncoder } from '../../helpers/tiny-captioner.js';

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
