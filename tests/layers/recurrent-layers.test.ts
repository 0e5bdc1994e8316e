/** Padding: what stands after the end of a sequence changes nothing about it, in any direction, layer or pooling. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { CELL_KINDS, cellParameterShapes, createCell, unroll } from '../../src/layers/cells.js';
import { poolingParameterShapes, POOLINGS, poolOverTime } from '../../src/layers/pooling.js';
import {
  recurrentCells,
  type RecurrentLayersConfig,
  recurrentOutputSize,
  runRecurrentLayers,
} from '../../src/layers/recurrent-layers.js';
import { type ParameterShapes, scoped, withScope } from '../../src/layers/parameters.js';
import { expectClose, normal } from './helpers/numeric.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const parametersOf = (shapes: ParameterShapes): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape], index) => [name, normal([...shape], 10 + index)]));

const layerParameters = (config: RecurrentLayersConfig): Record<string, tf.Tensor> =>
  Object.assign(
    {},
    ...Object.entries(recurrentCells(config)).map(([name, cell]) =>
      withScope(name, parametersOf(cellParameterShapes(cell))),
    ),
  ) as Record<string, tf.Tensor>;

/** Two sequences, of 5 and of 2 steps, padded to 5 with what must not matter. */
const TIME = 5;
const SHORT = 2;
const inputs = (): tf.Tensor => normal([TIME, 2, 3], 1);
const present = (): tf.Tensor => tf.tensor2d([1, 1, 1, 1, 1, 0, 1, 0, 1, 0], [TIME, 2]);
const second = (x: tf.Tensor): tf.Tensor => tf.slice(x, [0, 1, 0], [SHORT, 1, -1]);

describe.each(CELL_KINDS)('%s', (cell) => {
  const config = { cell, layers: 2, inputSize: 3, hiddenSize: 2, bidirectional: true };

  test('a padded sequence gives what it gives alone', () => {
    const parameters = layerParameters(config);
    const together = runRecurrentLayers(config, parameters, inputs(), { present: present() });
    expect(together.shape).toEqual([TIME, 2, recurrentOutputSize(config)]);
    expectClose(second(together), runRecurrentLayers(config, parameters, second(inputs())));
    const whole = tf.slice(inputs(), [0, 0, 0], [TIME, 1, 3]);
    expectClose(tf.slice(together, [0, 0, 0], [TIME, 1, -1]), runRecurrentLayers(config, parameters, whole));
  });

  test('both directions are one layer forward and one on the reversed sequence', () => {
    const one = { ...config, layers: 1 };
    const parameters = layerParameters(one);
    const cells = recurrentCells(one);
    const run = (name: 'cell0' | 'cell0back', x: tf.Tensor): tf.Tensor => {
      const own = cells[name];
      if (own === undefined) throw new Error(name);
      return unroll(createCell(own, scoped(parameters, name)), x).outputs;
    };
    const backward = tf.reverse(run('cell0back', tf.reverse(inputs(), 0)), 0);
    expectClose(runRecurrentLayers(one, parameters, inputs()), tf.concat([run('cell0', inputs()), backward], 2));
  });
});

describe.each(POOLINGS)('pooling by %s', (pooling) => {
  const parameters = (): Record<string, tf.Tensor> => parametersOf(poolingParameterShapes(pooling, 4));
  const outputs = (): tf.Tensor => normal([TIME, 2, 4], 7);

  test.each([true, false])('leaves padding out (both directions: %s)', (bidirectional) => {
    const together = poolOverTime(parameters(), outputs(), { pooling, bidirectional, present: present() });
    const alone = poolOverTime(parameters(), second(outputs()), { pooling, bidirectional });
    expectClose(tf.slice(together, [1, 0], [1, 4]), alone);
  });
});

test('what is pooled, worked out by hand', () => {
  const outputs = tf.tensor3d([1, 5, 3, 1, 2, 0], [3, 1, 2]);
  const pooled = (pooling: 'last' | 'mean' | 'max', bidirectional = false): number[] => [
    ...poolOverTime({}, outputs, { pooling, bidirectional }).dataSync(),
  ];
  expect(pooled('last')).toEqual([2, 0]);
  // The first half where it has seen all, the second, which runs from the end, at the start.
  expect(pooled('last', true)).toEqual([2, 5]);
  expect(pooled('mean')).toEqual([2, 2]);
  expect(pooled('max')).toEqual([3, 5]);
});
