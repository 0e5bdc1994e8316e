/** A captioner of a few thousand random weights in a temporary folder: what commands do does not depend on its size. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { captionerDefaults, createCaptionerParameters } from '../../src/models/captioner/index.js';
import { mobilenetOutput, mobilenetParameterShapes, type MobileNetConfig } from '../../src/models/mobilenet/index.js';
import { Random } from '../../src/shared/random.js';
import { type CaptionModel, saveCaptionModel } from '../../src/tasks/caption/model.js';
import { Vocabulary } from '../../src/text/vocabulary.js';
import type { HostTensors } from '../../src/training/parameters.js';

export const tinyEncoder: MobileNetConfig = {
  version: 1,
  alpha: 0.25,
  inputSize: 32,
  inputRange: [-1, 1],
  classes: 0,
};

/** He's rule; depthwise kernels on grids of one pixel see only one of their nine taps, hence their larger scale. */
function kernelScale([height, width, inputs, outputs]: readonly [number, number, number, number]): number {
  return outputs === 1 ? 1.0 : Math.sqrt(2 / (height * width * inputs));
}

export function randomWeights(shapes: Readonly<Record<string, readonly number[]>>, seed: number): HostTensors {
  const random = new Random(seed);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const scale = shape.length === 4 ? kernelScale(shape as [number, number, number, number]) : 0.02;
      return [name, { shape, values: Float32Array.from({ length: size }, () => scale * random.normal()) }];
    }),
  );
}

export interface TinyOptions {
  /** What the weights are drawn by. Default 1. */
  readonly seed?: number;
  /** Pixels a side. Default 32. */
  readonly inputSize?: number;
  readonly words?: readonly string[];
}

const WORDS = ['a', 'dog', 'cat', 'runs', 'sits', 'on', 'grass', 'snow'];

export function tinyCaptionModel({ seed = 1, inputSize = 32, words = WORDS }: TinyOptions = {}): CaptionModel {
  const vocabulary = Vocabulary.build([words]);
  const encoder = { ...tinyEncoder, inputSize };
  const { gridSize, featureSize } = mobilenetOutput(encoder);
  const captioner = {
    ...captionerDefaults,
    hiddenSize: 16,
    embeddingSize: 8,
    featureProjection: 16,
    attentionSize: 8,
    vocabularySize: vocabulary.size,
    featureSize,
    gridLength: gridSize * gridSize,
  };
  return {
    config: { preprocessing: { size: inputSize, fit: 'squash', kernel: 'cubic' }, encoder, captioner },
    vocabulary,
    encoder: randomWeights(mobilenetParameterShapes(encoder), seed),
    captioner: createCaptionerParameters(captioner, new Random(seed + 1)),
  };
}

/** Saves the tiny captioner and returns its folder. */
export async function saveTinyCaptioner(options: TinyOptions = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'checkpoint');
  await saveCaptionModel(folder, tinyCaptionModel(options), { modelCard: 'tiny\n', precision: 'F32' });
  return folder;
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'looksay-test-'));

/** Writes a plain picture of one colour. */
export async function writePicture(path: string, colour: string, size = 40): Promise<void> {
  await sharp({ create: { width: size, height: size, channels: 3, background: colour } })
    .toFormat('png')
    .toFile(path);
}
