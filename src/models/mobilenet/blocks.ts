/**
 * What MobileNet V1 (Howard et al. 2017, table 1) and V2 (Sandler et al. 2018, table 2) are made of, block by block, for
 * any width multiplier. Batch norms are folded: every convolution has a kernel and a bias.
 */
import { unreachable } from '../../shared/assert.js';

interface BlockSizes {
  readonly name: string;
  readonly stride: 1 | 2;
  readonly inputChannels: number;
  readonly outputChannels: number;
}

/** One stage of the network, the unit in which it is cut for fine-tuning. */
export type MobileNetBlock =
  | (BlockSizes & { readonly kind: 'convolution'; readonly kernelSize: 1 | 3 })
  /** V1: a depthwise and a 1×1 convolution. */
  | (BlockSizes & { readonly kind: 'separable' })
  /** V2: expand, depthwise, project; with a shortcut where input and output have one shape. */
  | (BlockSizes & { readonly kind: 'bottleneck'; readonly expandedChannels: number });

/** One convolution with its bias and activation. Its weights are `name/kernel` and `name/bias`. */
export interface MobileNetConvolution {
  readonly name: string;
  /** `full` mixes channels, kernel [k, k, in, out]; `depthwise` does not, kernel [k, k, channels, 1]. */
  readonly kind: 'full' | 'depthwise';
  readonly kernelSize: 1 | 3;
  readonly stride: 1 | 2;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly activation: 'relu6' | 'linear';
}

/** Which network: what decides its blocks. */
export interface MobileNetArchitecture {
  readonly version: 1 | 2;
  /** Width multiplier α: channels are multiplied by it. */
  readonly alpha: number;
  /** The last block that is run, for features nearer to the picture; default: all are. */
  readonly lastBlock?: string;
}

const FIRST_CHANNELS = 32;

/** Output channels and stride of V1's depthwise separable blocks. */
const V1_BLOCKS: readonly (readonly [outputs: number, stride: 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];

/** V2's bottlenecks: those of a stage have the same output, and only its first has the stride. */
const V2_STAGES: readonly (readonly [expansion: number, outputs: number, repeats: number, stride: 1 | 2])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

const V2_LAST_CHANNELS = 1280;

const DIVISOR = 8;

/** The nearest multiple of 8, never below 90 % of the value: V2's rule for channels. */
function makeDivisible(value: number): number {
  const rounded = Math.max(DIVISOR, Math.floor((value + DIVISOR / 2) / DIVISOR) * DIVISOR);
  return rounded < 0.9 * value ? rounded + DIVISOR : rounded;
}

function firstConvolution(outputChannels: number): MobileNetBlock {
  return { kind: 'convolution', name: 'conv1', kernelSize: 3, stride: 2, inputChannels: 3, outputChannels };
}

function v1Blocks(alpha: number): MobileNetBlock[] {
  const width = (channels: number): number => Math.max(1, Math.floor(channels * alpha));
  let channels = width(FIRST_CHANNELS);
  const blocks = [firstConvolution(channels)];
  for (const [outputs, stride] of V1_BLOCKS) {
    const inputChannels = channels;
    channels = width(outputs);
    const name = `block${blocks.length}`;
    blocks.push({ kind: 'separable', name, stride, inputChannels, outputChannels: channels });
  }
  return blocks;
}

function v2Blocks(alpha: number): MobileNetBlock[] {
  let channels = makeDivisible(FIRST_CHANNELS * alpha);
  const blocks = [firstConvolution(channels)];
  for (const [expansion, outputs, repeats, firstStride] of V2_STAGES) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const inputChannels = channels;
      channels = makeDivisible(outputs * alpha);
      blocks.push({
        kind: 'bottleneck',
        name: `block${blocks.length - 1}`,
        stride: repeat === 0 ? firstStride : 1,
        inputChannels,
        expandedChannels: inputChannels * expansion,
        outputChannels: channels,
      });
    }
  }
  const outputChannels = makeDivisible(V2_LAST_CHANNELS * Math.max(1, alpha));
  const last = { kind: 'convolution', name: 'convLast', kernelSize: 1, stride: 1 } as const;
  return [...blocks, { ...last, inputChannels: channels, outputChannels }];
}

/**
 * The blocks of the network from image to grid, in order: `conv1`, then `block1` … `block13` for V1; `conv1`, `block0` …
 * `block16`, `convLast` for V2; up to `lastBlock` where one is named.
 */
export function mobilenetBlocks({ version, alpha, lastBlock }: MobileNetArchitecture): readonly MobileNetBlock[] {
  const blocks = version === 1 ? v1Blocks(alpha) : v2Blocks(alpha);
  return lastBlock === undefined ? blocks : blocks.slice(0, 1 + blocks.findIndex(({ name }) => name === lastBlock));
}

/** Whether what enters the block is added to what leaves it. */
export function hasShortcut(block: MobileNetBlock): boolean {
  return block.kind === 'bottleneck' && block.stride === 1 && block.inputChannels === block.outputChannels;
}

function depthwise(name: string, channels: number, stride: 1 | 2): MobileNetConvolution {
  return {
    name: `${name}/depthwise`,
    kind: 'depthwise',
    kernelSize: 3,
    stride,
    inputChannels: channels,
    outputChannels: channels,
    activation: 'relu6',
  };
}

function pointwise(
  name: string,
  channels: readonly [number, number],
  activation: 'relu6' | 'linear',
): MobileNetConvolution {
  const [inputChannels, outputChannels] = channels;
  return { name, kind: 'full', kernelSize: 1, stride: 1, inputChannels, outputChannels, activation };
}

/** The convolutions of one block, in order. */
export function blockConvolutions(block: MobileNetBlock): readonly MobileNetConvolution[] {
  const { name, stride, inputChannels, outputChannels } = block;
  switch (block.kind) {
    case 'convolution': {
      const { kernelSize } = block;
      return [{ name, kind: 'full', kernelSize, stride, inputChannels, outputChannels, activation: 'relu6' }];
    }
    case 'separable':
      return [
        depthwise(name, inputChannels, stride),
        pointwise(`${name}/project`, [inputChannels, outputChannels], 'relu6'),
      ];
    case 'bottleneck': {
      const { expandedChannels } = block;
      const expands = expandedChannels !== inputChannels;
      return [
        ...(expands ? [pointwise(`${name}/expand`, [inputChannels, expandedChannels], 'relu6')] : []),
        depthwise(name, expandedChannels, stride),
        pointwise(`${name}/project`, [expandedChannels, outputChannels], 'linear'),
      ];
    }
    default:
      return unreachable(block, 'block');
  }
}

/** The shape of a convolution's kernel: [k, k, in, out], or [k, k, channels, 1] for a depthwise one. */
export function kernelShape({ kind, kernelSize, inputChannels, outputChannels }: MobileNetConvolution): number[] {
  return [kernelSize, kernelSize, inputChannels, kind === 'depthwise' ? 1 : outputChannels];
}
