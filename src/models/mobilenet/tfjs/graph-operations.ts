/**
 * A TensorFlow.js graph model (a frozen TensorFlow GraphDef) as operations: the operators that slim's and Keras's
 * MobileNets consist of, before and after the converter's fusions. Names do not matter.
 */
import { type HostTensor, sizeOf } from '../../../layers/parameters.js';
import { damaged, describe, field } from './json.js';
import {
  type GraphNode,
  isTrueAttribute,
  numberAttribute,
  numbersAttribute,
  shapeAttribute,
  textAttribute,
  textsAttribute,
} from './graph-attributes.js';
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

/** TensorFlow's own default where a node does not say. */
const DEFAULT_EPSILON = 1e-4;

/** What a node becomes: the inputs that carry images or features, and what is done with them. */
interface Translation {
  readonly inputs: readonly string[];
  readonly actions: readonly Action[];
}

/** Throws `UserError` where the topology is no GraphDef. */
export function graphOperations(model: StoredModel): readonly Operation[] {
  const { where, topology } = model;
  const list = topology['node'];
  if (!Array.isArray(list) || list.length > MODEL_LIMITS.tensors) {
    throw damaged(`${where}: modelTopology.node`, 'a list of nodes', list);
  }
  const nodes = list.map((json, index) => parseNode(`${where}: node[${index}]`, json));
  const constants = constantsOf(nodes, model.weights);
  return nodes
    .filter(({ name }) => !constants.has(name))
    .flatMap((node) => {
      const { inputs, actions } = translate(node, constants);
      return inSequence(node.name, inputs, actions);
    });
}

function parseNode(where: string, json: unknown): GraphNode {
  const [name, op, inputs = []] = [field(json, 'name'), field(json, 'op'), field(json, 'input')];
  const isNode = typeof name === 'string' && typeof op === 'string' && Array.isArray(inputs);
  if (!isNode || !inputs.every((input) => typeof input === 'string')) throw damaged(where, 'a node', json);
  const data = inputs.filter((input) => !input.startsWith('^')).map((input) => input.replace(/:0$/, ''));
  return { name, op, inputs: data, attributes: field(json, 'attr') };
}

/** The values of constants, and of the nodes that only pass a constant on. */
function constantsOf(
  nodes: readonly GraphNode[],
  weights: ReadonlyMap<string, HostTensor>,
): ReadonlyMap<string, HostTensor> {
  const constants = new Map<string, HostTensor>();
  for (const { name, op } of nodes) {
    const tensor = weights.get(name);
    if (op === 'Const' && tensor !== undefined) constants.set(name, tensor);
  }
  for (const { name, op, inputs } of nodes) {
    const tensor = op === 'Identity' ? constants.get(inputs[0] ?? '') : undefined;
    if (tensor !== undefined) constants.set(name, tensor);
  }
  return constants;
}

function unsupported(node: GraphNode, what: string): Translation {
  return { inputs: node.inputs, actions: [{ kind: 'unsupported', what: `${what}, node "${node.name}"` }] };
}

function translate(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const { op, inputs } = node;
  const first = inputs.slice(0, 1);
  switch (op) {
    case 'Placeholder':
      return { inputs: [], actions: [placeholderAction(node)] };
    case 'Conv2D':
    case '_FusedConv2D':
      return convolution(node, constants, false);
    case 'DepthwiseConv2dNative':
    case 'FusedDepthwiseConv2dNative':
      return convolution(node, constants, true);
    case 'MatMul':
    case '_FusedMatMul':
      return dense(node, constants);
    case 'FusedBatchNorm':
    case 'FusedBatchNormV2':
    case 'FusedBatchNormV3':
      return batchNorm(node, constants);
    case 'BiasAdd':
    case 'Add':
    case 'AddV2':
    case 'Sub':
    case 'Mul':
    case 'RealDiv':
      return arithmetic(node, constants);
    case 'Relu6':
      return { inputs: first, actions: [{ kind: 'relu6' }] };
    case 'Pad':
    case 'PadV2':
      return pad(node, constants);
    case 'Mean':
    case 'AvgPool':
      return pool(node, constants);
    case 'Identity':
    case 'StopGradient':
      return { inputs: first, actions: [IDENTITY] };
    case 'Reshape':
    case 'Squeeze':
    case 'Softmax':
      return { inputs: first, actions: [ON_POOLED] };
    default:
      return unsupported(node, `the operator ${describe(op)}`);
  }
}

function placeholderAction(node: GraphNode): Action {
  const shape = shapeAttribute(node, 'shape');
  const [, height = -1, width = -1, channels = -1] = shape;
  const isImage = (shape.length === 0 || shape.length === 4) && height === width && (channels === 3 || channels === -1);
  if (!isImage) return { kind: 'unsupported', what: `an input of shape ${describe(shape)}, node "${node.name}"` };
  return { kind: 'input', size: height > 0 ? height : undefined };
}

function convolution(node: GraphNode, constants: ReadonlyMap<string, HostTensor>, depthwise: boolean): Translation {
  const kernel = constants.get(node.inputs[1] ?? '');
  const [, rows, columns] = numbersAttribute(node, 'strides');
  const padding = paddingOf(node);
  const format = textAttribute(node, 'data_format') || 'NHWC';
  const fused = fusedActions(node, constants);
  const isPlain = format === 'NHWC' && numbersAttribute(node, 'dilations').every((rate) => rate === 1);
  if (!isPlain || kernel === undefined || rows === undefined || rows !== columns || padding === undefined) {
    return unsupported(node, 'a convolution of a kind that no MobileNet has');
  }
  if (fused === undefined) return unsupported(node, `what is fused: ${textsAttribute(node, 'fused_ops').join(', ')}`);
  const action: Action = { kind: 'convolution', depthwise, kernel, stride: rows, padding };
  return { inputs: node.inputs.slice(0, 1), actions: [action, ...fused] };
}

function paddingOf(node: GraphNode): WindowPadding | undefined {
  switch (textAttribute(node, 'padding')) {
    case 'SAME':
      return 'same';
    case 'VALID':
      return 'valid';
    case 'EXPLICIT':
      return padsOf(numbersAttribute(node, 'explicit_paddings'));
    default:
      return undefined;
  }
}

/** Pads from [n, h, w, c] pairs of "before" and "after". */
function padsOf(pairs: ArrayLike<number>): Pads | undefined {
  const [n0, n1, top, bottom, left, right, c0, c1] = Array.from(pairs);
  if (pairs.length !== 8 || n0 !== 0 || n1 !== 0 || c0 !== 0 || c1 !== 0) return undefined;
  return { top, bottom, left, right } as Pads;
}

/** What was fused behind a convolution or matrix product: a bias and perhaps ReLU6. */
function fusedActions(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): readonly Action[] | undefined {
  const fused = textsAttribute(node, 'fused_ops').filter((name) => name !== 'noop');
  const bias = constants.get(node.inputs[2] ?? '');
  const [first, second, ...rest] = fused;
  if (first === undefined) return [];
  if (first !== 'BiasAdd' || bias === undefined || rest.length > 0) return undefined;
  if (second === undefined) return [biasAction(bias.values)];
  return second === 'Relu6' ? [biasAction(bias.values), { kind: 'relu6' }] : undefined;
}

function dense(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const kernel = constants.get(node.inputs[1] ?? '');
  const fused = fusedActions(node, constants);
  const isTransposed = isTrueAttribute(node, 'transpose_a') || isTrueAttribute(node, 'transpose_b');
  if (kernel === undefined || fused === undefined || isTransposed) return unsupported(node, 'a matrix product');
  return { inputs: node.inputs.slice(0, 1), actions: [{ kind: 'dense', kernel }, ...fused] };
}

function batchNorm(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => constants.get(name)?.values);
  const isConstant = gamma !== undefined && beta !== undefined && mean !== undefined && variance !== undefined;
  if (!isConstant || isTrueAttribute(node, 'is_training')) return unsupported(node, 'a batch norm in training');
  const epsilon = numberAttribute(node, 'epsilon', DEFAULT_EPSILON);
  return { inputs: node.inputs.slice(0, 1), actions: [batchNormAction({ gamma, beta, mean, variance, epsilon })] };
}

/** Sums of two features, and what is done with a number or with one number a channel. */
function arithmetic(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const [left = '', right = ''] = node.inputs;
  const [leftValue, rightValue] = [constants.get(left), constants.get(right)];
  const isSum = node.op === 'Add' || node.op === 'AddV2';
  if (leftValue === undefined && rightValue === undefined && isSum) {
    return { inputs: [left, right], actions: [{ kind: 'add' }] };
  }
  const constant = perChannel(rightValue ?? leftValue);
  const isSwapped = rightValue === undefined;
  const commutes = isSum || node.op === 'Mul';
  if (constant === undefined || (isSwapped && !commutes))
    return unsupported(node, `the operator ${node.op} as it is used`);
  return { inputs: [isSwapped ? right : left], actions: [affineOf(node.op, constant)] };
}

/** The values of [], [c] or [1, …, 1, c]; undefined for any other shape. */
function perChannel(tensor: HostTensor | undefined): Float32Array | undefined {
  if (tensor === undefined) return undefined;
  return sizeOf(tensor.shape) === (tensor.shape.at(-1) ?? 1) ? tensor.values : undefined;
}

function affineOf(op: string, constant: Float32Array): Action {
  const values = Float64Array.from(constant);
  switch (op) {
    case 'Mul':
      return { kind: 'affine', scale: values, shift: [0] };
    case 'RealDiv':
      return { kind: 'affine', scale: values.map((value) => 1 / value), shift: [0] };
    case 'Sub':
      return biasAction(values.map((value) => -value));
    default:
      return biasAction(values);
  }
}

function pad(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const pads = padsOf(constants.get(node.inputs[1] ?? '')?.values ?? []);
  const fill = constants.get(node.inputs[2] ?? '')?.values[0] ?? 0;
  if (pads === undefined || fill !== 0) return unsupported(node, 'padding of a kind that no MobileNet has');
  return { inputs: node.inputs.slice(0, 1), actions: [{ kind: 'pad', pads }] };
}

/** The mean over rows and columns, or over a window as large as the grid. */
function pool(node: GraphNode, constants: ReadonlyMap<string, HostTensor>): Translation {
  const inputs = node.inputs.slice(0, 1);
  if (node.op === 'Mean') {
    const axes = [...(constants.get(node.inputs[1] ?? '')?.values ?? [])].map((axis) => (axis + 4) % 4);
    const isGlobal = axes.length === 2 && axes.includes(1) && axes.includes(2);
    return isGlobal ? { inputs, actions: [{ kind: 'pool', window: undefined }] } : unsupported(node, 'another mean');
  }
  const [, rows, columns] = numbersAttribute(node, 'ksize');
  if (rows === undefined || rows !== columns) return unsupported(node, 'an average over no square');
  return { inputs, actions: [{ kind: 'pool', window: rows }] };
}
