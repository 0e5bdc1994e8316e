/** Compiled functions at several batch sizes, and functions saved as `.onnx` files that the public ONNX Runtime runs. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compile, exportOnnx } from '../../src/backend/index.js';
import * as native from '../../src/backend/runtime/native.js';
import { createCell, initializeCell, unroll, zeroState } from '../../src/layers/cells.js';
import { UserError } from '../../src/shared/errors.js';
import { Random } from '../../src/shared/random.js';
import { createVariables } from '../../src/training/parameters.js';
import { expectClose } from '../layers/helpers/numeric.js';

vi.mock('../../src/backend/runtime/native.js', { spy: true });

let folder = '';
beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-export-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const filter = tf.randomNormal([3, 3, 3, 4], 0, 1, 'float32', 1) as tf.Tensor4D;
const weights = tf.randomNormal([4, 5], 0, 1, 'float32', 2) as tf.Tensor2D;
const images = (n: number): tf.Tensor4D => tf.randomNormal([n, 8, 8, 3], 0, 1, 'float32', n);

/** Two results: a grid, and class probabilities by way of a Reshape whose shape holds the batch. */
function network(x: tf.Tensor): tf.Tensor[] {
  const grid = tf.relu(tf.conv2d(x as tf.Tensor4D, filter, 2, 'same'));
  const [n = 0, h = 0, w = 0, c = 0] = grid.shape;
  const cells = tf.softmax(tf.matMul(tf.reshape(tf.add(grid, 1), [n * h * w, c]), weights));
  return [grid, tf.mean(tf.reshape(cells, [n, h * w, 5]), 1)];
}

/** How many native sessions `run` makes. */
function sessionsMadeBy(run: () => void): number {
  const spy = vi.mocked(native.createSession);
  const before = spy.mock.calls.length;
  run();
  return spy.mock.calls.length - before;
}

describe('compile at several batch sizes', () => {
  test('one session serves all but the first', () => {
    const run = compile(network);
    const sizes = [3, 5, 1, 2, 7];
    const results = new Map<number, tf.Tensor[]>();
    const made = sessionsMadeBy(() => sizes.forEach((n) => results.set(n, run(images(n)) as tf.Tensor[])));
    expect(made).toBe(2);
    for (const n of sizes) {
      network(images(n)).forEach((expected, index) => {
        const found = results.get(n)?.[index] as tf.Tensor;
        expect(found.shape).toEqual(expected.shape);
        expectClose(found, expected);
      });
    }
    run.dispose();
  });

  test('functions that do something else at another size keep a session each', () => {
    const clipped = compile((x: tf.Tensor) => tf.slice(x, [0, 0], [Math.min(x.shape[0] as number, 4), 2]));
    const squeezed = compile((x: tf.Tensor) => tf.squeeze(tf.mul(x, 2)));
    for (const n of [2, 3, 6, 1, 8]) {
      const x = tf.reshape(tf.range(0, 2 * n), [n, 2]);
      const expected = Array.from({ length: 2 * Math.min(n, 4) }, (_, index) => index);
      expectClose(clipped(x), expected);
      expect(squeezed(tf.ones([n, 1, 2])).shape).toEqual(n === 1 ? [2] : [n, 2]);
    }
    clipped.dispose();
    squeezed.dispose();
  });
});

/** Saves `fn` of one input [batch, …shape], and compares what the public ONNX Runtime makes of it at these batch sizes. */
async function expectSameElsewhere(
  fn: (x: tf.Tensor) => tf.Tensor,
  shape: readonly number[],
  batches: readonly number[],
): Promise<void> {
  const path = join(folder, 'any.onnx');
  await exportOnnx(fn, [{ name: 'x', shape: ['batch', ...shape] }], path, { outputNames: ['y'] });
  const session = await InferenceSession.create(path);
  for (const batch of batches) {
    const x = tf.randomNormal([batch, ...shape], 0, 1, 'float32', batch);
    const { y } = await session.run({ x: new Tensor('float32', x.dataSync(), x.shape) });
    const expected = fn(x);
    expect(y?.dims).toEqual(expected.shape);
    expectClose(expected, y?.data as Float32Array);
  }
  await session.release();
  await rm(path);
}

describe('exportOnnx', () => {
  test('what is saved runs elsewhere, at any batch size', async () => {
    const path = join(folder, 'network.onnx');
    const input = { name: 'image', shape: ['batch', 8, 8, 3] } as const;
    await exportOnnx(network, [input], path, { outputNames: ['grid', 'probabilities'] });
    const session = await InferenceSession.create(path);
    expect([session.inputNames, session.outputNames]).toEqual([['image'], ['grid', 'probabilities']]);
    for (const n of [1, 4]) {
      const values = images(n).dataSync() as Float32Array;
      const found = await session.run({ image: new Tensor('float32', values, [n, 8, 8, 3]) });
      network(images(n)).forEach((expected, index) => {
        const output = found[['grid', 'probabilities'][index] as string];
        expect(output?.dims).toEqual(expected.shape);
        expectClose(expected, output?.data as Float32Array);
      });
    }
    await session.release();
    expect(await readdir(folder)).toEqual(['network.onnx']);
  });

  test.each(['rnn', 'lstm', 'gru'] as const)('a %s starts from nothing at any batch size', async (kind) => {
    const config = { kind, inputSize: 3, hiddenSize: 4 };
    const cell = createCell(config, createVariables(initializeCell(config, new Random(1))));
    const read = (x: tf.Tensor): tf.Tensor => {
      const state = zeroState(config, x.shape[0] as number);
      return tf.transpose(unroll(cell, tf.transpose(x, [1, 0, 2]), { state }).outputs, [1, 0, 2]);
    };
    await expectSameElsewhere(read, [5, 3], [1, 3, 8]);
  });

  test('shapes that hold the batch are computed: tiled rows, larger pictures, masks', async () => {
    const rows = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.tile(tf.tensor2d([[1, 2, 3]]), [x.shape[0] as number, 1]));
    await expectSameElsewhere(rows, [3], [1, 4]);
    const larger = (x: tf.Tensor): tf.Tensor => tf.image.resizeBilinear(x as tf.Tensor4D, [8, 10]);
    await expectSameElsewhere(larger, [4, 5, 2], [1, 4]);
    const pairs = (x: tf.Tensor): tf.Tensor => {
      const half = tf.reshape(x, [2 * (x.shape[0] as number), 3]);
      return tf.where(tf.greater(half, 0), half, tf.fill([2 * (x.shape[0] as number), 3], -1));
    };
    await expectSameElsewhere(pairs, [6], [1, 4]);
  });

  test('inputs of fixed size, of integers', async () => {
    const path = join(folder, 'fixed.onnx');
    const input = { name: 'ids', dtype: 'int32', shape: [3] } as const;
    const rowsOf = vi.fn((ids: tf.Tensor) => tf.gather(weights, ids as tf.Tensor1D));
    await exportOnnx(rowsOf, [input], path, { outputNames: ['rows'] });
    expect(rowsOf).toHaveBeenCalledTimes(1);
    const session = await InferenceSession.create(path);
    const { rows } = await session.run({ ids: new Tensor('int32', Int32Array.of(3, 0, 3), [3]) });
    expectClose(tf.gather(weights, tf.tensor1d([3, 0, 3], 'int32')), rows?.data as Float32Array);
    await session.release();
  });

  test('says what cannot be exported', async () => {
    const path = join(folder, 'never.onnx');
    const input = { name: 'x', shape: ['batch', 2] } as const;
    const numbered = (x: tf.Tensor): tf.Tensor =>
      tf.mul(
        x,
        tf.tensor(
          new Float32Array(x.shape[0] as number).map((_, row) => row),
          [x.shape[0] as number, 1],
        ),
      );
    await expect(exportOnnx(numbered, [input], path, { outputNames: ['y'] })).rejects.toThrow(/batch size/);
    await expect(exportOnnx((x) => x, [input], path, { outputNames: [] })).rejects.toThrow(UserError);
    const doubled = (x: tf.Tensor): tf.Tensor => tf.add(tf.mul(x, 2), 1);
    const names = (name: string, output: string): Promise<void> =>
      exportOnnx(doubled, [{ ...input, name }], path, { outputNames: [output] });
    await expect(names('', 'y')).rejects.toThrow('found an empty one');
    await expect(names('x', 'x')).rejects.toThrow('found "x" twice');
    await expect(names('v1', 'y')).rejects.toThrow('"v1": is the name of a value inside the model');
    await expect(exportOnnx((x) => tf.cumprod(x), [input], path, { outputNames: ['y'] })).rejects.toThrow(
      'Cumprod has no lowering to ONNX',
    );
    expect(await readdir(folder)).not.toContain('never.onnx');
  });
});
