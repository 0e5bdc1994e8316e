/**
 * Recognises MobileNet V1 and V2 of any width in a chain of convolutions, by shapes and structure alone, and gives its
 * weights our names.
 */
import type { HostTensor } from '../../../layers/parameters.js';
import { UserError } from '../../../shared/errors.js';
import {
  blockConvolutions,
  hasShortcut,
  kernelShape,
  type MobileNetArchitecture,
  type MobileNetConvolution,
  mobilenetBlocks,
} from '../blocks.js';
import { type MobileNetConfig, validateMobileNetConfig } from '../config.js';
import { type Chain, type ChainLink, type ChainStep, type FoldedLayer, isLayer } from './chain.js';
import { GridTracker } from './grid-tracker.js';
import { describe } from './json.js';
import type { Pads } from './operations.js';

/** A MobileNet with its weights on the host. */
export interface LoadedMobileNet {
  readonly config: MobileNetConfig;
  /** By the names of `mobilenetParameterShapes(config)`, all finite. */
  readonly weights: Readonly<Record<string, HostTensor>>;
}

/** What the model itself cannot tell. */
export interface AssembleOptions {
  /** What the model's author feeds for 0 and 255. */
  readonly inputRange: readonly [number, number];
  /** Overrides the input size that the model names. */
  readonly inputSize?: number;
}

/** The widths that were published; others are derived from the channels. */
const PUBLISHED_ALPHAS = [0.25, 0.35, 0.5, 0.75, 1, 1.3, 1.4] as const;

/** Where models name no size, they were trained at this one. */
const DEFAULT_INPUT_SIZE = 224;

/** All blocks together make the grid that much smaller than the image. */
const TOTAL_STRIDE = 32;

/** ImageNet has 1,000 classes; slim's models put one for "background" before them, which nothing was trained on. */
const CLASSES_WITH_BACKGROUND = 1001;

/** The network in `chain`. Throws `UserError`, naming `where`, if it is no MobileNet. */
export function assembleMobileNet(where: string, chain: Chain, options: AssembleOptions): LoadedMobileNet {
  const [input] = chain.links;
  if (input?.step.kind !== 'input') throw noMobileNet(where, chain, 'no image enters it');
  const architecture = architectureOf(where, chain);
  const reader = new ChainReader(where, chain, inputSizeOf(chain, options));
  const weights = reader.readBlocks(architecture);
  const classifier = reader.readHead();
  const { scale, shift } = input.step;
  const [low, high] = options.inputRange;
  const config: MobileNetConfig = {
    ...architecture,
    inputSize: reader.inputSize,
    inputRange: [low * scale + shift, high * scale + shift],
    classes: classifier?.bias.values.length ?? 0,
    padding: reader.grid.padding(where, architecture.version),
  };
  const head =
    classifier === undefined ? {} : { 'classifier/kernel': classifier.kernel, 'classifier/bias': classifier.bias };
  const all = { ...weights, ...head };
  requireFinite(where, all);
  return { config: validateMobileNetConfig(config, where), weights: all };
}

function noMobileNet(where: string, { links, ends }: Chain, found: string): UserError {
  const end = ends.find(({ after }) => after === links.at(-1)) ?? ends[0];
  const hint = end === undefined ? '' : `; it has ${end.what}`;
  return new UserError(`${where}: expected a MobileNet V1 or V2, found that ${found}${hint} (choose another model)`);
}

function inputSizeOf({ links }: Chain, { inputSize }: AssembleOptions): number {
  const [input] = links;
  const named = input?.step.kind === 'input' ? input.step.size : undefined;
  const pool = links.find(({ step }) => step.kind === 'pool')?.step;
  const pooled = pool?.kind === 'pool' && pool.window !== undefined ? pool.window * TOTAL_STRIDE : undefined;
  return inputSize ?? named ?? pooled ?? DEFAULT_INPUT_SIZE;
}

/** Version and width, from the channels of all convolutions before the grid is pooled. */
function architectureOf(where: string, chain: Chain): MobileNetArchitecture {
  const layers = chain.links
    .filter(({ pooled }) => !pooled)
    .map(({ step }) => step)
    .filter(isLayer);
  const channels = layers.map(({ kernel }) => kernel.shape);
  const derived = layers.flatMap(({ scale }) => [1024, 1280, 320, 160, 96, 64, 32].map((base) => scale.length / base));
  const alphas = [...PUBLISHED_ALPHAS, ...new Set(derived)].filter((alpha) => alpha > 0 && alpha <= 4);
  for (const version of [1, 2] as const) {
    if (convolutionsOf({ version, alpha: 1 }).length !== layers.length) continue;
    const alpha = alphas.find((candidate) => {
      const expected = convolutionsOf({ version, alpha: candidate });
      return expected.every((convolution, index) => sameShape(kernelShape(convolution), channels[index] ?? []));
    });
    if (alpha !== undefined) return { version, alpha };
  }
  const shown = layers.slice(0, 4).map(({ scale }) => scale.length);
  throw noMobileNet(where, chain, `it has ${layers.length} convolutions (channels of the first: ${describe(shown)})`);
}

function convolutionsOf(architecture: MobileNetArchitecture): readonly MobileNetConvolution[] {
  return mobilenetBlocks(architecture).flatMap(blockConvolutions);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

interface Weights {
  readonly kernel: HostTensor;
  readonly bias: HostTensor;
}

/** Goes along the chain and checks that each link is what the architecture wants. */
class ChainReader {
  readonly grid: GridTracker;
  #index = 0;

  constructor(
    private readonly where: string,
    private readonly chain: Chain,
    readonly inputSize: number,
  ) {
    this.grid = new GridTracker(inputSize);
  }

  /** The link that was read last. */
  get #current(): ChainLink {
    return this.chain.links[this.#index] as ChainLink;
  }

  #peek(): ChainStep | undefined {
    return this.chain.links[this.#index + 1]?.step;
  }

  readBlocks(architecture: MobileNetArchitecture): Record<string, HostTensor> {
    const weights: Record<string, HostTensor> = {};
    for (const block of mobilenetBlocks(architecture)) {
      const start = this.#current;
      for (const convolution of blockConvolutions(block)) {
        const { kernel, bias } = this.#readConvolution(convolution);
        weights[`${convolution.name}/kernel`] = kernel;
        weights[`${convolution.name}/bias`] = bias;
      }
      if (hasShortcut(block)) this.#readShortcut(block.name, start);
    }
    return weights;
  }

  #readConvolution(wanted: MobileNetConvolution): Weights {
    const pads = this.#readPads();
    const step = this.#peek();
    const kind = wanted.kind === 'depthwise' ? 'depthwise' : 'convolution';
    const fits = step?.kind === kind && step.stride === wanted.stride && step.activation === wanted.activation;
    if (!fits) throw this.#unexpected(wanted.name, `a ${kind} of stride ${wanted.stride} and ${wanted.activation}`);
    if (!this.grid.pass(wanted, step.padding, pads)) throw this.#unexpected(wanted.name, 'the padding of a MobileNet');
    this.#index++;
    return fold(step, kernelShape(wanted));
  }

  #readPads(): Pads | undefined {
    const step = this.#peek();
    if (step?.kind !== 'pad') return undefined;
    this.#index++;
    return step.pads;
  }

  #readShortcut(block: string, start: ChainLink): void {
    const step = this.#peek();
    if (step?.kind !== 'shortcut' || step.from !== start) throw this.#unexpected(block, 'a shortcut around the block');
    this.#index++;
  }

  /** The classifier behind the pooled features; undefined where there is none or something else follows. */
  readHead(): Weights | undefined {
    const pool = this.#peek();
    if (pool === undefined) return undefined;
    if (pool.kind !== 'pool') throw this.#unexpected('the grid', 'a mean over the grid');
    if (pool.window !== undefined && pool.window !== this.grid.size) {
      throw this.#unexpected('the grid', `a mean over ${this.grid.size} × ${this.grid.size}`);
    }
    this.#index++;
    const step = this.#peek();
    if (step === undefined || this.#index + 2 < this.chain.links.length || !isClassifier(step)) return undefined;
    const link = this.chain.links[this.#index + 1];
    if (this.chain.ends.some(({ after }) => after === link)) return undefined;
    return withoutBackground(fold(step, step.kernel.shape.slice(-2)));
  }

  #unexpected(what: string, expected: string): UserError {
    const step = this.#peek();
    const found =
      step === undefined ? 'nothing' : isLayer(step) ? `"${step.name}" (${summary(step)})` : `a ${step.kind}`;
    return noMobileNet(this.where, this.chain, `${what} is not ${expected} but ${found}`);
  }
}

function summary({ kind, stride, activation, padding }: FoldedLayer): string {
  return `${kind}, stride ${stride}, ${activation}, padding ${JSON.stringify(padding)}`;
}

/** A dense layer or a 1×1 convolution that gives logits. */
function isClassifier(step: ChainStep): step is FoldedLayer {
  if (!isLayer(step) || step.kind === 'depthwise' || step.activation !== 'linear') return false;
  return step.kind === 'dense' || (step.kernel.shape[0] === 1 && step.kernel.shape[1] === 1);
}

/** Scale and shift put into kernel (channels of the output change fastest, in all kinds) and bias. */
function fold({ kernel, scale, shift }: FoldedLayer, shape: readonly number[]): Weights {
  const channels = scale.length;
  const values = kernel.values.map((value, index) => value * (scale[index % channels] as number));
  return { kernel: { shape, values }, bias: { shape: [channels], values: Float32Array.from(shift) } };
}

function withoutBackground({ kernel, bias }: Weights): Weights {
  const classes = bias.values.length;
  if (classes !== CLASSES_WITH_BACKGROUND) return { kernel, bias };
  const values = kernel.values.filter((_, index) => index % classes !== 0);
  return {
    kernel: { shape: [kernel.shape[0] as number, classes - 1], values },
    bias: { shape: [classes - 1], values: bias.values.slice(1) },
  };
}

function requireFinite(where: string, weights: Readonly<Record<string, HostTensor>>): void {
  for (const [name, { values }] of Object.entries(weights)) {
    const found = values.find((value) => !Number.isFinite(value));
    if (found === undefined) continue;
    throw new UserError(
      `${where}: ${name}: expected finite values, found ${found} (the model is damaged: get it again)`,
    );
  }
}
