/** Files that are no MobileNet, or a damaged or hostile one: each is refused, and the error says where and why. */
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadMobileNet } from '../../../src/models/mobilenet/index.js';
import { UserError } from '../../../src/shared/errors.js';
import { generateNetwork, store, type StoredFiles, writeStored } from './generated.js';
import { graphModel } from './generated-graph.js';
import { layersModel } from './generated-layers.js';

let root = '';
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'looksay-mobilenet-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const network = generateNetwork(1, 0.25, 3);

interface LayerJson {
  name: string;
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[][];
}

interface NodeJson {
  name: string;
  op: string;
  input?: string[];
}

interface ModelFile {
  format: unknown;
  modelTopology: { config: { layers: LayerJson[] }; node: NodeJson[] };
  weightsManifest: { paths: unknown[]; weights: Record<string, unknown>[] }[];
}

function layers(): StoredFiles {
  const { topology, weights } = layersModel(network, {
    inputSize: 64,
    batchNorms: true,
    padding: 'same',
    top: 'dense',
  });
  return store('layers-model', topology, weights);
}

function graph(): StoredFiles {
  const options = { inputSize: 64, norms: 'batch-norm', scalesInput: true, padding: 'same', pool: 'mean' } as const;
  const { topology, weights } = graphModel(network, options);
  return store('graph-model', topology, weights);
}

/** Writes a model after `change` has damaged it, and gives the error of loading it. */
async function errorOf(stored: StoredFiles, change: (model: ModelFile) => void): Promise<UserError> {
  const folder = join(root, String(count++));
  const model = structuredClone(stored.json) as unknown as ModelFile;
  change(model);
  await writeStored(folder, { ...stored, json: model as unknown as Record<string, unknown> });
  return failureOf(folder);
}

async function failureOf(path: string): Promise<UserError> {
  const error: unknown = await loadMobileNet(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

const layer = (model: ModelFile, name: string): LayerJson =>
  model.modelTopology.config.layers.find((candidate) => candidate.name === name) as LayerJson;
const node = (model: ModelFile, name: string): NodeJson =>
  model.modelTopology.node.find((candidate) => candidate.name.endsWith(name)) as NodeJson;

describe('files', () => {
  test('none there', async () => {
    expect((await failureOf(join(root, 'nowhere'))).message).toMatch(
      /nowhere\/model\.json: cannot be read, there is no/,
    );
  });

  test('no JSON', async () => {
    const folder = join(root, String(count++));
    await mkdir(folder);
    await writeFile(join(folder, 'model.json'), '{"modelTopology":');
    expect((await failureOf(folder)).message).toMatch(/model\.json: expected JSON/);
    await writeFile(join(folder, 'model.json'), `{"modelTopology":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect((await failureOf(folder)).message).toMatch(/model\.json: expected JSON, found .* more than 100 deep/);
  });

  test('a folder in place of a file', async () => {
    const folder = join(root, String(count++));
    await mkdir(join(folder, 'model.json'), { recursive: true });
    expect((await failureOf(folder)).message).toMatch(/expected a file/);
  });

  test('weights cut short, too long, or missing', async () => {
    const folder = join(root, String(count++));
    const stored = layers();
    await writeStored(folder, stored);
    const [[name, bytes] = ['', new Uint8Array()]] = Object.entries(stored.files);
    await truncate(join(folder, name), bytes.length - 4);
    expect((await failureOf(folder)).message).toMatch(
      /expected \d+ bytes of weights in "group1-shard1of1\.bin", found \d+/,
    );
    await writeFile(join(folder, name), new Uint8Array(bytes.length + 4));
    expect((await failureOf(folder)).message).toMatch(/expected at most \d+ bytes, found \d+/);
    await rm(join(folder, name));
    expect((await failureOf(folder)).message).toMatch(/group1-shard1of1\.bin: cannot be read, there is no such file/);
  });

  test.each(['../secret.bin', '/etc/passwd', 'a/../../b', '..', 'C:\\x', 'a\\..\\b', 'http://x/y', '', 7])(
    'a weight file outside of the folder: %j',
    async (path) => {
      const { message } = await errorOf(layers(), (model) => model.weightsManifest[0]?.paths.splice(0, 1, path));
      expect(message).toMatch(/weightsManifest\[0\]\.paths: expected the relative path of a file in the folder/);
    },
  );
});

describe('manifest', () => {
  const first = (model: ModelFile): Record<string, unknown> =>
    model.weightsManifest[0]?.weights[0] as Record<string, unknown>;

  test.each([
    ['shape', [-1, 3], /shape: expected sizes, found \[-1,3\]/],
    ['shape', [1.5], /shape: expected sizes/],
    ['shape', [1e6, 1e6], /shape: expected fewer values/],
    ['shape', [2 ** 53, 2 ** 53, 2 ** 53], /shape/],
    ['shape', Array<number>(9).fill(1), /shape: expected sizes/],
    ['dtype', 'string', /dtype: expected float32, int32 or bool, found "string"/],
    ['name', 5, /name: expected text, found 5/],
    ['quantization', { dtype: 'uint8' }, /quantization: expected uint8 or uint16 with scale and min/],
    ['quantization', { dtype: 'uint4', scale: 1, min: 0 }, /quantization/],
    ['quantization', { dtype: 'uint8', scale: null, min: 0 }, /quantization/],
  ])('%s %j', async (key, value, message) => {
    expect((await errorOf(layers(), (model) => (first(model)[key] = value))).message).toMatch(message);
  });

  test('too much of everything', async () => {
    const huge = await errorOf(layers(), (model) => {
      const weights = Array.from({ length: 5 }, (_, i) => ({ name: `w${i}`, shape: [100e6 / 4], dtype: 'float32' }));
      model.weightsManifest = [{ paths: ['a'], weights: [...weights, ...weights] }];
    });
    expect(huge.message).toMatch(/expected at most 512000000 bytes, found 1000000000/);
    const many = await errorOf(layers(), (model) => {
      const weights = Array.from({ length: 10_001 }, (_, i) => ({ name: `w${i}`, shape: [], dtype: 'float32' }));
      model.weightsManifest = [{ paths: ['a'], weights }];
    });
    expect(many.message).toMatch(/expected at most 10000, found 10001/);
  });

  test('a name twice', async () => {
    const { message } = await errorOf(layers(), (model) => {
      const [a, b] = model.weightsManifest[0]?.weights ?? [];
      if (a !== undefined && b !== undefined) b['name'] = a['name'];
    });
    expect(message).toMatch(/expected each name once, found "conv1\/kernel"/);
  });

  test('no manifest, no topology, an unknown format', async () => {
    expect((await errorOf(layers(), (model) => (model.weightsManifest = 3 as never))).message).toMatch(
      /weightsManifest/,
    );
    expect((await errorOf(layers(), (model) => (model.modelTopology = [] as never))).message).toMatch(/modelTopology/);
    expect((await errorOf(layers(), (model) => (model.format = 'onnx'))).message).toMatch(/format: .*found "onnx"/);
  });

  test('a weight that is not finite', async () => {
    const stored = layers();
    const [bytes = new Uint8Array()] = Object.values(stored.files);
    new DataView(bytes.buffer).setFloat32(40, NaN, true);
    expect((await errorOf(stored, () => undefined)).message).toMatch(
      /conv1\/kernel: expected finite values, found NaN/,
    );
  });
});

describe('networks that are no MobileNet', () => {
  test('another activation, stride, padding or layer', async () => {
    const relu = await errorOf(layers(), (model) => (layer(model, 'conv1_relu').config['max_value'] = null));
    expect(relu.message).toMatch(/expected a MobileNet V1 or V2.*it has another ReLU than ReLU6 in layer "conv1_relu"/);
    const stride = await errorOf(layers(), (model) => (layer(model, 'block3_depthwise').config['strides'] = [2, 2]));
    expect(stride.message).toMatch(/block3\/depthwise is not a depthwise of stride 1 and relu6 but "block3_depthwise"/);
    const padding = await errorOf(layers(), (model) => (layer(model, 'block3_depthwise').config['padding'] = 'valid'));
    expect(padding.message).toMatch(/block3\/depthwise is not the padding of a MobileNet/);
    const unknown = await errorOf(
      layers(),
      (model) => (layer(model, 'block5_depthwise').class_name = 'SeparableConv2D'),
    );
    expect(unknown.message).toMatch(/it has a layer of class "SeparableConv2D", "block5_depthwise"/);
    const first = await errorOf(layers(), (model) => (layer(model, 'conv1').config['data_format'] = 'channels_first'));
    expect(first.message).toMatch(/channels first in layer "conv1"/);
  });

  test('a batch norm whose weights are missing', async () => {
    const { message } = await errorOf(layers(), (model) => {
      for (const weight of model.weightsManifest[0]?.weights ?? []) {
        if (weight['name'] === 'conv1_bn/gamma') weight['name'] = 'other/gamma';
      }
    });
    expect(message).toMatch(/weights of layer "conv1_bn": expected gamma/);
  });

  test('a kernel of another width', async () => {
    const { message } = await errorOf(layers(), (model) => {
      const kernel = model.weightsManifest[0]?.weights.find(({ name }) => name === 'block1_project/kernel');
      if (kernel !== undefined) kernel['shape'] = [1, 1, 16, 8];
    });
    expect(message).toMatch(/expected a MobileNet V1 or V2/);
  });

  test('cycles, missing inputs and names that stand twice', async () => {
    const cycle = await errorOf(layers(), (model) => {
      layer(model, 'conv1').inbound_nodes = [[['block13_project', 0, 0, {}]]];
    });
    expect(cycle.message).toMatch(/without a cycle/);
    const missing = await errorOf(layers(), (model) => (layer(model, 'conv1').inbound_nodes = [[['gone', 0, 0, {}]]]));
    expect(missing.message).toMatch(/"conv1", whose input is not there/);
    const twice = await errorOf(layers(), (model) => {
      model.modelTopology.config.layers.push({ ...layer(model, 'conv1') });
    });
    expect(twice.message).toMatch(/once, found "a name twice"/);
  });

  test('a graph with another operator, or a damaged node', async () => {
    const other = await errorOf(graph(), (model) => (node(model, 'block4/project/Relu6').op = 'Elu'));
    expect(other.message).toMatch(/it has the operator "Elu", node "module\/Mobilenet\/block4\/project\/Relu6"/);
    const damaged = await errorOf(graph(), (model) => (node(model, 'conv1/Relu6').input = [3 as never]));
    expect(damaged.message).toMatch(/node\[\d+\]: expected a node/);
    const empty = await errorOf(graph(), (model) => (model.modelTopology.node = []));
    expect(empty.message).toMatch(/no image enters it/);
  });

  test('what follows the classifier is not mistaken for it', async () => {
    const folder = join(root, String(count++));
    const stored = graph();
    const model = structuredClone(stored.json) as unknown as ModelFile;
    model.modelTopology.node.push({ name: 'head', op: 'Tanh', input: ['module/SpatialSqueeze'] });
    await writeStored(folder, { ...stored, json: model as unknown as Record<string, unknown> });
    expect((await loadMobileNet(folder)).config.classes).toBe(0);
  });
});
