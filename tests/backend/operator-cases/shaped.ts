/** Shaping, gathering, convolution, pooling, resizing and normalisation. */
import * as tf from '@tensorflow/tfjs-core';
import { createCases, floats, integers, type Inputs } from './case.js';

const { cases, add } = createCases();
export const shapedCases = cases;

add(
  tf.Cast,
  (x) => tf.cast(x as tf.Tensor, 'int32'),
  () => [floats(1, [6])],
  { gradient: false },
);
add(
  tf.Cast,
  (x) => tf.cast(x as tf.Tensor, 'int32'),
  () => [tf.tensor([NaN, Infinity, -Infinity, 3e9, -3e9, 1e30, 2147483520, 2 ** 31, -(2 ** 31), -2.7, 2.7])],
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
// Tall enough to be summed as a matrix product.
add(
  tf.Sum,
  (x) => tf.sum(x as tf.Tensor, [0, 1]),
  () => [floats(1, [40, 10, 3])],
);
add(
  tf.Sum,
  (x) => tf.sum(x as tf.Tensor, 0, true),
  () => [floats(1, [300, 2, 3])],
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
  tf.Pack,
  (x, y) => tf.stack([x as tf.Tensor, y as tf.Tensor], -2),
  () => [floats(1, [2, 3]), floats(2, [2, 3])],
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
/** Few different values, so that a window often has its maximum several times. */
const steps = (): Inputs => [tf.cast(integers(2, [2, 7, 6, 3], 0, 4), 'float32')];
for (const pad of ['same', 'valid'] as const) {
  add([tf.MaxPool, tf.MaxPoolGrad], (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, pad), image);
  add([tf.MaxPool, tf.MaxPoolGrad], (x) => tf.maxPool(x as tf.Tensor4D, [2, 3], 1, pad), steps);
  add([tf.AvgPool, tf.AvgPoolGrad], (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, pad), image);
  add([tf.AvgPool, tf.AvgPoolGrad], (x) => tf.avgPool(x as tf.Tensor4D, [3, 2], [1, 3], pad), image);
}
add([tf.MaxPool, tf.MaxPoolGrad], (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 1, 'floor'), image);
/** Windows without a number above −∞: dy goes nowhere there. */
add(
  [tf.MaxPool, tf.MaxPoolGrad],
  (x) => tf.grad((images) => tf.maxPool(images as tf.Tensor4D, 2, 2, 'valid'))(x as tf.Tensor),
  () => [tf.tensor4d([1, NaN, -Infinity, -Infinity, 2, NaN, -Infinity, -Infinity], [1, 2, 4, 1])],
  { gradient: false },
);
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
