/** Arithmetic, comparison, selection, reduction and matrix products. */
import * as tf from '@tensorflow/tfjs-core';
import { booleans, createCases, floats, integers, type Inputs } from './case.js';

const { cases, add } = createCases();
export const elementwiseCases = cases;

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
  [tf.EluGrad]: [tf.elu, -2, 2],
  [tf.LeakyRelu]: [(x) => tf.leakyRelu(x, 0.3), -2, 2],
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

for (const alpha of [[3, 4], [4], [1, 1]]) {
  add(
    tf.Prelu,
    (x, slope) => tf.prelu(x as tf.Tensor, slope as tf.Tensor),
    () => [floats(1, [3, 4]), floats(2, alpha)],
  );
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
