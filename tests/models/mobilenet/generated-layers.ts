/** Layers models as Keras makes them. */
import {
  EPSILON,
  foldByHand,
  type GeneratedConvolution,
  type GeneratedNetwork,
  type GeneratedTensor,
} from './generated.js';

export interface LayersOptions {
  readonly inputSize: number;
  readonly batchNorms: boolean;
  /** Pad by hand before strides of 2, as Keras does. */
  readonly padding: 'same' | 'keras';
  readonly top: 'dense' | 'convolution' | 'none';
}

interface LayersModel {
  readonly topology: Record<string, unknown>;
  readonly weights: Readonly<Record<string, GeneratedTensor>>;
}

/** Collects layers; each takes what the one before it gives unless other inputs are named. */
class LayerList {
  readonly layers: Record<string, unknown>[] = [];
  readonly weights: Record<string, GeneratedTensor> = {};
  last = '';

  add(name: string, className: string, config: object, inputs: readonly string[] = [this.last]): void {
    const inbound = className === 'InputLayer' ? [] : [inputs.map((input) => [input, 0, 0, {}])];
    this.layers.push({ name, class_name: className, config: { name, ...config }, inbound_nodes: inbound });
    this.last = name;
  }
}

function addConvolution(list: LayerList, convolution: GeneratedConvolution, options: LayersOptions): void {
  const { name: path, kind, kernelSize, stride, activation, norm } = convolution;
  const name = path.replaceAll('/', '_');
  const padsByHand = options.padding === 'keras' && stride === 2;
  if (padsByHand) list.add(`${name}_pad`, 'ZeroPadding2D', { padding: [[0, 1], [0, 1]] }); // prettier-ignore
  const isDepthwise = kind === 'depthwise';
  list.add(name, isDepthwise ? 'DepthwiseConv2D' : 'Conv2D', {
    kernel_size: [kernelSize, kernelSize],
    strides: [stride, stride],
    padding: padsByHand ? 'valid' : 'same',
    dilation_rate: [1, 1],
    data_format: 'channels_last',
    activation: 'linear',
    use_bias: !options.batchNorms,
  });
  const folded = foldByHand(convolution);
  list.weights[`${name}/${isDepthwise ? 'depthwise_kernel' : 'kernel'}`] = options.batchNorms
    ? convolution.kernel
    : folded.kernel;
  if (!options.batchNorms) list.weights[`${name}/bias`] = folded.bias;
  else {
    list.add(`${name}_bn`, 'BatchNormalization', { axis: [3], epsilon: EPSILON, center: true, scale: true });
    list.weights[`${name}_bn/gamma`] = norm.gamma;
    list.weights[`${name}_bn/beta`] = norm.beta;
    list.weights[`${name}_bn/moving_mean`] = norm.mean;
    list.weights[`${name}_bn/moving_variance`] = norm.variance;
  }
  if (activation === 'relu6') list.add(`${name}_relu`, 'ReLU', { max_value: 6 });
}

export function layersModel({ blocks, classifier }: GeneratedNetwork, options: LayersOptions): LayersModel {
  const list = new LayerList();
  const { inputSize } = options;
  list.add('input_1', 'InputLayer', { batch_input_shape: [null, inputSize, inputSize, 3] });
  blocks.forEach(({ convolutions, shortcut }, index) => {
    const before = list.last;
    for (const convolution of convolutions) addConvolution(list, convolution, options);
    if (shortcut) list.add(`block_${index}_add`, 'Add', {}, [before, list.last]);
  });
  if (options.top !== 'none') list.add('pool', 'GlobalAveragePooling2D', {});
  const classes = classifier.bias.values.length;
  if (options.top === 'dense') {
    list.add('predictions', 'Dense', { units: classes, activation: 'softmax', use_bias: true });
    list.weights['predictions/kernel'] = classifier.kernel;
    list.weights['predictions/bias'] = classifier.bias;
  } else if (options.top === 'convolution') {
    list.add('reshape_1', 'Reshape', { target_shape: [1, 1, classifier.kernel.shape[0]] });
    list.add('dropout', 'Dropout', { rate: 0.001 });
    list.add('conv_preds', 'Conv2D', { kernel_size: [1, 1], strides: [1, 1], padding: 'same', use_bias: true });
    list.add('reshape_2', 'Reshape', { target_shape: [classes] });
    list.add('act_softmax', 'Activation', { activation: 'softmax' });
    list.weights['conv_preds/kernel'] = { ...classifier.kernel, shape: [1, 1, ...classifier.kernel.shape] };
    list.weights['conv_preds/bias'] = classifier.bias;
  }
  return { topology: { class_name: 'Model', config: { name: 'model', layers: list.layers } }, weights: list.weights };
}
