/** Models in every published form, generated here, give what TensorFlow.js's own graph executor gives. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  mobilenetProbabilities,
  type LoadedMobileNet,
  loadMobileNet,
  mobilenet,
} from '../../../src/models/mobilenet/index.js';
import { Random } from '../../../src/shared/random.js';
import { generateNetwork, type GeneratedTensor, store, type StorageOptions, writeStored } from './generated.js';
import { graphModel, type GraphOptions } from './generated-graph.js';
import { layersModel, type LayersOptions } from './generated-layers.js';

const SIZE = 64;
/** Of probabilities that were computed in two orders in 32 bits. */
const TOLERANCE = 5e-5;
const LAYERS: LayersOptions = { inputSize: SIZE, batchNorms: true, padding: 'same', top: 'dense' };
const GRAPH: GraphOptions = {
  inputSize: SIZE,
  norms: 'batch-norm',
  scalesInput: true,
  padding: 'same',
  pool: 'mean',
};

let root = '';
let count = 0;

beforeAll(async () => {
  await tf.setBackend('cpu');
  root = await mkdtemp(join(tmpdir(), 'looksay-mobilenet-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function write(
  format: string,
  { topology, weights }: { topology: object; weights: Readonly<Record<string, GeneratedTensor>> },
  options?: StorageOptions,
): Promise<string> {
  const folder = join(root, String(count++));
  await writeStored(folder, store(format, topology, weights, options));
  return folder;
}

function images(size = SIZE): tf.Tensor4D {
  const random = new Random(3);
  const values = Float32Array.from({ length: size * size * 3 }, () => random.integer(256));
  return tf.tensor4d(values, [1, size, size, 3]);
}

function probabilities({ config, weights }: LoadedMobileNet): Float32Array {
  return tf.tidy(() => {
    const parameters = Object.fromEntries(
      Object.entries(weights).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]),
    );
    return mobilenetProbabilities(
      config,
      parameters,
      mobilenet(config, parameters, images(config.inputSize)).pooled,
    ).dataSync();
  }) as Float32Array;
}

/** What TensorFlow.js's own graph executor says, fed with [0, 1], of the same pictures. */
async function byConverter(
  { topology, weights }: ReturnType<typeof graphModel>,
  size = SIZE,
): Promise<{ logits: tf.Tensor2D }> {
  const { json, files } = store('graph-model', topology, weights);
  const [group] = json['weightsManifest'] as { weights: tf.io.WeightsManifestEntry[] }[];
  const [bytes] = Object.values(files);
  const model = await loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology: topology,
        weightSpecs: group?.weights ?? [],
        weightData: new Uint8Array(bytes ?? []).buffer,
      }),
  });
  const logits = tf.tidy(() => model.predict(tf.div(images(size), 255)) as tf.Tensor2D);
  model.dispose();
  return { logits };
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const difference = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
  expect(difference).toBeLessThan(tolerance);
}

/** Softmax of the converter's logits, without the background where there are 1,001. */
async function expected(network: ReturnType<typeof graphModel>): Promise<Float32Array> {
  const { logits } = await byConverter(network);
  const classes = logits.shape[1];
  const wanted = classes === 1001 ? tf.slice(logits, [0, 1], [1, 1000]) : logits;
  return tf.softmax(wanted).dataSync() as Float32Array;
}

describe.each([
  [1, 0.25],
  [2, 0.35],
] as const)('V%d, width %d', (version, alpha) => {
  const network = generateNetwork(version, alpha, 11);

  test.each([
    ['batch norms', GRAPH],
    ['batch norms folded to multiplication and sum', { ...GRAPH, norms: 'multiply-add' }],
    ['biases, average pooling', { ...GRAPH, norms: 'bias', pool: 'average' }],
    ['fused convolutions', { ...GRAPH, norms: 'fused' }],
    ['no scaling of the input', { ...GRAPH, scalesInput: false }],
    ['padding by hand', { ...GRAPH, padding: 'pad' }],
  ] as const)('a graph model with %s says what its own graph says', async (_, options) => {
    const graph = graphModel(network, options);
    const loaded = await loadMobileNet(await write('graph-model', graph));
    expect(loaded.config).toEqual({
      version,
      alpha,
      inputSize: SIZE,
      inputRange: options.scalesInput ? [-1, 1] : [0, 1],
      classes: 11,
      padding: options.padding === 'pad' && version === 1 ? 'keras' : 'same',
    });
    const wanted = await expected(graph);
    expect(Math.max(...wanted)).toBeLessThan(0.99);
    expectClose(probabilities(loaded), wanted, TOLERANCE);
  });

  test.each([
    ['batch norms', LAYERS],
    ['folded batch norms', { ...LAYERS, batchNorms: false }],
    ['padding by hand, a convolution as classifier', { ...LAYERS, padding: 'keras', top: 'convolution' }],
  ] as const)('a layers model with %s says what the graph of the same network says', async (_, options) => {
    const loaded = await loadMobileNet(await write('layers-model', layersModel(network, options)));
    expect(loaded.config).toMatchObject({ version, alpha, inputSize: SIZE, inputRange: [-1, 1], classes: 11 });
    expect(loaded.config.padding).toBe(options.padding === 'keras' && version === 1 ? 'keras' : 'same');
    const graph = graphModel(network, { ...GRAPH, padding: options.padding === 'keras' ? 'pad' : 'same' });
    expectClose(probabilities(loaded), await expected(graph), TOLERANCE);
  });

  test('a model without its top has no classes', async () => {
    const loaded = await loadMobileNet(await write('layers-model', layersModel(network, { ...LAYERS, top: 'none' })));
    expect(loaded.config.classes).toBe(0);
    expect(Object.keys(loaded.weights)).not.toContain('classifier/kernel');
  });

  test('explicit padding is read', async () => {
    const loaded = await loadMobileNet(
      await write('graph-model', graphModel(network, { ...GRAPH, padding: 'explicit' })),
    );
    expect(loaded.config.padding).toBe(version === 1 ? 'keras' : 'same');
  });

  test('weights in many files, at odd places, are put together', async () => {
    const layers = layersModel(network, LAYERS);
    const whole = await loadMobileNet(await write('layers-model', layers));
    const sharded = await loadMobileNet(
      join(await write('layers-model', layers, { shardBytes: 10_007 }), 'model.json'),
    );
    expect(sharded).toEqual(whole);
  });

  test.each([
    ['float16', 2e-2],
    ['uint16', 2e-3],
    ['uint8', 0.5],
  ] as const)('weights stored as %s are floats again', async (quantization, tolerance) => {
    const layers = layersModel(network, { ...LAYERS, batchNorms: false });
    const exact = await loadMobileNet(await write('layers-model', layers));
    const loaded = await loadMobileNet(await write('layers-model', layers, { quantization }));
    const name = 'conv1/kernel';
    const [stored, original] = [loaded.weights[name]?.values, exact.weights[name]?.values];
    const [low, high] = [Math.min(...(original ?? [])), Math.max(...(original ?? []))];
    const step = { float16: 4 / 2048, uint16: (high - low) / 65535, uint8: (high - low) / 255 }[quantization];
    expectClose(stored as Float32Array, original as Float32Array, step);
    if (quantization !== 'uint8') expectClose(probabilities(loaded), probabilities(exact), tolerance);
  });
});

test('of 1,001 classes the background is left out', async () => {
  const graph = graphModel(generateNetwork(1, 0.25, 1001), GRAPH);
  const loaded = await loadMobileNet(await write('graph-model', graph));
  expect(loaded.config.classes).toBe(1000);
  expectClose(probabilities(loaded), await expected(graph), TOLERANCE);
});

test('a grid of odd size tells the rules of padding apart', async () => {
  const network = generateNetwork(1, 0.25, 11);
  for (const [byHand, padding] of [
    ['pad', 'keras'],
    ['same', 'same'],
  ] as const) {
    const graph = graphModel(network, { ...GRAPH, inputSize: 72, padding: byHand });
    const loaded = await loadMobileNet(await write('graph-model', graph));
    expect(loaded.config.padding).toBe(padding);
    const { logits } = await byConverter(graph, 72);
    expectClose(probabilities(loaded), tf.softmax(logits).dataSync(), TOLERANCE);
  }
});

test('the width is found where it was never published', async () => {
  for (const [version, alpha] of [
    [1, 0.375],
    [2, 0.6],
  ] as const) {
    const graph = graphModel(generateNetwork(version, alpha, 3), GRAPH);
    const { config, weights } = await loadMobileNet(await write('graph-model', graph));
    expect(config.version).toBe(version);
    expect(weights['conv1/kernel']?.shape).toEqual([3, 3, 3, version === 1 ? 12 : 24]);
  }
});

test('input size and range can be chosen; a model for any size gets 224', async () => {
  const graph = graphModel(generateNetwork(1, 0.25, 3), { ...GRAPH, inputSize: -1 });
  const folder = await write('graph-model', graph);
  expect((await loadMobileNet(folder)).config.inputSize).toBe(224);
  const chosen = await loadMobileNet(folder, { inputSize: 96, inputRange: [0, 255] });
  expect(chosen.config).toMatchObject({ inputSize: 96, inputRange: [-1, 509] });
});

test('the topology may be nested, and a rescaling layer takes 0 to 255', async () => {
  const { topology, weights } = layersModel(generateNetwork(1, 0.25, 3), LAYERS);
  const config = topology['config'] as { layers: Record<string, unknown>[] };
  const [input, first, ...rest] = config.layers;
  const rescaling = {
    name: 'rescaling',
    class_name: 'Rescaling',
    config: { scale: 1 / 127.5, offset: -1 },
    inbound_nodes: [[['input_1', 0, 0, {}]]],
  };
  const moved = { ...first, inbound_nodes: [[['rescaling', 0, 0, {}]]] };
  const nested = {
    model_config: { class_name: 'Functional', config: { layers: [input, rescaling, moved, ...rest] } },
  };
  const loaded = await loadMobileNet(await write('layers-model', { topology: nested, weights }));
  expect(loaded.config.inputRange[0]).toBe(-1);
  expect(loaded.config.inputRange[1]).toBeCloseTo(1, 10);
});

test('a sequential model is a chain without names of inputs', async () => {
  const layers = layersModel(generateNetwork(1, 0.25, 3), LAYERS);
  const { layers: list } = layers.topology['config'] as { layers: Record<string, unknown>[] };
  const [, first, ...rest] = list.map(({ inbound_nodes: _, ...layer }) => layer);
  const shaped = { ...first, config: { ...(first?.['config'] as object), batch_input_shape: [null, SIZE, SIZE, 3] } };
  const topology = { class_name: 'Sequential', config: [shaped, ...rest] };
  const sequential = await loadMobileNet(await write('layers-model', { ...layers, topology }));
  expect(sequential).toEqual(await loadMobileNet(await write('layers-model', layers)));
});
