/**
 * MobileNet forward through `compile`, beside a session built by hand from the same weights (NCHW, no transposes, Conv
 * and Clip only) and TensorFlow.js's `wasm` backend, in turns; what rate of arithmetic that is, beside the best that a
 * matrix product reaches on this machine, and the rate at which `compile` would be ten times as fast as `wasm`; and a
 * fine-tuning step of the whole encoder beside the forward pass of the same recorded graph.
 *
 *     npm run build && npx tsx benchmarks/encoder.ts [1|2] [alpha] [batch]
 */
import 'looksay/gradients';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from 'looksay/backend';
import { encodeModel, type OnnxNode, type OnnxTensor } from '../dist/backend/onnx/protobuf.js';
import { createSession, nativeTensor } from '../dist/backend/runtime/native.js';
import { defaultRuntimeOptions } from '../dist/backend/runtime/sessions.js';
import {
  blockConvolutions,
  mobilenetBlocks,
  type MobileNetConfig,
  mobilenetParameterShapes,
  runBlocks,
} from '../dist/models/mobilenet/index.js';
import { Random } from '../dist/shared/random.js';

const version = Number(process.argv[2] ?? 2) as 1 | 2;
const alpha = Number(process.argv[3] ?? 1);
const batch = Number(process.argv[4] ?? 8);
const config: MobileNetConfig = { version, alpha, inputSize: 224, inputRange: [-1, 1], classes: 0 };
const random = new Random(1);

interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const weights: Record<string, Weight> = {};
for (const [name, shape] of Object.entries(mobilenetParameterShapes(config))) {
  const fan =
    shape.length === 4 ? (shape[0] as number) * (shape[1] as number) * (shape[3] === 1 ? 1 : (shape[2] as number)) : 1;
  const scale = shape.length === 4 ? Math.sqrt(2 / fan) : 0.1;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  weights[name] = { shape, values: Float32Array.from({ length: size }, () => scale * random.normal()) };
}
const image = Float32Array.from({ length: batch * 224 * 224 * 3 }, () => 2 * random.uniform() - 1);

/** Milliseconds of the fastest half of `runs` calls, on average. */
async function time(runs: number, call: () => void | Promise<void>): Promise<number> {
  await call();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(runs / 2)] as number;
}

/** HWIO → OIHW; a depthwise kernel [h, w, c, 1] → [c, 1, h, w]. */
function channelsFirst({ shape, values }: Weight, depthwise: boolean): Weight {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++) {
          const from = ((y * width + x) * inputs + i) * outputs + o;
          const to = depthwise ? (i * height + y) * width + x : ((o * inputs + i) * height + y) * width + x;
          result[to] = values[from] as number;
        }
  return { shape: depthwise ? [inputs, 1, height, width] : [outputs, inputs, height, width], values: result };
}

function handMade(): Uint8Array {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const bytes = (values: Float32Array): Uint8Array =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const add = (name: string, { shape, values }: Weight): string => {
    initializers.push({ name, type: 'float32', shape, bytes: bytes(values) });
    return name;
  };
  const limits = [
    add('zero', { shape: [], values: Float32Array.of(0) }),
    add('six', { shape: [], values: Float32Array.of(6) }),
  ];
  let count = 0;
  let size = 224;
  const conv = (input: string, name: string, stride: number, depthwise: boolean, activate: boolean): string => {
    const kernel = channelsFirst(weights[`${name}/kernel`] as Weight, depthwise);
    const kernelSize = kernel.shape[2] as number;
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernelSize - size);
    const before = Math.floor(total / 2);
    size = Math.ceil(size / stride);
    const output = `h${count++}`;
    nodes.push({
      type: 'Conv',
      inputs: [input, add(`${name}/kernel`, kernel), add(`${name}/bias`, weights[`${name}/bias`] as Weight)],
      outputs: [output],
      attributes: {
        strides: { kind: 'ints', value: [stride, stride] },
        pads: { kind: 'ints', value: [before, before, total - before, total - before] },
        group: { kind: 'int', value: depthwise ? (kernel.shape[0] as number) : 1 },
      },
    });
    if (!activate) return output;
    const clipped = `h${count++}`;
    nodes.push({ type: 'Clip', inputs: [output, ...limits], outputs: [clipped], attributes: {} });
    return clipped;
  };
  let x = 'image';
  for (const block of mobilenetBlocks(config)) {
    const { name, stride } = block;
    if (block.kind === 'convolution') x = conv(x, name, stride, false, true);
    else if (block.kind === 'separable')
      x = conv(conv(x, `${name}/depthwise`, stride, true, true), `${name}/project`, 1, false, true);
    else {
      const wide = weights[`${name}/expand/kernel`] === undefined ? x : conv(x, `${name}/expand`, 1, false, true);
      const narrow = conv(conv(wide, `${name}/depthwise`, stride, true, true), `${name}/project`, 1, false, false);
      if (stride === 1 && block.inputChannels === block.outputChannels) {
        const sum = `h${count++}`;
        nodes.push({ type: 'Add', inputs: [x, narrow], outputs: [sum], attributes: {} });
        x = sum;
      } else x = narrow;
    }
  }
  const channels = mobilenetBlocks(config).at(-1)?.outputChannels as number;
  nodes.push({ type: 'Identity', inputs: [x], outputs: ['grid'], attributes: {} });
  return encodeModel({
    nodes,
    initializers,
    inputs: [{ name: 'image', type: 'float32', shape: [batch, 3, 224, 224] }],
    outputs: [{ name: 'grid', type: 'float32', shape: [batch, channels, 7, 7] }],
  });
}

const tensorsOf = (): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(weights).map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]));

/** Billions of floating-point operations of `batch` images, forward. */
function billionsOfOperations(): number {
  let size = 224;
  let total = 0;
  for (const convolution of mobilenetBlocks(config).flatMap(blockConvolutions)) {
    size = Math.ceil(size / convolution.stride);
    const { kernelSize, inputChannels, outputChannels, kind } = convolution;
    total += 2 * size ** 2 * kernelSize ** 2 * (kind === 'depthwise' ? 1 : inputChannels) * outputChannels;
  }
  return (batch * total) / 1e9;
}

const PRODUCT_SIZE = 1024;

/** A product of two square matrices, the work that reaches the highest rate of arithmetic. */
function productSession(): { run: () => void; dispose: () => void } {
  const shape = [PRODUCT_SIZE, PRODUCT_SIZE];
  const values = Float32Array.from({ length: PRODUCT_SIZE ** 2 }, () => random.normal());
  const model = encodeModel({
    nodes: [{ type: 'MatMul', inputs: ['a', 'b'], outputs: ['c'], attributes: {} }],
    initializers: [{ name: 'b', type: 'float32', shape, bytes: new Uint8Array(values.buffer) }],
    inputs: [{ name: 'a', type: 'float32', shape }],
    outputs: [{ name: 'c', type: 'float32', shape }],
  });
  const { threads } = defaultRuntimeOptions;
  const session = createSession(model, { device: 'cpu', threads, optimization: 'all', arena: true });
  const a = nativeTensor('float32', values, shape);
  return { run: () => void session.run({ a }, { c: null }), dispose: () => session.dispose() };
}

await tf.setBackend('onnxruntime');
const hand = createSession(handMade(), {
  device: 'cpu',
  threads: defaultRuntimeOptions.threads,
  optimization: 'all',
  arena: true,
});
const feed = nativeTensor('float32', image, [batch, 3, 224, 224]);
const parameters = tensorsOf();
const compiled = compile((images: tf.Tensor) => runBlocks(config, parameters, images as tf.Tensor4D));
const images = tf.tensor4d(image, [batch, 224, 224, 3]);
const run = { handMade: [] as number[], compiled: [] as number[], wasm: [] as number[], product: [] as number[] };
const wasmBackend = tf.getBackend();
await tf.setBackend('wasm');
const wasmParameters = tensorsOf();
const wasmImages = tf.tensor4d(image, [batch, 224, 224, 3]);
await tf.setBackend(wasmBackend);
const product = productSession();
for (let round = 0; round < 5; round++) {
  run.handMade.push(await time(10, () => void hand.run({ image: feed }, { grid: null })));
  run.compiled.push(await time(10, () => compiled(images).dispose()));
  run.product.push(await time(10, product.run));
  await tf.setBackend('wasm');
  run.wasm.push(await time(2, () => tf.tidy(() => void runBlocks(config, wasmParameters, wasmImages).dataSync())));
  await tf.setBackend(wasmBackend);
}
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;
const report: Record<string, number> = {
  handMade: median(run.handMade),
  compiled: median(run.compiled),
  wasm: median(run.wasm),
};
compiled.dispose();
hand.dispose();
product.dispose();

const variables = Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, tf.variable(tensor)]));
const forward = (): tf.Scalar => tf.mean(tf.square(runBlocks(config, variables, images)));
report.recordedForward = await time(5, async () => {
  const loss = tf.tidy(forward);
  await loss.data();
  loss.dispose();
});
const optimizer = tf.train.sgd(1e-6);
report.fineTuningStep = await time(5, async () => {
  const loss = tf.tidy(() => optimizer.minimize(forward, true) as tf.Scalar);
  await loss.data();
  loss.dispose();
});

const perImage = Object.fromEntries(
  Object.entries(report).map(([name, ms]) => [name, Number((ms / batch).toFixed(3))]),
);
const operations = billionsOfOperations();
const rate = (billions: number, milliseconds: number): number => Math.round((1000 * billions) / milliseconds);
console.log(
  JSON.stringify({
    model: `MobileNet V${version} ${alpha}/224, batch ${batch}`,
    millisecondsPerImage: perImage,
    compiledToHandMade: Number(((report.compiled as number) / (report.handMade as number)).toFixed(3)),
    wasmToCompiled: Number(((report.wasm as number) / (report.compiled as number)).toFixed(1)),
    gigaflopsPerSecond: {
      compiled: rate(operations, report.compiled as number),
      bestMatrixProduct: rate((2 * PRODUCT_SIZE ** 3) / 1e9, Math.min(...run.product)),
      neededForTenTimesWasm: rate(operations, (report.wasm as number) / 10),
    },
    stepToForward: Number(((report.fineTuningStep as number) / (report.recordedForward as number)).toFixed(2)),
  }),
);
