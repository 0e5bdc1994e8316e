/**
 * The configuration of a MobileNet, V1 (Howard et al. 2017) or V2 (Sandler et al. 2018), and what follows from it: names
 * and shapes of the weights, and sizes of what the blocks take and give.
 */
import type { ParameterShapes } from '../../layers/parameters.js';
import { UserError } from '../../shared/errors.js';
import { blockConvolutions, kernelShape, type MobileNetArchitecture, mobilenetBlocks } from './blocks.js';

/**
 * What convolutions of stride 2 see beyond the edges. `same`: zeros shared between both sides, as TensorFlow and Keras's
 * V2 have it. `keras`: one row below and one column to the right, as Keras's V1 has it. They differ where a grid has an
 * odd number of rows, that is, for input sizes that are no multiple of 32.
 */
export type MobileNetPadding = 'same' | 'keras';

/** A MobileNet: which network, and what it is fed. */
export interface MobileNetConfig extends MobileNetArchitecture {
  /** Side of the square input, in pixels. */
  readonly inputSize: number;
  /** What 0 and 255 become before the first convolution: [-1, 1] or [0, 1]. */
  readonly inputRange: readonly [number, number];
  /** Classes of the classifier; 0 where there is none. */
  readonly classes: number;
  /** Default `same`. */
  readonly padding?: MobileNetPadding;
}

const INPUT_SIZE_LIMITS = { minimum: 32, maximum: 1024 } as const;
const MAXIMUM_ALPHA = 4;
const MAXIMUM_CLASSES = 100_000;

/** Names and shapes of all weights: those of the blocks in order, then `classifier/kernel` and `classifier/bias`. */
export function mobilenetParameterShapes(config: MobileNetConfig): ParameterShapes {
  const shapes: Record<string, readonly number[]> = {};
  for (const convolution of mobilenetBlocks(config).flatMap(blockConvolutions)) {
    shapes[`${convolution.name}/kernel`] = kernelShape(convolution);
    shapes[`${convolution.name}/bias`] = [convolution.outputChannels];
  }
  if (config.classes === 0) return shapes;
  const { featureSize } = mobilenetOutput(config);
  return { ...shapes, 'classifier/kernel': [featureSize, config.classes], 'classifier/bias': [config.classes] };
}

/** Size of what the network gives: a grid of `gridSize` × `gridSize` vectors of `featureSize`. */
export function mobilenetOutput(config: MobileNetConfig): { readonly gridSize: number; readonly featureSize: number } {
  const [gridSize, , featureSize] = blockInputShape(config, mobilenetBlocks(config).length);
  return { gridSize, featureSize };
}

/** [h, w, c] of what block `index` takes; of what the network gives for `index` = number of blocks. */
export function blockInputShape(config: MobileNetConfig, index: number): readonly [number, number, number] {
  const before = mobilenetBlocks(config).slice(0, index);
  const round = config.padding === 'keras' ? Math.floor : Math.ceil;
  const size = before.reduce((side, { stride }) => round(side / stride), config.inputSize);
  return [size, size, before.at(-1)?.outputChannels ?? 3];
}

/** The number of the block called `name`. Throws `UserError`, naming the blocks there are. */
export function blockNumber(config: MobileNetArchitecture, name: string): number {
  const names = mobilenetBlocks(config).map((block) => block.name);
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const found = `no block "${name}" in MobileNet V${config.version}`;
  throw new UserError(`${found}: expected one of ${names.join(', ')}`, { exitCode: 2 });
}

const FIELDS: readonly string[] = ['version', 'alpha', 'inputSize', 'inputRange', 'classes', 'padding', 'lastBlock'];

/** `value` as a configuration. Throws `UserError` with `where`, the field, what was expected and what was found. */
export function validateMobileNetConfig(value: unknown, where: string): MobileNetConfig {
  if (typeof value !== 'object' || value === null) throw wrong(where, 'an object', value);
  const unknown = Object.keys(value).filter((name) => !FIELDS.includes(name));
  if (unknown.length > 0) throw wrong(where, `only ${FIELDS.join(', ')}`, unknown);
  const fields = value as Record<string, unknown>;
  const { version, alpha, inputSize, inputRange, classes, padding = 'same', lastBlock } = fields;
  const { minimum, maximum } = INPUT_SIZE_LIMITS;
  if (version !== 1 && version !== 2) throw wrong(`${where}.version`, '1 or 2', version);
  if (typeof alpha !== 'number' || !(alpha > 0 && alpha <= MAXIMUM_ALPHA)) {
    throw wrong(`${where}.alpha`, `a number above 0 and up to ${MAXIMUM_ALPHA}`, alpha);
  }
  if (!isWhole(inputSize, minimum, maximum)) {
    throw wrong(`${where}.inputSize`, `a whole number from ${minimum} to ${maximum}`, inputSize);
  }
  if (!isRange(inputRange)) throw wrong(`${where}.inputRange`, 'two different finite numbers', inputRange);
  if (!isWhole(classes, 0, MAXIMUM_CLASSES)) {
    throw wrong(`${where}.classes`, `a whole number from 0 to ${MAXIMUM_CLASSES}`, classes);
  }
  if (padding !== 'same' && padding !== 'keras') throw wrong(`${where}.padding`, '"same" or "keras"', padding);
  const config = { version, alpha, inputSize, inputRange, classes, padding } as const;
  return withLastBlock(config, lastBlock, where);
}

/** With a block that `config` has, where one is named; the classifier stands on the last one alone. */
function withLastBlock(config: MobileNetConfig, lastBlock: unknown, where: string): MobileNetConfig {
  if (lastBlock === undefined) return config;
  const names = mobilenetBlocks(config).map(({ name }) => name);
  const found = names.find((name) => name === lastBlock);
  if (found === undefined) throw wrong(`${where}.lastBlock`, `one of ${names.join(', ')}`, lastBlock);
  if (config.classes > 0) throw wrong(`${where}.classes`, '0 where lastBlock cuts the classifier off', config.classes);
  return { ...config, lastBlock: found };
}

function isWhole(value: unknown, minimum: number, maximum: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum;
}

function isRange(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] !== value[1];
}

function wrong(where: string, expected: string, found: unknown): UserError {
  return new UserError(`${where}: expected ${expected}, found ${JSON.stringify(found) ?? 'nothing'}`);
}
