/*
 * Recurrent cells against PyTorch's numbers, their gradients against finite differences, and stacks of them.
 *
 * The goldens were made with PyTorch 2 by:
 *
 * import json, torch
 * torch.manual_seed(7)
 * flat = lambda t: [round(float(v), 7) for v in t.detach().flatten()]
 * golden = {}
 * for name, cls in (('rnn', torch.nn.RNN), ('lstm', torch.nn.LSTM), ('gru', torch.nn.GRU)):
 *     net, x = cls(3, 2), torch.randn(4, 2, 3)          # input 3, hidden 2; time 4, batch 2
 *     golden[name] = {'x': flat(x), **{n: flat(p) for n, p in net.named_parameters()}, 'outputs': flat(net(x)[0])}
 * W, U, b, x, h = torch.randn(3, 6), torch.randn(2, 6), torch.randn(6), torch.randn(4, 2, 3), torch.zeros(2, 2)
 * golden['gruResetBefore'] = {'x': flat(x), 'kernel': flat(W), 'recurrentKernel': flat(U), 'bias': flat(b), 'outputs': []}
 * for step in x:                                        # as keras.layers.GRU(reset_after=False).call
 *     mx, inner = step @ W + b, h @ U[:, :4]
 *     z, r = torch.sigmoid(mx[:, :2] + inner[:, :2]), torch.sigmoid(mx[:, 2:4] + inner[:, 2:])
 *     h = z * h + (1 - z) * torch.tanh(mx[:, 4:] + (r * h) @ U[:, 4:])
 *     golden['gruResetBefore']['outputs'] += flat(h)
 * print(json.dumps(golden))
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  CELL_KINDS,
  type CellConfig,
  cellParameterShapes,
  createCell,
  initializeCell,
  unroll,
  unrollStack,
  zeroState,
} from '../../src/layers/cells.js';
import { Random } from '../../src/shared/random.js';
import { expectClose, expectGradients, normal, toTensors } from './helpers/numeric.js';

type Golden = Readonly<Record<string, readonly number[]>>;

const goldens = JSON.parse(readFileSync(new URL('fixtures/cells_golden.json', import.meta.url), 'utf8')) as Readonly<
  Record<'rnn' | 'lstm' | 'gru' | 'gruResetBefore', Golden>
>;

const INPUT = 3;
const HIDDEN = 2;

/** Every kind of cell; both kinds of `gru`. */
const VARIANTS: readonly CellConfig[] = [
  { kind: 'rnn', inputSize: INPUT, hiddenSize: HIDDEN },
  { kind: 'rnn', inputSize: INPUT, hiddenSize: HIDDEN, bias: false },
  { kind: 'lstm', inputSize: INPUT, hiddenSize: HIDDEN },
  { kind: 'gru', inputSize: INPUT, hiddenSize: HIDDEN, resetAfter: true },
  { kind: 'gru', inputSize: INPUT, hiddenSize: HIDDEN, resetAfter: false },
];

const nameOf = ({ kind, resetAfter, bias }: CellConfig): string => JSON.stringify({ kind, resetAfter, bias });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const matrix = (values: readonly number[] | undefined, columns: number): tf.Tensor =>
  tf.tensor2d([...(values ?? [])], [(values ?? []).length / columns, columns]);

/** PyTorch's weights [gates·hidden, inputs] as ours [inputs, gates·hidden], the blocks in our order. */
function fromTorch(values: readonly number[] | undefined, columns: number, order: readonly number[]): tf.Tensor {
  const blocks = tf.split(matrix(values, columns), order.length, 0);
  return tf.transpose(
    tf.concat(
      order.map((block) => blocks[block] as tf.Tensor),
      0,
    ),
  );
}

function torchParameters(golden: Golden, order: readonly number[]): Record<string, tf.Tensor> {
  return {
    kernel: fromTorch(golden.weight_ih_l0, INPUT, order),
    recurrentKernel: fromTorch(golden.weight_hh_l0, HIDDEN, order),
  };
}

function outputsOf(config: CellConfig, parameters: Record<string, tf.Tensor>, golden: Golden): tf.Tensor {
  const inputs = tf.tensor3d([...(golden.x ?? [])], [4, 2, INPUT]);
  return unroll(createCell(config, parameters), inputs).outputs;
}

describe('cells equal the reference', () => {
  test('rnn', () => {
    const golden = goldens.rnn;
    const bias = tf.add(tf.tensor1d([...(golden.bias_ih_l0 ?? [])]), tf.tensor1d([...(golden.bias_hh_l0 ?? [])]));
    const config: CellConfig = { kind: 'rnn', inputSize: INPUT, hiddenSize: HIDDEN };
    expectClose(outputsOf(config, { ...torchParameters(golden, [0]), bias }, golden), golden.outputs ?? []);
  });

  test('rnn without a bias, by hand', () => {
    const parameters = { kernel: tf.tensor2d([[0.5], [-1]]), recurrentKernel: tf.tensor2d([[2]]) };
    const cell = createCell({ kind: 'rnn', inputSize: 2, hiddenSize: 1, bias: false }, parameters);
    const { outputs } = unroll(cell, tf.tensor3d([1, 2, 3, 0.5], [2, 1, 2]));
    const first = Math.tanh(0.5 * 1 - 2);
    expectClose(outputs, [first, Math.tanh(0.5 * 3 - 0.5 + 2 * first)]);
  });

  test('lstm', () => {
    const golden = goldens.lstm;
    const bias = tf.add(tf.tensor1d([...(golden.bias_ih_l0 ?? [])]), tf.tensor1d([...(golden.bias_hh_l0 ?? [])]));
    const config: CellConfig = { kind: 'lstm', inputSize: INPUT, hiddenSize: HIDDEN };
    expectClose(outputsOf(config, { ...torchParameters(golden, [0, 1, 2, 3]), bias }, golden), golden.outputs ?? []);
  });

  test('gru with resetAfter, mapped from PyTorch as the docstring says', () => {
    const golden = goldens.gru;
    const blocks = (values: readonly number[] | undefined): tf.Tensor[] =>
      tf.split(tf.tensor1d([...(values ?? [])]), 3);
    const [inputR, inputZ, inputN] = blocks(golden.bias_ih_l0) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [hiddenR, hiddenZ, hiddenN] = blocks(golden.bias_hh_l0) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const bias = tf.concat([tf.add(inputZ, hiddenZ), tf.add(inputR, hiddenR), inputN]);
    const config: CellConfig = { kind: 'gru', inputSize: INPUT, hiddenSize: HIDDEN };
    const parameters = { ...torchParameters(golden, [1, 0, 2]), bias, recurrentBias: hiddenN };
    expectClose(outputsOf(config, parameters, golden), golden.outputs ?? []);
  });

  test('gru without resetAfter', () => {
    const golden = goldens.gruResetBefore;
    const parameters = {
      kernel: matrix(golden.kernel, 3 * HIDDEN),
      recurrentKernel: matrix(golden.recurrentKernel, 3 * HIDDEN),
      bias: tf.tensor1d([...(golden.bias ?? [])]),
    };
    const config: CellConfig = { kind: 'gru', inputSize: INPUT, hiddenSize: HIDDEN, resetAfter: false };
    expectClose(outputsOf(config, parameters, golden), golden.outputs ?? []);
  });
});

describe.each(VARIANTS.map((config) => [nameOf(config), config] as const))('%s', (_, config) => {
  test('gradients equal finite differences, through time', () => {
    const parameters = toTensors(initializeCell(config, new Random(3)));
    const loss = ({ inputs, ...weights }: Record<string, tf.Tensor>): tf.Tensor => {
      const { outputs } = unroll(createCell(config, weights), inputs as tf.Tensor);
      return tf.sum(tf.square(tf.sub(outputs, tf.scalar(0.3))));
    };
    expectGradients(loss, { ...parameters, inputs: normal([3, 2, INPUT], 1, 1) });
  });

  test('gradients reach the first state, and come from the last one too', () => {
    const parameters = toTensors(initializeCell(config, new Random(9)));
    const states = zeroState(config, 2).map((_, index) => [`state${index}`, normal([2, HIDDEN], 10 + index)] as const);
    const loss = ({ inputs, ...rest }: Record<string, tf.Tensor>): tf.Tensor => {
      const before = states.map(([name]) => rest[name] as tf.Tensor);
      const { outputs, state } = unroll(createCell(config, rest), inputs as tf.Tensor, { state: before });
      const last = state.map((tensor, index) => tf.sum(tf.mul(tf.square(tensor), tf.scalar(index + 2))));
      return tf.add(tf.sum(tf.square(outputs)), tf.addN(last));
    };
    expectGradients(loss, { ...parameters, ...Object.fromEntries(states), inputs: normal([3, 2, INPUT], 11) });
  });

  test('all steps at once are the steps one by one', () => {
    const cell = createCell(config, toTensors(initializeCell(config, new Random(12))));
    const inputs = normal([4, 2, INPUT], 13);
    const { outputs, state } = unroll(cell, inputs);
    let current = zeroState(config, 2);
    tf.unstack(inputs).forEach((x, time) => {
      current = cell.step(current, cell.project(x));
      expectClose(current[0] as tf.Tensor, tf.slice(outputs, [time, 0, 0], [1, -1, -1]));
    });
    current.forEach((tensor, index) => expectClose(tensor, state[index] as tf.Tensor));
  });

  test('input of the step alone gives what input known beforehand gives', () => {
    const parameters = toTensors(initializeCell(config, new Random(4)));
    const { kernel, ...rest } = parameters;
    const whole = createCell(config, parameters);
    const stepwise = createCell(
      { ...config, inputSize: 0, stepInputSize: INPUT },
      { ...rest, stepKernel: kernel as tf.Tensor },
    );
    const x = normal([2, INPUT], 5);
    const state = zeroState(config, 2).map((zeros) => tf.add(zeros, normal([2, HIDDEN], 6)));
    const expected = whole.step(state, whole.project(x));
    stepwise.step(state, undefined, x).forEach((tensor, index) => expectClose(tensor, expected[index] as tf.Tensor));
  });

  test('the initial weights have the documented shapes and ranges', () => {
    const weights = initializeCell({ ...config, stepInputSize: 4 }, new Random(5));
    const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(cellParameterShapes({ ...config, stepInputSize: 4 }));
    const limit = 1 / Math.sqrt(HIDDEN);
    expect(Math.max(...(weights.kernel?.values ?? []).map(Math.abs))).toBeLessThanOrEqual(limit);
    if (config.kind === 'lstm') expect([...(weights.bias?.values ?? [])]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  });
});

test('orthogonal recurrent kernels are orthogonal in each block', () => {
  for (const kind of CELL_KINDS) {
    const weights = initializeCell({ kind, inputSize: 2, hiddenSize: 5 }, new Random(6), { orthogonal: true });
    const { recurrentKernel } = toTensors(weights);
    for (const block of tf.split(
      recurrentKernel as tf.Tensor,
      (cellParameterShapes({ kind, inputSize: 2, hiddenSize: 5 }).recurrentKernel?.[1] as number) / 5,
      1,
    )) {
      expectClose(tf.matMul(block, block, false, true), tf.eye(5));
    }
  }
});

test('a stack runs each cell over the outputs of the one below', () => {
  const lower: CellConfig = { kind: 'lstm', inputSize: INPUT, hiddenSize: HIDDEN };
  const upper: CellConfig = { kind: 'lstm', inputSize: HIDDEN, hiddenSize: 4 };
  const cells = [lower, upper].map((config, seed) =>
    createCell(config, toTensors(initializeCell(config, new Random(seed)))),
  );
  const inputs = normal([5, 2, INPUT], 8);
  const [first, second] = cells as [(typeof cells)[0], (typeof cells)[0]];
  const { outputs, states } = unrollStack(cells, inputs);
  const below = unroll(first, inputs);
  const above = unroll(second, below.outputs);
  expect(outputs.shape).toEqual([5, 2, 4]);
  expectClose(outputs, above.outputs);
  expectClose(states[0]?.[1] as tf.Tensor, below.state[1] as tf.Tensor);
  const half = unrollStack(cells, tf.slice(inputs, [0], [2]));
  const rest = unrollStack(cells, tf.slice(inputs, [2], [3]), { states: half.states });
  expectClose(rest.outputs, tf.slice(outputs, [2], [3]));
});

test('dropout between layers spares the first input', () => {
  const config: CellConfig = { kind: 'rnn', inputSize: 2, hiddenSize: 2 };
  const cells = [1, 2].map((seed) => createCell(config, toTensors(initializeCell(config, new Random(seed)))));
  const layers: number[] = [];
  const seedOf = (layer: number): tf.Tensor => {
    layers.push(layer);
    return tf.scalar(9, 'int32');
  };
  const inputs = normal([3, 2, 2], 2);
  const { outputs } = unrollStack(cells, inputs, { dropout: { rate: 0.5, seedOf } });
  expect(layers).toEqual([1]);
  expect(outputs.dataSync()).not.toEqual(unrollStack(cells, inputs).outputs.dataSync());
});
