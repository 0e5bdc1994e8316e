/** Graph models as TensorFlow Hub has them: slim's MobileNets, frozen and converted. */
import {
  EPSILON,
  foldByHand,
  type GeneratedConvolution,
  type GeneratedNetwork,
  type GeneratedTensor,
} from './generated.js';

export interface GraphOptions {
  /** -1: any. */
  readonly inputSize: number;
  /** What follows a convolution: a batch norm, the same folded to one multiplication and one sum, a bias, or it is fused. */
  readonly norms: 'batch-norm' | 'multiply-add' | 'bias' | 'fused';
  /** The module brings [0, 1] to [-1, 1] by itself. */
  readonly scalesInput: boolean;
  readonly padding: 'same' | 'pad' | 'explicit';
  readonly pool: 'mean' | 'average';
}

const text = (value: string): object => ({ s: Buffer.from(value).toString('base64') });
const texts = (values: readonly string[]): object => ({
  list: { s: values.map((value) => text(value)['s' as never]) },
});
const numbers = (values: readonly number[]): object => ({ list: { i: values.map(String) } });
const FLOAT = { type: 'DT_FLOAT' };

/** Collects nodes; each takes what the one before it gives, and constants. */
class NodeList {
  readonly nodes: Record<string, unknown>[] = [];
  readonly weights: Record<string, GeneratedTensor> = {};
  last = '';

  constant(name: string, { shape, values }: GeneratedTensor): string {
    const type = values instanceof Int32Array ? 'DT_INT32' : 'DT_FLOAT';
    const dim = shape.map((size) => ({ size: String(size) }));
    const attr = { dtype: { type }, value: { tensor: { dtype: type, tensorShape: { dim } } } };
    this.nodes.push({ name, op: 'Const', attr });
    this.weights[name] = { shape, values };
    return name;
  }

  add(name: string, op: string, constants: readonly string[] = [], attr: object = {}, input = this.last): void {
    this.nodes.push({ name, op, input: [...(input === '' ? [] : [input]), ...constants], attr: { T: FLOAT, ...attr } });
    this.last = name;
  }

  integers(name: string, shape: readonly number[], values: readonly number[]): string {
    return this.constant(name, { shape, values: Int32Array.from(values) });
  }
}

function addConvolution(list: NodeList, convolution: GeneratedConvolution, options: GraphOptions): void {
  const { kind, stride, activation, kernel } = convolution;
  const name = `module/Mobilenet/${convolution.name}`;
  const isFused = options.norms === 'fused';
  const folded = foldByHand(convolution);
  const byHand = stride === 2 && options.padding !== 'same';
  if (byHand && options.padding === 'pad') {
    list.add(`${name}/Pad`, 'Pad', [list.integers(`${name}/paddings`, [4, 2], [0, 0, 0, 1, 0, 1, 0, 0])]);
  }
  const usesFolded = isFused || options.norms === 'bias';
  const weights = list.constant(`${name}/weights`, usesFolded ? folded.kernel : kernel);
  const attributes = {
    strides: numbers([1, stride, stride, 1]),
    padding: text(byHand ? (options.padding === 'pad' ? 'VALID' : 'EXPLICIT') : 'SAME'),
    ...(byHand && options.padding === 'explicit' ? { explicit_paddings: numbers([0, 0, 0, 1, 0, 1, 0, 0]) } : {}),
    data_format: text('NHWC'),
    dilations: numbers([1, 1, 1, 1]),
  };
  const [plain, fused] =
    kind === 'depthwise'
      ? (['DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'] as const)
      : (['Conv2D', '_FusedConv2D'] as const);
  if (isFused) {
    const bias = list.constant(`${name}/bias`, folded.bias);
    const fusedOps = texts(activation === 'relu6' ? ['BiasAdd', 'Relu6'] : ['BiasAdd']);
    list.add(name, fused, [weights, bias], { ...attributes, fused_ops: fusedOps, num_args: { i: '1' } });
    return;
  }
  list.add(`${name}/convolution`, plain, [weights], attributes);
  addNorm(list, name, convolution, options);
  if (activation === 'relu6') list.add(`${name}/Relu6`, 'Relu6');
}

function addNorm(list: NodeList, name: string, convolution: GeneratedConvolution, { norms }: GraphOptions): void {
  const { norm } = convolution;
  if (norms === 'bias') {
    list.add(`${name}/BiasAdd`, 'BiasAdd', [list.constant(`${name}/bias`, foldByHand(convolution).bias)]);
    return;
  }
  if (norms === 'multiply-add') {
    const scale = norm.gamma.values.map((gamma, c) => gamma / Math.sqrt((norm.variance.values[c] as number) + EPSILON));
    const scaled = list.constant(`${name}/scale`, { shape: norm.gamma.shape, values: Float32Array.from(scale) });
    list.add(`${name}/mul`, 'Mul', [scaled]);
    list.add(`${name}/add`, 'AddV2', [list.constant(`${name}/shift`, foldByHand(convolution).bias)]);
    return;
  }
  const statistics = [
    list.constant(`${name}/gamma`, norm.gamma),
    list.constant(`${name}/beta`, norm.beta),
    list.constant(`${name}/mean`, norm.mean),
    list.constant(`${name}/variance`, norm.variance),
  ];
  list.add(`${name}/FusedBatchNormV3`, 'FusedBatchNormV3', statistics, { epsilon: { f: EPSILON } });
}

export function graphModel(
  { blocks, classifier }: GeneratedNetwork,
  options: GraphOptions,
): { readonly topology: Record<string, unknown>; readonly weights: Readonly<Record<string, GeneratedTensor>> } {
  const list = new NodeList();
  const sizes = [-1, options.inputSize, options.inputSize, 3];
  const shape = { shape: { dim: sizes.map((size) => ({ size: String(size) })) } };
  list.add('images', 'Placeholder', [], { dtype: FLOAT, shape }, '');
  if (options.scalesInput) {
    const scalar = (value: number): GeneratedTensor => ({ shape: [], values: Float32Array.of(value) });
    list.add('module/hub_input/Mul', 'Mul', [list.constant('module/hub_input/Mul/y', scalar(2))]);
    list.add('module/hub_input/Sub', 'Sub', [list.constant('module/hub_input/Sub/y', scalar(1))]);
  }
  blocks.forEach(({ convolutions, shortcut }, index) => {
    const before = list.last;
    for (const convolution of convolutions) addConvolution(list, convolution, options);
    if (shortcut) list.add(`module/block${index}/add`, 'AddV2', [before]);
  });
  addTop(list, classifier, options);
  return { topology: { node: list.nodes, versions: { producer: 987, minConsumer: 12 } }, weights: list.weights };
}

function addTop(list: NodeList, { kernel, bias }: GeneratedNetwork['classifier'], options: GraphOptions): void {
  const size = options.inputSize / 32;
  if (options.pool === 'mean') {
    const axes = list.integers('module/global_pool/axes', [2], [1, 2]);
    list.add('module/global_pool', 'Mean', [axes], { keep_dims: { b: true } });
  } else {
    const window = { ksize: numbers([1, size, size, 1]), strides: numbers([1, 1, 1, 1]), padding: text('VALID') };
    list.add('module/global_pool', 'AvgPool', [], window);
  }
  const weights = list.constant('module/Logits/weights', { ...kernel, shape: [1, 1, ...kernel.shape] });
  const attributes = { strides: numbers([1, 1, 1, 1]), padding: text('SAME'), data_format: text('NHWC') };
  list.add('module/Logits/Conv2D', 'Conv2D', [weights], { ...attributes, dilations: numbers([1, 1, 1, 1]) });
  list.add('module/Logits/BiasAdd', 'BiasAdd', [list.constant('module/Logits/bias', bias)]);
  list.add('module/SpatialSqueeze', 'Squeeze', [], { squeeze_dims: numbers([1, 2]) });
}
