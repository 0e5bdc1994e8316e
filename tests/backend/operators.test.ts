/** Every operator of the table against TensorFlow.js's cpu backend, forward and gradient, recorded and compiled. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { backendStatistics, compile } from '../../src/backend/index.js';
import { ops } from '../../src/backend/ops/index.js';
import type { Case } from './operator-cases/case.js';
import { elementwiseCases } from './operator-cases/elementwise.js';
import { shapedCases } from './operator-cases/shaped.js';

const cases: readonly Case[] = [...elementwiseCases, ...shapedCases];

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
      "ResizeNearestNeighborGrad",
    ]
  `);
});

const image = (): tf.Tensor4D => tf.reshape(tf.range(0, 50), [1, 5, 5, 2]);
const filter = (): tf.Tensor4D => tf.reshape(tf.range(0, 12), [1, 3, 2, 2]);

test.each([
  ['a pool that rounds up', () => tf.maxPool(image(), 2, 2, 0, 'ceil')],
  ['a mean pool that rounds up', () => tf.avgPool(image(), [3, 2], 2, 1, 'ceil')],
  ['a convolution padded by a number', () => tf.conv2d(image(), filter(), 1, 0)],
  ['a depthwise one', () => tf.depthwiseConv2d(image(), filter(), 1, 0)],
  ['the gradient of one', () => tf.grad((x) => tf.conv2d(x as tf.Tensor4D, filter(), 1, 0))(image())],
  ['a sign of booleans', () => tf.sign(tf.tensor([true, false], [2], 'bool'))],
])('%s is the cpu kernel’s, where ONNX has another', async (_name, call) => {
  await tf.setBackend('cpu');
  const expected = outcome(call());
  await tf.setBackend('onnxruntime');
  compare([outcome(call())], [expected], 1e-5);
});
