/** Every operator of the table against TensorFlow.js's cpu backend, forward and gradient, recorded and compiled. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { backendStatistics, compile } from '../../src/backend/index.js';
import { ops } from '../../src/backend/ops/index.js';
import { Random } from '../../src/shared/random.js';

type Inputs = readonly tf.Tensor[];
type Call = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

interface Case {
  /** Kernels that the call exercises. */
  readonly kernels: readonly string[];
  readonly name: string;
  readonly inputs: () => Inputs;
  readonly call: Call;
  /** Differentiable in its float inputs. */
  readonly gradient: boolean;
  readonly tolerance: number;
}

const floats = (seed: number, shape: number[], low = -2, high = 2): tf.Tensor => {
  const random = new Random(seed);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => low + (high - low) * random.uniform()),
    shape,
  );
};
const integers = (seed: number, shape: number[], low = -5, high = 6): tf.Tensor =>
  tf.cast(floats(seed, shape, low, high), 'int32');
const booleans = (seed: number, shape: number[]): tf.Tensor => tf.greater(floats(seed, shape), 0);

const cases: Case[] = [];
function add(kernels: string | readonly string[], call: Call, inputs: () => Inputs, options: Partial<Case> = {}): void {
  const names = typeof kernels === 'string' ? [kernels] : kernels;
  const name = `${names.join(' ')} ${cases.length}`;
  cases.push({ kernels: names, name, inputs, call, gradient: true, tolerance: 1e-4, ...options });
}

type Unary = (x: tf.Tensor) => tf.Tensor;
const unary: Readonly<Record<string, readonly [Unary, number, number]>> = {
  [tf.Neg]: [tf.neg, -2, 2],
  [tf.Abs]: [tf.abs, -2, 2],
  [tf.Square]: [tf.square, -2, 2],
  [tf.Sign]: [tf.sign, -2, 2],
  [tf.Exp]: [tf.exp, -2, 2],
  [tf.Log]: [tf.log, 0.2, 3],
  [tf.Sqrt]: [tf.sqrt, 0.2, 3],
  [tf.Reciprocal]: [tf.reciprocal, 0.3, 3],
  [tf.Tanh]: [tf.tanh, -2, 2],
  [tf.Erf]: [tf.erf, -2, 2],
  [tf.Floor]: [tf.floor, -2, 2],
  [tf.Ceil]: [tf.ceil, -2, 2],
  [tf.Round]: [tf.round, -2, 2],
  [tf.Sin]: [tf.sin, -2, 2],
  [tf.Cos]: [tf.cos, -2, 2],
  [tf.Tan]: [tf.tan, -1, 1],
  [tf.Asin]: [tf.asin, -0.9, 0.9],
  [tf.Acos]: [tf.acos, -0.9, 0.9],
  [tf.Atan]: [tf.atan, -2, 2],
  [tf.Sinh]: [tf.sinh, -2, 2],
  [tf.Cosh]: [tf.cosh, -2, 2],
  [tf.Asinh]: [tf.asinh, -2, 2],
  [tf.Acosh]: [tf.acosh, 1.1, 3],
  [tf.Atanh]: [tf.atanh, -0.9, 0.9],
  [tf.Sigmoid]: [tf.sigmoid, -4, 4],
  [tf.Relu]: [tf.relu, -2, 2],
  [tf.Elu]: [tf.elu, -2, 2],
  [tf.Softplus]: [tf.softplus, -4, 4],
  [tf.Rsqrt]: [tf.rsqrt, 0.2, 3],
  [tf.Log1p]: [tf.log1p, -0.5, 3],
  [tf.Expm1]: [tf.expm1, -2, 2],
  [tf.Selu]: [tf.selu, -2, 2],
  [tf.Relu6]: [tf.relu6, -2, 8],
  [tf.Step]: [(x) => tf.step(x, 0.3), -2, 2],
  [tf.IsNan]: [tf.isNaN, -2, 2],
  [tf.IsInf]: [tf.isInf, -2, 2],
  [tf.IsFinite]: [tf.isFinite, -2, 2],
  [tf.ClipByValue]: [(x) => tf.clipByValue(x, -1, 1.5), -2, 2],
  [tf.Softmax]: [(x) => tf.softmax(x), -2, 2],
  [tf.LogSoftmax]: [(x) => tf.logSoftmax(x), -2, 2],
  [tf.Identity]: [(x) => tf.clone(x), -2, 2],
  [tf.ZerosLike]: [(x) => tf.zerosLike(x), -2, 2],
  [tf.OnesLike]: [(x) => tf.onesLike(x), -2, 2],
};
for (const [kernel, [call, low, high]] of Object.entries(unary)) {
  const gradient = !kernel.startsWith('Is');
  for (const shape of [[7], [2, 3], [2, 3, 4]]) {
    add(
      kernel,
      (x) => call(x as tf.Tensor),
      () => [floats(1, shape, low, high)],
      { gradient },
    );
  }
}

const binary: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  [tf.Add]: tf.add,
  [tf.Sub]: tf.sub,
  [tf.Multiply]: tf.mul,
  [tf.RealDiv]: tf.div,
  [tf.Maximum]: tf.maximum,
  [tf.Minimum]: tf.minimum,
  [tf.SquaredDifference]: tf.squaredDifference,
  [tf.Mod]: tf.mod,
};
for (const [kernel, call] of Object.entries(binary)) {
  for (const [a, b] of [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [2, 1, 3],
      [5, 1],
    ],
    [[], [2, 2]],
  ] as number[][][]) {
    const inputs = (): Inputs => [floats(2, a as number[], 1, 3), floats(3, b as number[], 0.5, 2)];
    // TensorFlow.js's own gradients of these do not sum over what was broadcast.
    const gradient = a?.join() === b?.join() || ![tf.Maximum, tf.Minimum, tf.SquaredDifference].includes(kernel);
    add(kernel, (x, y) => call(x as tf.Tensor, y as tf.Tensor), inputs, { gradient });
  }
  add(
    kernel,
    (x, y) => call(x as tf.Tensor, y as tf.Tensor),
    () => [integers(4, [9]), integers(5, [9], 1, 6)],
    { gradient: false },
  );
}
add(
  tf.Pow,
  (x, y) => tf.pow(x as tf.Tensor, y as tf.Tensor),
  () => [floats(6, [5], 0.5, 2), floats(7, [5])],
);
add(
  tf.FloorDiv,
  (x, y) => tf.floorDiv(x as tf.Tensor, y as tf.Tensor),
  () => [integers(8, [20]), integers(9, [20], 1, 4)],
  { gradient: false },
);
add(
  tf.AddN,
  (...all) => tf.addN(all),
  () => [floats(1, [3]), floats(2, [3]), floats(3, [3])],
);

for (const [kernel, call] of Object.entries({
  [tf.Equal]: tf.equal,
  [tf.NotEqual]: tf.notEqual,
  [tf.Less]: tf.less,
  [tf.LessEqual]: tf.lessEqual,
  [tf.Greater]: tf.greater,
  [tf.GreaterEqual]: tf.greaterEqual,
})) {
  for (const make of [integers, booleans] as const) {
    add(
      kernel,
      (x, y) => call(x as tf.Tensor, y as tf.Tensor),
      () => [make(10, [3, 4]), make(11, [4])],
      { gradient: false },
    );
  }
}
add(
  tf.LogicalAnd,
  (x, y) => tf.logicalAnd(x as tf.Tensor, y as tf.Tensor),
  () => [booleans(1, [6]), booleans(2, [6])],
  { gradient: false },
);
add(
  tf.LogicalOr,
  (x, y) => tf.logicalOr(x as tf.Tensor, y as tf.Tensor),
  () => [booleans(1, [6]), booleans(2, [6])],
  { gradient: false },
);
add(
  tf.LogicalNot,
  (x) => tf.logicalNot(x as tf.Tensor),
  () => [booleans(1, [6])],
  { gradient: false },
);
add(
  tf.Select,
  (x, y) => tf.where(booleans(1, [2, 3]), x as tf.Tensor, y as tf.Tensor),
  () => [floats(2, [2, 3]), floats(3, [2, 3])],
);

for (const [kernel, call] of Object.entries({
  [tf.Sum]: tf.sum,
  [tf.Mean]: tf.mean,
  [tf.Max]: tf.max,
  [tf.Min]: tf.min,
  [tf.Prod]: tf.prod,
})) {
  for (const axis of [undefined, 0, [1, 2], -1]) {
    for (const keep of [false, true]) {
      add(
        kernel,
        (x) => call(x as tf.Tensor, axis as number, keep),
        () => [floats(12, [2, 3, 4], 0.5, 1.5)],
        { gradient: kernel !== tf.Prod },
      );
    }
  }
}
add(
  tf.All,
  (x) => tf.all(x as tf.Tensor, 1),
  () => [booleans(3, [4, 3])],
  { gradient: false },
);
add(
  tf.Any,
  (x) => tf.any(x as tf.Tensor, 1),
  () => [booleans(3, [4, 3])],
  { gradient: false },
);
add(
  tf.ArgMax,
  (x) => tf.argMax(x as tf.Tensor, 1),
  () => [floats(3, [4, 5])],
  { gradient: false },
);
add(
  tf.ArgMin,
  (x) => tf.argMin(x as tf.Tensor, 0),
  () => [floats(3, [4, 5])],
  { gradient: false },
);
add(
  tf.Cumsum,
  (x) => tf.cumsum(x as tf.Tensor, 1, true, true),
  () => [floats(3, [4, 5])],
);

for (const [a, b, transposeA, transposeB] of [
  [[3, 4], [4, 5], false, false],
  [[4, 3], [4, 5], true, false],
  [[3, 4], [5, 4], false, true],
  [[2, 3, 4], [2, 4, 5], false, false],
  [[2, 4, 3], [2, 5, 4], true, true],
] as [number[], number[], boolean, boolean][]) {
  const inputs = (): Inputs => [floats(13, a), floats(14, b)];
  add(tf.BatchMatMul, (x, y) => tf.matMul(x as tf.Tensor, y as tf.Tensor, transposeA, transposeB), inputs);
}
for (const activation of ['linear', 'relu', 'sigmoid'] as const) {
  add(
    tf._FusedMatMul,
    (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor, b: b as tf.Tensor, bias: bias as tf.Tensor, activation }),
    () => [floats(1, [3, 4]), floats(2, [4, 5]), floats(3, [5])],
    { gradient: activation === 'linear' },
  );
}

add(
  tf.Cast,
  (x) => tf.cast(x as tf.Tensor, 'int32'),
  () => [floats(1, [6])],
  { gradient: false },
);
add(
  tf.Cast,
  (x) => tf.cast(x as tf.Tensor, 'bool'),
  () => [integers(1, [6])],
  { gradient: false },
);
add(
  [tf.Reshape, tf.Transpose],
  (x) => tf.transpose(tf.reshape(x as tf.Tensor, [3, 2, 4]), [2, 0, 1]),
  () => [floats(1, [4, 6])],
);
add(
  tf.ExpandDims,
  (x) => tf.expandDims(x as tf.Tensor, 1),
  () => [floats(1, [4, 6])],
);
add(
  tf.Tile,
  (x) => tf.tile(x as tf.Tensor, [2, 3]),
  () => [floats(1, [2, 3])],
);
add(
  tf.Concat,
  (x, y) => tf.concat([x as tf.Tensor, y as tf.Tensor], 1),
  () => [floats(1, [2, 3]), floats(2, [2, 4])],
);
add(
  [tf.Pack, tf.Unpack],
  (x, y) => tf.unstack(tf.stack([x as tf.Tensor, y as tf.Tensor], 1), 0),
  () => [floats(1, [2, 3]), floats(2, [2, 3])],
  { gradient: false },
);
add(
  tf.SplitV,
  (x) => tf.split(x as tf.Tensor, [1, 3, 2], 1),
  () => [floats(1, [2, 6])],
  { gradient: false },
);
add(
  tf.Slice,
  (x) => tf.slice(x as tf.Tensor, [1, 0, 2], [1, 3, 2]),
  () => [floats(1, [3, 3, 5])],
);
add(
  tf.StridedSlice,
  (x) => tf.stridedSlice(x as tf.Tensor, [3, 0], [-5, 4], [-2, 2]),
  () => [floats(1, [4, 4])],
  { gradient: false },
);
add(
  tf.PadV2,
  (x) =>
    tf.pad(
      x as tf.Tensor,
      [
        [1, 2],
        [0, 3],
      ],
      0.5,
    ),
  () => [floats(1, [2, 3])],
);
add(
  tf.Reverse,
  (x) => tf.reverse(x as tf.Tensor, [0, 2]),
  () => [floats(1, [2, 3, 4])],
);
add(
  tf.BroadcastTo,
  (x) => tf.broadcastTo(x as tf.Tensor, [4, 2, 3]),
  () => [floats(1, [2, 1])],
);
add(
  tf.Fill,
  (x) => tf.mul(x as tf.Tensor, tf.fill([3], 2.5)),
  () => [floats(1, [3])],
);

add(
  tf.GatherV2,
  (x, i) => tf.gather(x as tf.Tensor, tf.cast(tf.abs(i as tf.Tensor), 'int32'), 1),
  () => [floats(1, [3, 6, 2]), integers(2, [2, 4])],
  { gradient: false },
);
add(
  tf.GatherV2,
  (x) =>
    tf.gather(
      x as tf.Tensor,
      tf.tensor2d(
        [
          [0, 2, 2],
          [1, 0, 2],
        ],
        [2, 3],
        'int32',
      ),
    ),
  () => [floats(1, [3, 5])],
);
add(
  tf.UnsortedSegmentSum,
  (x) => tf.unsortedSegmentSum(x as tf.Tensor, tf.tensor1d([0, 2, 0, 1, -1], 'int32'), 3),
  () => [floats(1, [5, 4])],
);
add(
  tf.TopK,
  (x) => [tf.topk(x as tf.Tensor, 3).values, tf.topk(x as tf.Tensor, 3).indices],
  () => [floats(1, [4, 9])],
  { gradient: false },
);
add(
  tf.OneHot,
  (i) => tf.oneHot(i as tf.Tensor1D, 4),
  () => [integers(1, [8], -1, 5)],
  { gradient: false },
);

const convolutions: readonly [number[], number[], number | [number, number], 'same' | 'valid' | number, number][] = [
  [[2, 7, 6, 3], [3, 3, 3, 4], 1, 'same', 1],
  [[1, 8, 8, 2], [3, 3, 2, 5], 2, 'same', 1],
  [[1, 9, 7, 2], [3, 2, 2, 3], [2, 3], 'valid', 1],
  [[2, 5, 5, 4], [1, 1, 4, 6], 1, 'same', 1],
  [[1, 9, 9, 2], [3, 3, 2, 2], 1, 'same', 2],
  [[1, 6, 6, 2], [3, 3, 2, 2], 1, 1, 1],
];
for (const [x, filter, strides, pad, dilations] of convolutions) {
  add(
    [tf.Conv2D, tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter],
    (a, f) => tf.conv2d(a as tf.Tensor4D, f as tf.Tensor4D, strides, pad, 'NHWC', dilations),
    () => [floats(1, x), floats(2, filter)],
    { tolerance: 1e-3, gradient: dilations === 1 },
  );
}
for (const [x, filter, strides, pad] of [
  [[2, 7, 6, 3], [3, 3, 3, 1], 1, 'same'],
  [[1, 8, 8, 4], [3, 3, 4, 1], 2, 'same'],
  [[1, 9, 9, 2], [3, 3, 2, 1], 2, 'valid'],
  [[1, 6, 6, 2], [3, 3, 2, 2], 1, 'same'],
] as [number[], number[], number, 'same' | 'valid'][]) {
  add(
    [tf.DepthwiseConv2dNative, tf.DepthwiseConv2dNativeBackpropInput, tf.DepthwiseConv2dNativeBackpropFilter],
    (a, f) => tf.depthwiseConv2d(a as tf.Tensor4D, f as tf.Tensor4D, strides, pad),
    () => [floats(1, x), floats(2, filter)],
    { tolerance: 1e-3 },
  );
}
for (const activation of ['linear', 'relu6'] as const) {
  const gradient = activation === 'linear';
  add(
    tf.FusedConv2D,
    (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        bias: bias as tf.Tensor,
        strides: 2,
        pad: 'same',
        activation,
      }),
    () => [floats(1, [1, 6, 6, 2]), floats(2, [3, 3, 2, 4]), floats(3, [4])],
    { gradient, tolerance: 1e-3 },
  );
  add(
    tf.FusedDepthwiseConv2D,
    (x, filter, bias) =>
      tf.fused.depthwiseConv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        bias: bias as tf.Tensor,
        strides: 1,
        pad: 'same',
        activation,
      }),
    () => [floats(1, [1, 6, 6, 2]), floats(2, [3, 3, 2, 1]), floats(3, [2])],
    { gradient, tolerance: 1e-3 },
  );
}

const image = (): Inputs => [floats(1, [2, 7, 6, 3])];
add([tf.MaxPool], (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), image, { gradient: false });
add([tf.AvgPool], (x) => tf.avgPool(x as tf.Tensor4D, [2, 3], 1, 'same'), image, { gradient: false });
add([tf.ResizeBilinear], (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 9], true), image, { gradient: false });
add([tf.ResizeBilinear], (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [14, 3], false, true), image, {
  gradient: false,
});
add([tf.ResizeNearestNeighbor], (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [14, 3]), image);
add(
  [tf.FusedBatchNorm],
  (x, mean, variance, offset, scale) =>
    tf.batchNorm(
      x as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
    ),
  () => [floats(1, [2, 3, 3, 4]), floats(2, [4]), floats(3, [4], 0.5, 2), floats(4, [4]), floats(5, [4])],
  { tolerance: 1e-3 },
);
add(
  [tf.Range],
  (x) => tf.mul(x as tf.Tensor, tf.range(5, -1, -1.5)),
  () => [floats(1, [4])],
);

interface Outcome {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: number[];
}

const outcome = (tensor: tf.Tensor): Outcome => ({
  shape: tensor.shape,
  dtype: tensor.dtype,
  values: Array.from(tensor.dataSync()),
});
const listOf = (result: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(result) ? result : [result]);

async function run(backend: string, { inputs, call, gradient }: Case, compiled: boolean): Promise<Outcome[]> {
  await tf.setBackend(backend);
  const fn = compiled ? compile(call) : call;
  const forward = listOf(fn(...inputs())).map(outcome);
  if (!gradient || compiled) return forward;
  const weigh = (...all: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(call(...all) as tf.Tensor, 1.7));
  return [
    ...forward,
    ...tf
      .grads(weigh)([...inputs()])
      .map(outcome),
  ];
}

function compare(own: readonly Outcome[], expected: readonly Outcome[], tolerance: number): void {
  expect(own.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  own.forEach(({ values }, index) => {
    values.forEach((value, position) => {
      const other = expected[index]?.values[position] as number;
      expect(Math.abs(value - other)).toBeLessThanOrEqual(tolerance * (1 + Math.abs(other)));
    });
  });
}

test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
  const expected = await run('cpu', one, false);
  compare(await run('onnxruntime', one, false), expected, one.tolerance);
  compare(await run('onnxruntime', one, true), expected.slice(0, listLength(expected, one)), one.tolerance);
});

/** Outcomes of the forward pass alone. */
const listLength = (all: readonly Outcome[], { gradient, inputs }: Case): number =>
  gradient ? all.length - inputs().length : all.length;

test('every operator of the table has a case, and none of the cases needed a cpu kernel but those known to', async () => {
  await tf.setBackend('onnxruntime');
  const covered = new Set(cases.flatMap(({ kernels }) => kernels));
  const random = 'CounterUniform';
  expect(ops.map(({ kernel }) => kernel).filter((kernel) => !covered.has(kernel) && kernel !== random)).toEqual([]);
  const { fallbacks } = backendStatistics();
  expect(Object.keys(fallbacks).sort()).toMatchInlineSnapshot(`
    [
      "DepthwiseConv2dNativeBackpropFilter",
      "EluGrad",
      "ResizeNearestNeighborGrad",
    ]
  `);
});
