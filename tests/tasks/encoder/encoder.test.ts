/** Encoder folders, and what else holds an encoder: saved, loaded, refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mobilenetParameterShapes } from '../../../src/models/mobilenet/index.js';
import { type Encoder, loadEncoder, saveEncoder } from '../../../src/tasks/encoder/index.js';
import { saveCheckpoint } from '../../../src/training/checkpoint.js';
import { generateNetwork, store, writeStored } from '../../models/mobilenet/generated.js';
import { layersModel } from '../../models/mobilenet/generated-layers.js';

let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'looksay-encoder-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const config = { version: 1, alpha: 0.25, inputSize: 64, inputRange: [-1, 1], classes: 3, padding: 'same' } as const;
const weights: Encoder['weights'] = Object.fromEntries(
  Object.entries(mobilenetParameterShapes(config)).map(([name, shape], index) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return [name, { shape, values: Float32Array.from({ length: size }, (_, i) => Math.sin(i + index)) }];
  }),
);
const about = { source: { url: 'http://example.org/', package: 'p 1', sha256: '00' }, modelCard: '# Encoder\n' };

test('what is saved loads again', async () => {
  const folder = join(root, 'saved');
  await saveEncoder(folder, { config, weights }, about);
  const loaded = await loadEncoder(folder);
  expect(loaded.config).toEqual(config);
  expect(loaded.weights).toEqual(weights);
});

test('any checkpoint that holds an encoder will do, and its fingerprint is the same', async () => {
  const folder = join(root, 'captioner');
  const prefixed = Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [`encoder/${name}`, tensor]));
  const other = { shape: [1], values: Float32Array.of(1) };
  await saveCheckpoint(folder, {
    task: 'captioner',
    config: { encoder: config },
    weights: { ...prefixed, 'captioner/x': other },
  });
  const loaded = await loadEncoder(folder);
  expect(loaded.weights).toEqual(weights);
  expect(loaded.fingerprint).toBe((await loadEncoder(join(root, 'saved'))).fingerprint);
});

test('a TensorFlow.js model will do', async () => {
  const folder = join(root, 'tfjs');
  const options = { inputSize: 64, batchNorms: false, padding: 'same', top: 'dense' } as const;
  const { topology, weights: stored } = layersModel(generateNetwork(1, 0.25, 3), options);
  await writeStored(folder, store('layers-model', topology, stored));
  expect((await loadEncoder(folder)).config).toEqual(config);
});

test('a folder without an encoder is refused', async () => {
  const folder = join(root, 'other');
  await saveCheckpoint(folder, { task: 'sentiment', config: {}, weights: {} });
  await expect(loadEncoder(folder)).rejects.toThrow(/this sentiment checkpoint holds no encoder/);
  await expect(loadEncoder(join(root, 'none'))).rejects.toThrow(/model\.json: cannot be read/);
});

test('weights that do not fit the configuration are refused', async () => {
  const folder = join(root, 'misfit');
  await saveEncoder(folder, { config: { ...config, alpha: 0.5 }, weights }, about);
  await expect(loadEncoder(folder)).rejects.toThrow(/tensor "conv1\/kernel": expected shape \[3, 3, 3, 16\]/);
  await writeFile(join(folder, 'config.json'), '{"task":');
  await expect(loadEncoder(folder)).rejects.toThrow(/expected JSON/);
});
