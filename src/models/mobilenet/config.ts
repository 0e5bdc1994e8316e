/**
 * The configurations of MobileNet V1 (Howard et al. 2017) and V2 (Sandler et al. 2018): what they are made of, block by
 * block, for any width multiplier and input size. Batch norms are folded into the convolutions before them.
 */
import { UserError } from '../../shared/errors.js';

export interface MobileNetConfig {
  readonly version: 1 | 2;
  /** Width multiplier α: channels are multiplied by it. */
  readonly alpha: number;
  /** Side of the square input, in pixels. */
  readonly inputSize: number;
  /** What 0 and 255 become before the first convolution: [-1, 1] or [0, 1]. */
  readonly inputRange: readonly [number, number];
  /** Classes of the classifier; 0 where there is none. */
  readonly classes: number;
}

/** One stage of the network, the unit in which it is cut for fine-tuning. */
export type MobileNetBlock =
  | { readonly kind: 'convolution'; readonly name: string; readonly kernelSize: 1 | 3; readonly stride: 1 | 2; readonly inputChannels: number; readonly outputChannels: number }
  | { readonly kind: 'separable'; readonly name: string; readonly stride: 1 | 2; readonly inputChannels: number; readonly outputChannels: number }
  | { readonly kind: 'bottleneck'; readonly name: string; readonly stride: 1 | 2; readonly inputChannels: number; readonly expandedChannels: number; readonly outputChannels: number };

/** Output channels and stride of V1's depthwise separable blocks (Howard 2017, table 1). */
const V1_BLOCKS: readonly (readonly [number, 1 | 2])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  ...Array<readonly [number, 1]>(5).fill([512, 1]),
  [1024, 2],
  [1024, 1],
];

/** Expansion, output channels, repeats and stride of V2's bottlenecks (Sandler 2018, table 2). */
const V2_STAGES: readonly (readonly [number, number, number, 1 | 2])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

const V2_LAST_CHANNELS = 1280;

/** The nearest multiple of 8, never below 90 % of the value: V2's rule for channels. */
function makeDivisible(value: number): number {
  const rounded = Math.max(8, Math.floor((value + 4) / 8) * 8);
  return rounded < 0.9 * value ? rounded + 8 : rounded;
}

function v1Blocks(alpha: number): MobileNetBlock[] {
  const width = (channels: number): number => Math.floor(channels * alpha);
  let channels = width(32);
  const first = { kind: 'convolution', name: 'conv1', kernelSize: 3, stride: 2, inputChannels: 3, outputChannels: channels } as const;
  const rest = V1_BLOCKS.map(([outputs, stride], index): MobileNetBlock => {
    const inputChannels = channels;
    channels = width(outputs);
    return { kind: 'separable', name: `block${index + 1}`, stride, inputChannels, outputChannels: channels };
  });
  return [first, ...rest];
}

function v2Blocks(alpha: number): MobileNetBlock[] {
  let channels = makeDivisible(32 * alpha);
  const blocks: MobileNetBlock[] = [
    { kind: 'convolution', name: 'conv1', kernelSize: 3, stride: 2, inputChannels: 3, outputChannels: channels },
  ];
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
  const last = makeDivisible(V2_LAST_CHANNELS * Math.max(1, alpha));
  blocks.push({ kind: 'convolution', name: 'convLast', kernelSize: 1, stride: 1, inputChannels: channels, outputChannels: last });
  return blocks;
}

/** The blocks of the network from image to grid, in order. */
export function mobilenetBlocks({ version, alpha }: Pick<MobileNetConfig, 'version' | 'alpha'>): readonly MobileNetBlock[] {
  return version === 1 ? v1Blocks(alpha) : v2Blocks(alpha);
}

/** Shapes of the weights of one block. */
function blockShapes(block: MobileNetBlock): Record<string, readonly number[]> {
  const { name, inputChannels, outputChannels } = block;
  switch (block.kind) {
    case 'convolution':
      return {
        [`${name}/kernel`]: [block.kernelSize, block.kernelSize, inputChannels, outputChannels],
        [`${name}/bias`]: [outputChannels],
      };
    case 'separable':
      return {
        [`${name}/depthwise/kernel`]: [3, 3, inputChannels, 1],
        [`${name}/depthwise/bias`]: [inputChannels],
        [`${name}/project/kernel`]: [1, 1, inputChannels, outputChannels],
        [`${name}/project/bias`]: [outputChannels],
      };
    case 'bottleneck': {
      const expanded = block.expandedChannels;
      const expand =
        expanded === inputChannels
          ? {}
          : { [`${name}/expand/kernel`]: [1, 1, inputChannels, expanded], [`${name}/expand/bias`]: [expanded] };
      return {
        ...expand,
        [`${name}/depthwise/kernel`]: [3, 3, expanded, 1],
        [`${name}/depthwise/bias`]: [expanded],
        [`${name}/project/kernel`]: [1, 1, expanded, outputChannels],
        [`${name}/project/bias`]: [outputChannels],
      };
    }
  }
}

/** Names and shapes of all weights, those of the blocks in order and then the classifier's. */
export function mobilenetParameterShapes(config: MobileNetConfig): Readonly<Record<string, readonly number[]>> {
  const shapes = Object.assign({}, ...mobilenetBlocks(config).map(blockShapes)) as Record<string, readonly number[]>;
  if (config.classes === 0) return shapes;
  const { featureSize } = mobilenetOutput(config);
  return { ...shapes, 'classifier/kernel': [featureSize, config.classes], 'classifier/bias': [config.classes] };
}

/** Size of what the network gives: a grid of `gridSize` × `gridSize` vectors of `featureSize`. */
export function mobilenetOutput(config: MobileNetConfig): { readonly gridSize: number; readonly featureSize: number } {
  const [gridSize, , featureSize] = blockInputShape(config, mobilenetBlocks(config).length);
  return { gridSize, featureSize };
}

/** [height, width, channels] of what block `index` takes; of what the network gives for `index` = number of blocks. */
export function blockInputShape(config: MobileNetConfig, index: number): readonly [number, number, number] {
  const before = mobilenetBlocks(config).slice(0, index);
  const size = before.reduce((side, { stride }) => Math.ceil(side / stride), config.inputSize);
  return [size, size, before.at(-1)?.outputChannels ?? 3];
}

/** The number of the block called `name`. Throws UserError, naming the blocks there are. */
export function blockNumber(config: MobileNetConfig, name: string): number {
  const names = mobilenetBlocks(config).map((block) => block.name);
  const index = names.indexOf(name);
  if (index >= 0) return index;
  throw new UserError(`no block "${name}" in MobileNet V${config.version}: expected one of ${names.join(', ')}`, {
    exitCode: 2,
  });
}

/** `value` as a configuration, or a UserError that says what about it is wrong. */
export function validateMobileNetConfig(value: unknown, where: string): MobileNetConfig {
  if (typeof value !== 'object' || value === null) throw new UserError(`${where}: expected an object`);
  const { version, alpha, inputSize, inputRange, classes } = value as Record<string, unknown>;
  if (version !== 1 && version !== 2) throw new UserError(`${where}.version: expected 1 or 2, found ${String(version)}`);
  if (typeof alpha !== 'number' || !(alpha > 0 && alpha <= 2)) {
    throw new UserError(`${where}.alpha: expected a number in (0, 2], found ${String(alpha)}`);
  }
  if (typeof inputSize !== 'number' || !Number.isInteger(inputSize) || inputSize < 32 || inputSize > 1024) {
    throw new UserError(`${where}.inputSize: expected a whole number from 32 to 1024, found ${String(inputSize)}`);
  }
  const isRange = Array.isArray(inputRange) && inputRange.length === 2 && inputRange.every((end) => typeof end === 'number');
  if (!isRange) throw new UserError(`${where}.inputRange: expected two numbers, found ${JSON.stringify(inputRange)}`);
  if (typeof classes !== 'number' || !Number.isInteger(classes) || classes < 0 || classes > 100_000) {
    throw new UserError(`${where}.classes: expected a whole number from 0 on, found ${String(classes)}`);
  }
  return { version, alpha, inputSize, inputRange: inputRange as unknown as readonly [number, number], classes };
}
