/**
 * MobileNets with random weights as TensorFlow.js writes them: layers models and graph models, with batch norms or
 * without, in the forms that Keras, slim and the converter give them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  blockConvolutions,
  hasShortcut,
  kernelShape,
  type MobileNetConvolution,
  mobilenetBlocks,
  mobilenetOutput,
} from '../../../src/models/mobilenet/index.js';
import { toHalf } from '../../../src/shared/half.js';
import { Random } from '../../../src/shared/random.js';

export interface GeneratedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

/** A convolution as it was before its batch norm was folded. */
export interface GeneratedConvolution extends MobileNetConvolution {
  readonly kernel: GeneratedTensor;
  readonly norm: Readonly<Record<'gamma' | 'beta' | 'mean' | 'variance', GeneratedTensor>>;
}

export interface GeneratedNetwork {
  readonly blocks: readonly { readonly convolutions: readonly GeneratedConvolution[]; readonly shortcut: boolean }[];
  readonly classifier: { readonly kernel: GeneratedTensor; readonly bias: GeneratedTensor };
}

export const EPSILON = 1e-3;

export function generateNetwork(version: 1 | 2, alpha: number, classes: number): GeneratedNetwork {
  const random = new Random(version * 1000 + alpha * 100 + classes);
  const tensor = (shape: readonly number[], value: () => number): GeneratedTensor => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return { shape, values: Float32Array.from({ length: size }, value) };
  };
  const config = { version, alpha, inputSize: 224, inputRange: [0, 1], classes } as const;
  const blocks = mobilenetBlocks(config).map((block) => ({
    shortcut: hasShortcut(block),
    convolutions: blockConvolutions(block).map((convolution): GeneratedConvolution => {
      const shape = kernelShape(convolution);
      const fan = convolution.kind === 'depthwise' ? 9 : convolution.kernelSize ** 2 * convolution.inputChannels;
      const channels = [convolution.outputChannels];
      const norm = {
        gamma: tensor(channels, () => 1 + 0.2 * random.normal()),
        beta: tensor(channels, () => 0.3 + 0.3 * random.normal()),
        mean: tensor(channels, () => 0.2 * random.normal()),
        variance: tensor(channels, () => 0.5 + random.uniform()),
      };
      return { ...convolution, norm, kernel: tensor(shape, () => random.normal() * Math.sqrt(2 / fan)) };
    }),
  }));
  const { featureSize } = mobilenetOutput(config);
  const kernel = tensor([featureSize, classes], () => (3 * random.normal()) / Math.sqrt(featureSize));
  return { blocks, classifier: { kernel, bias: tensor([classes], () => random.normal()) } };
}

/** Kernel and bias with the batch norm folded into them. */
export function foldByHand({ kernel, norm, outputChannels }: GeneratedConvolution): {
  readonly kernel: GeneratedTensor;
  readonly bias: GeneratedTensor;
} {
  const scale = norm.gamma.values.map((gamma, c) => gamma / Math.sqrt((norm.variance.values[c] as number) + EPSILON));
  const bias = norm.beta.values.map((beta, c) => beta - (norm.mean.values[c] as number) * (scale[c] as number));
  const values = Float32Array.from(kernel.values, (value, index) => value * (scale[index % outputChannels] as number));
  return {
    kernel: { shape: kernel.shape, values },
    bias: { shape: [outputChannels], values: Float32Array.from(bias) },
  };
}

export type Quantization = 'float16' | 'uint8' | 'uint16';

export interface StoredFiles {
  readonly json: Record<string, unknown>;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export interface StorageOptions {
  /** Bytes of each weight file; by default there is one file. */
  readonly shardBytes?: number;
  readonly quantization?: Quantization;
}

function quantize(values: Float32Array | Int32Array, kind: Quantization): { bytes: Uint8Array; quantization: object } {
  if (kind === 'float16') {
    return { bytes: new Uint8Array(toHalf(Float32Array.from(values)).buffer), quantization: { dtype: kind } };
  }
  const sorted = Float64Array.from(values).sort();
  const [minimum = 0, maximum = 0] = [sorted[0], sorted.at(-1)];
  const steps = kind === 'uint8' ? 255 : 65535;
  const scale = maximum === minimum ? 1 : (maximum - minimum) / steps;
  const stored = Array.from(values, (value) => Math.round((value - minimum) / scale));
  const bytes = kind === 'uint8' ? Uint8Array.from(stored) : new Uint8Array(Uint16Array.from(stored).buffer);
  return { bytes, quantization: { dtype: kind, scale, min: minimum } };
}

/** `model.json` and weight files for a topology and its weights. */
export function store(
  format: string,
  modelTopology: object,
  weights: Readonly<Record<string, GeneratedTensor>>,
  { shardBytes, quantization }: StorageOptions = {},
): StoredFiles {
  const parts: Uint8Array[] = [];
  const specs = Object.entries(weights).map(([name, { shape, values }]) => {
    const dtype = values instanceof Int32Array ? 'int32' : 'float32';
    if (quantization === undefined || dtype === 'int32') {
      parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      return { name, shape, dtype };
    }
    const quantized = quantize(values, quantization);
    parts.push(quantized.bytes);
    return { name, shape, dtype, quantization: quantized.quantization };
  });
  const bytes = new Uint8Array(Buffer.concat(parts));
  const size = shardBytes ?? bytes.length;
  const count = Math.ceil(bytes.length / size);
  const paths = Array.from({ length: count }, (_, index) => `group1-shard${index + 1}of${count}.bin`);
  const files = Object.fromEntries(paths.map((path, index) => [path, bytes.slice(index * size, (index + 1) * size)]));
  return { json: { format, modelTopology, weightsManifest: [{ paths, weights: specs }] }, files };
}

export async function writeStored(folder: string, { json, files }: StoredFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}
