/**
 * Reads MobileNet weights from a TensorFlow.js layers model on disk (`model.json` with its weight files) whose batch
 * norms are folded: convolutions come in the order of the network, so that shapes alone say which is which.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HostTensor } from '../../layers/parameters.js';
import { UserError, messageOf } from '../../shared/errors.js';
import { type MobileNetConfig, mobilenetParameterShapes } from './config.js';

export interface LoadedMobileNet {
  readonly config: MobileNetConfig;
  readonly weights: Readonly<Record<string, HostTensor>>;
}

interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

interface LayersModel {
  readonly modelTopology: { readonly config?: unknown; readonly model_config?: { readonly config?: unknown } };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly ManifestEntry[];
  }[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

async function readWeights(path: string, model: LayersModel): Promise<HostTensor[]> {
  const tensors: HostTensor[] = [];
  for (const { paths, weights } of model.weightsManifest) {
    const parts = await Promise.all(
      paths.map((part) => {
        if (basename(part) !== part) throw new UserError(`${path}: weight file ${part}: expected a file beside it`);
        return readFile(join(dirname(path), part));
      }),
    );
    const bytes = Uint8Array.from(Buffer.concat(parts));
    let offset = 0;
    for (const { name, shape, dtype } of weights) {
      const length = sizeOf(shape);
      if (dtype !== 'float32' || offset + 4 * length > bytes.length) {
        throw new UserError(`${path}: ${name}: expected ${length} float32 values, found ${dtype} or too few`);
      }
      tensors.push({ shape, values: new Float32Array(bytes.buffer.slice(offset, offset + 4 * length)) });
      offset += 4 * length;
    }
  }
  return tensors;
}

function inputSizeOf(model: LayersModel): number {
  const found = /"batch_input_shape":\[null,(\d+),/.exec(JSON.stringify(model.modelTopology));
  return found === null ? 224 : Number(found[1]);
}

/** Version and width, from the number of weights and the channels of the first convolution. */
function architectureOf(path: string, tensors: readonly HostTensor[]): Pick<MobileNetConfig, 'version' | 'alpha'> {
  const channels = tensors[0]?.shape[3];
  if (channels === undefined) throw new UserError(`${path}: expected a convolution first: is this a MobileNet?`);
  return { version: tensors.length > 80 ? 2 : 1, alpha: channels / 32 };
}

/** Loads the model at `path` (its folder or its model.json). Throws UserError when it is no MobileNet that we know. */
export async function loadLayersModel(path: string): Promise<LoadedMobileNet> {
  const file = path.endsWith('.json') ? path : join(path, 'model.json');
  let model: LayersModel;
  try {
    model = JSON.parse(await readFile(file, 'utf8')) as LayersModel;
  } catch (error) {
    throw new UserError(`${file}: cannot be read as a TensorFlow.js model: ${messageOf(error)}`, { cause: error });
  }
  const tensors = await readWeights(file, model);
  const last = tensors.at(-1)?.shape ?? [];
  const classes = tensors.at(-2)?.shape.length === 2 ? (last[0] ?? 0) : 0;
  const config: MobileNetConfig = {
    ...architectureOf(file, tensors),
    inputSize: inputSizeOf(model),
    inputRange: [-1, 1],
    classes,
  };
  const expected = Object.entries(mobilenetParameterShapes(config));
  if (expected.length !== tensors.length) {
    throw new UserError(
      `${file}: expected ${expected.length} weights of a MobileNet V${config.version}, found ${tensors.length}`,
    );
  }
  const weights = expected.map(([name, shape], index): [string, HostTensor] => {
    const tensor = tensors[index] as HostTensor;
    if (sizeOf(shape) !== tensor.values.length) {
      throw new UserError(`${file}: ${name}: expected shape [${shape.join(', ')}], found [${tensor.shape.join(', ')}]`);
    }
    return [name, { shape, values: tensor.values }];
  });
  return { config, weights: Object.fromEntries(weights) };
}
