/**
 * A TensorFlow.js layers model (the topology that Keras 2 writes) as operations. Layers are recognised by their class
 * and settings; names do not matter.
 */
import type { HostTensor } from '../../../layers/parameters.js';
import { isObject } from '../../../shared/fields.js';
import { damaged, describe, field, type JsonObject, listOf } from './json.js';
import { MODEL_LIMITS } from './model-json.js';
import {
  type Action,
  batchNormAction,
  biasAction,
  IDENTITY,
  inSequence,
  ON_POOLED,
  type Operation,
  type Pads,
  type WindowPadding,
} from './operations.js';
import type { StoredModel } from './stored-weights.js';

/** One layer: its settings, and its weights by their last names (`kernel`, `gamma`, …). */
interface Layer {
  readonly name: string;
  readonly className: string;
  readonly settings: JsonObject;
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/** Keras's own default where a layer does not say. */
const DEFAULT_EPSILON = 1e-3;

/** Throws `UserError` where the topology is not what Keras writes. */
export function layersOperations(model: StoredModel): readonly Operation[] {
  const { where, topology } = model;
  const network = isObject(topology['model_config']) ? topology['model_config'] : topology;
  const config = field(network, 'config');
  const layers = Array.isArray(config) ? config : field(config, 'layers');
  if (!Array.isArray(layers) || layers.length > MODEL_LIMITS.tensors) {
    throw damaged(`${where}: modelTopology`, 'a list of layers', layers);
  }
  const weights = weightsByLayer(model);
  let previous: string | undefined;
  return layers.flatMap((json, index): Operation[] => {
    const layer = parseLayer(`${where}: layers[${index}]`, json, weights);
    const inbound = field(json, 'inbound_nodes');
    const operations =
      inbound === undefined
        ? sequentialOperations(layer, previous)
        : inSequence(layer.name, inboundNames(`${where}: layer ${describe(layer.name)}`, inbound), actionsOf(layer));
    previous = layer.name;
    return operations;
  });
}

/** A layer of a sequential model takes what the one before it gives; the first says what the input is. */
function sequentialOperations(layer: Layer, previous: string | undefined): Operation[] {
  if (previous !== undefined || layer.className === 'InputLayer') {
    return inSequence(layer.name, previous === undefined ? [] : [previous], actionsOf(layer));
  }
  return inSequence(layer.name, [], [inputAction(layer), ...actionsOf(layer)]);
}

/** `mobilenet/conv1_bn/gamma` belongs to the layer `conv1_bn` as its `gamma`. */
function weightsByLayer({ weights }: StoredModel): ReadonlyMap<string, ReadonlyMap<string, HostTensor>> {
  const layers = new Map<string, Map<string, HostTensor>>();
  for (const [name, tensor] of weights) {
    const parts = name.replace(/:0$/, '').split('/');
    const layer = parts.at(-2) ?? '';
    const own = layers.get(layer) ?? new Map<string, HostTensor>();
    layers.set(layer, own.set(parts.at(-1) ?? '', tensor));
  }
  return layers;
}

function parseLayer(
  where: string,
  json: unknown,
  weights: ReadonlyMap<string, ReadonlyMap<string, HostTensor>>,
): Layer {
  const settings = field(json, 'config');
  const className = field(json, 'class_name');
  if (!isObject(settings) || typeof className !== 'string') throw damaged(where, 'a layer', json);
  const name = field(json, 'name') ?? settings['name'];
  if (typeof name !== 'string') throw damaged(`${where}.name`, 'text', name);
  return { name, className, settings, weights: weights.get(name) ?? new Map<string, HostTensor>() };
}

/** The names of the layers that feed one, which must be used only once: `[[["conv1", 0, 0, {}]]]`. */
function inboundNames(where: string, inbound: unknown): readonly string[] {
  const nodes = listOf(inbound);
  if (nodes.length > 1) throw damaged(where, 'a layer that is used once', inbound);
  return listOf(nodes[0]).map((entry) => {
    const name = listOf(entry)[0];
    if (typeof name !== 'string') throw damaged(`${where}: inbound_nodes`, 'names of layers', inbound);
    return name;
  });
}

function unsupported(what: string): Action {
  return { kind: 'unsupported', what };
}

function actionsOf(layer: Layer): readonly Action[] {
  const { className, settings, name } = layer;
  if (settings['data_format'] === 'channels_first') return [unsupported(`channels first in layer "${name}"`)];
  switch (className) {
    case 'InputLayer':
      return [inputAction(layer)];
    case 'Conv2D':
      return [convolutionAction(layer, false), ...biasAndActivation(layer)];
    case 'DepthwiseConv2D':
      return [convolutionAction(layer, true), ...biasAndActivation(layer)];
    case 'Dense':
      return [{ kind: 'dense', kernel: weightOf(layer, 'kernel') }, ...biasAndActivation(layer)];
    case 'BatchNormalization':
    case 'BatchNormalizationV1':
      return [batchNormOf(layer)];
    case 'ReLU':
      return [isRelu6(settings) ? { kind: 'relu6' } : unsupported(`another ReLU than ReLU6 in layer "${name}"`)];
    case 'Activation':
      return activationActions(layer);
    case 'ZeroPadding2D':
      return [paddingAction(layer)];
    case 'Add':
      return [{ kind: 'add' }];
    case 'GlobalAveragePooling2D':
      return [{ kind: 'pool', window: undefined }];
    case 'AveragePooling2D':
      return [{ kind: 'pool', window: squareOf(settings['pool_size']) ?? NaN }];
    case 'Rescaling':
      return [{ kind: 'affine', scale: [numberOf(settings, 'scale', 1)], shift: [numberOf(settings, 'offset', 0)] }];
    case 'Dropout':
      return [IDENTITY];
    case 'Reshape':
    case 'Flatten':
    case 'Softmax':
      return [ON_POOLED];
    default:
      return [unsupported(`a layer of class ${describe(className)}, "${name}"`)];
  }
}

function inputAction({ name, settings }: Layer): Action {
  const shape = listOf(settings['batch_input_shape'] ?? settings['batch_shape']);
  const [, height, width, channels] = shape;
  if (shape.length !== 4 || height !== width || channels !== 3) {
    return unsupported(`an input of shape ${describe(shape)} in layer "${name}"`);
  }
  return { kind: 'input', size: typeof height === 'number' ? height : undefined };
}

function convolutionAction(layer: Layer, depthwise: boolean): Action {
  const { name, settings } = layer;
  const kernel = depthwise
    ? (layer.weights.get('depthwise_kernel') ?? weightOf(layer, 'kernel'))
    : weightOf(layer, 'kernel');
  const stride = squareOf(settings['strides'] ?? 1);
  const padding = settings['padding'] ?? 'valid';
  const isPlain = squareOf(settings['dilation_rate'] ?? 1) === 1 && (settings['groups'] ?? 1) === 1;
  if (!isPlain || stride === undefined) return unsupported(`a dilated or grouped convolution, "${name}"`);
  if (padding !== 'same' && padding !== 'valid') return unsupported(`padding ${describe(padding)} in layer "${name}"`);
  return { kind: 'convolution', depthwise, kernel, stride, padding: padding satisfies WindowPadding };
}

function biasAndActivation(layer: Layer): readonly Action[] {
  const bias = layer.settings['use_bias'] === false ? [] : [biasAction(weightOf(layer, 'bias').values)];
  return [...bias, ...activationActions(layer)];
}

function activationActions({ name, settings }: Layer): readonly Action[] {
  const activation = settings['activation'] ?? 'linear';
  switch (activation) {
    case 'linear':
      return settings['activation'] === undefined ? [] : [IDENTITY];
    case 'relu6':
      return [{ kind: 'relu6' }];
    case 'softmax':
      return [ON_POOLED];
    default:
      return [unsupported(`the activation ${describe(activation)} in layer "${name}"`)];
  }
}

function isRelu6(settings: JsonObject): boolean {
  const slope = settings['negative_slope'] ?? 0;
  return Number(settings['max_value']) === 6 && Number(slope) === 0 && Number(settings['threshold'] ?? 0) === 0;
}

function batchNormOf(layer: Layer): Action {
  const { name, settings } = layer;
  const axis = listOf(settings['axis'])[0] ?? settings['axis'] ?? -1;
  if (axis !== -1 && axis !== 3) return unsupported(`a batch norm of axis ${describe(axis)}, "${name}"`);
  return batchNormAction({
    gamma: settings['scale'] === false ? undefined : weightOf(layer, 'gamma').values,
    beta: settings['center'] === false ? undefined : weightOf(layer, 'beta').values,
    mean: weightOf(layer, 'moving_mean').values,
    variance: weightOf(layer, 'moving_variance').values,
    epsilon: numberOf(settings, 'epsilon', DEFAULT_EPSILON),
  });
}

/** Keras writes padding as a number, `[rows, columns]` or `[[top, bottom], [left, right]]`. */
function paddingAction({ name, settings }: Layer): Action {
  const padding = settings['padding'] ?? 1;
  const [rows, columns] = Array.isArray(padding) ? (padding as unknown[]) : [padding, padding];
  const [top, bottom] = Array.isArray(rows) ? (rows as unknown[]) : [rows, rows];
  const [left, right] = Array.isArray(columns) ? (columns as unknown[]) : [columns, columns];
  const pads = { top, bottom, left, right };
  const isPads = Object.values(pads).every((count) => typeof count === 'number');
  return isPads ? { kind: 'pad', pads: pads as Pads } : unsupported(`padding ${describe(padding)} in layer "${name}"`);
}

/** `n` of `n` or `[n, n]`; undefined for anything else. */
function squareOf(value: unknown): number | undefined {
  const [first, second] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  return typeof first === 'number' && first === second ? first : undefined;
}

function numberOf(settings: JsonObject, key: string, otherwise: number): number {
  const value = settings[key] ?? otherwise;
  return typeof value === 'number' ? value : NaN;
}

function weightOf({ name, weights }: Layer, role: string): HostTensor {
  const tensor = weights.get(role);
  if (tensor === undefined) throw damaged(`weights of layer ${describe(name)}`, role, [...weights.keys()]);
  return tensor;
}
