/** The rules of the engine that experiments taught: wrong results, dead processes, flushing, lifetimes, sessions. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type OnnxRuntimeBackend } from '../../src/backend/backend.js';
import { cutLive } from '../../src/backend/graph/cut.js';
import type { Op } from '../../src/backend/graph/types.js';
import { verify } from '../../src/backend/graph/verify.js';
import { backendStatistics, compile, configureBackend, printPending } from '../../src/backend/index.js';
import { UserError } from '../../src/shared/errors.js';

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

afterEach(() => configureBackend({ device: 'cpu', threads: 2 }));

const backend = (): OnnxRuntimeBackend => tf.backend() as OnnxRuntimeBackend;
const values = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

describe('wrong results and dead processes', () => {
  test.each([2, 4])('a scatter with many repeated indices is right every time, with %i threads', (threads) => {
    configureBackend({ threads });
    const [rows, width, segments] = [4096, 64, 8];
    const ids = tf.tensor1d(
      Array.from({ length: rows }, (_, row) => (row * 7) % segments),
      'int32',
    );
    const ones = tf.ones([rows, width]);
    for (let run = 0; run < 250; run++) {
      const sums = tf.tidy(() => tf.unsortedSegmentSum(ones, ids, segments).dataSync());
      expect(sums.every((sum) => sum === rows / segments)).toBe(true);
    }
  });

  test('int32 division by −1, by zero, and flooring', () => {
    const a = tf.tensor1d([-(2 ** 31), 7, -7, 5], 'int32');
    const b = tf.tensor1d([-1, 2, 2, 0], 'int32');
    expect(values(tf.floorDiv(a, b)).slice(1, 3)).toEqual([3, -4]);
    expect(values(tf.mod(tf.tensor1d([-7, 7], 'int32'), tf.tensor1d([3, -3], 'int32')))).toEqual([2, -2]);
  });

  test('top-k and arg-max over nothing do not end the process', () => {
    expect(tf.topk(tf.zeros([3, 0]), 0).values.shape).toEqual([3, 0]);
    expect(tf.argMax(tf.zeros([0, 3]), 1).shape).toEqual([0]);
  });

  test('a failed run is remembered by what depends on it, and by nothing else', () => {
    const good = tf.add(tf.tensor1d([1, 2]), 1);
    const bad = tf.gather(tf.tensor1d([1, 2, 3]), tf.add(tf.tensor1d([98], 'int32'), tf.scalar(1, 'int32')));
    const worse = tf.mul(bad, 2);
    expect(() => bad.dataSync()).toThrow();
    expect(() => bad.dataSync()).toThrow();
    expect(() => worse.dataSync()).toThrow();
    expect(values(good)).toEqual([2, 3]);
  });

  test.each([-1, -3, 3, 99, -(2 ** 31), -(2 ** 31) + 1, 2 ** 31 - 1])(
    'the index %i is out of range, known or computed',
    (index) => {
      const x = tf.tensor1d([1, 2, 3]);
      const known = tf.tensor1d([0, index], 'int32');
      expect(() => tf.gather(x, known)).toThrow(`GatherV2: the index value ${index} is not in [0, 2]`);
      const computed = tf.sub(known, tf.zerosLike(known));
      const chosen = tf.gather(x, computed);
      expect(() => chosen.dataSync()).toThrow('out of data bounds');
      const run = compile((indices: tf.Tensor) => tf.gather(x, indices as tf.Tensor1D));
      expect(() => run(known)).toThrow('out of data bounds');
    },
  );

  test('what was written is a copy', () => {
    const source = new Float32Array([1, 2, 3]);
    const doubled = tf.mul(tf.tensor1d(source), 2);
    source.fill(0);
    expect(values(doubled)).toEqual([2, 4, 6]);
  });

  test('memory of disposed results is not reused while somebody can see it', () => {
    const step = (x: tf.Tensor): tf.Tensor => tf.tidy(() => tf.add(x, 1));
    let x: tf.Tensor = tf.zeros([5000]);
    const seen: Float32Array[] = [];
    for (let count = 0; count < 6; count++) {
      const next = step(x);
      seen.push(next.dataSync() as Float32Array);
      x.dispose();
      x = next;
    }
    seen.forEach((own, count) => expect(own[4999]).toBe(count + 1));
  });
});

describe('recording', () => {
  test('nothing runs before a value is read, and dead nodes never do', () => {
    const { flushes } = backendStatistics();
    const kept = tf.tidy(() => {
      tf.exp(tf.ones([3]));
      return tf.add(tf.ones([2]), 1);
    });
    expect(backendStatistics().flushes).toBe(flushes);
    const text = printPending();
    expect(text).toContain('Add(');
    expect(text).not.toContain('Exp(');
    expect(values(kept)).toEqual([2, 2]);
    expect(backendStatistics().flushes).toBe(flushes + 1);
  });

  test('a graph prints as text', () => {
    tf.engine().startScope();
    const x = tf.tensor1d([1, 2]);
    tf.keep(tf.relu(tf.mul(x, 3)));
    expect(printPending()).toMatchInlineSnapshot(`
      "$0 : float32[2]
      $1 : float32[]
      %0 = Multiply($0, $1) : float32[2]
      %1 = Relu(%0) : float32[2]
      return %0, %1"
    `);
    backend().flush();
    tf.engine().endScope();
  });

  test('the same structure is one session, whatever the tensors and values', () => {
    const program = (seed: number): void => {
      tf.tidy(() => {
        const x = tf.randomNormal([4, 3], 0, 1, 'float32', seed);
        return tf.sum(tf.slice(tf.tanh(tf.mul(x, seed)), [seed % 2, 0], [2, 3]));
      }).dataSync();
    };
    program(1);
    const before = backendStatistics();
    program(2);
    program(3);
    const after = backendStatistics();
    expect(after.sessionsCreated).toBe(before.sessionsCreated);
    expect(after.cacheHits - before.cacheHits).toBe(2);
  });

  test('slices of different size are different structures', () => {
    const x = tf.tensor1d([1, 2, 3, 4]);
    const doubled = (begin: number, size: number): number[] =>
      tf.tidy(() => values(tf.reshape(tf.mul(tf.slice(x, begin, size), 2), [size, 1])));
    expect(doubled(0, 2)).toEqual([2, 4]);
    expect(doubled(1, 3)).toEqual([4, 6, 8]);
    expect(doubled(3, 1)).toEqual([8]);
  });

  test('verify refuses graphs that are not legal', () => {
    const x = tf.add(tf.tensor1d([1, 2]), 1);
    const cut = backend().pendingCut();
    expect(() => verify(cut)).not.toThrow();
    const [node] = cut.nodes;
    const wrong = { ...cut, nodes: [{ ...node, inputs: [{ node: 5, index: 0 }] }] };
    expect(() => verify(wrong as typeof cut)).toThrow();
    expect(cutLive([]).outputs).toHaveLength(0);
    x.dispose();
  });

  test('a result of another shape than its operator declared is an error that names both, and spoils no other', () => {
    const plain: Op = {
      kernel: 'Plain',
      plan: () => 'fallback',
      lower: (builder, inputs) => [builder.op('Neg', [inputs[0]?.name as string])],
    };
    const declaring = (shape: number[]): tf.Tensor => {
      const x = tf.tensor1d([1, 2, 3]);
      const input = { dataId: x.dataId, dtype: 'float32', shape: x.shape } as const;
      const [info] = backend().record(plain, { inputs: [input], outputs: [{ dtype: 'float32', shape }] });
      return tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo);
    };
    const [good, bad] = [declaring([3]), declaring([2])];
    expect(() => bad.dataSync()).toThrow('Plain: declared the shape [2], ONNX Runtime returned [3]');
    expect(values(good)).toEqual([-1, -2, -3]);
    const run = compile((x: tf.Tensor) => [declaring([2]), x]);
    expect(() => run(tf.ones([1]))).toThrow('Plain: declared the shape [2], ONNX Runtime returned [3]');
  });

  test('a program that reads after every operation works', async () => {
    let x = tf.tensor1d([1]);
    for (let step = 0; step < 50; step++) x = tf.tensor1d([...(await tf.add(x, 1).data())]);
    expect(values(x)).toEqual([51]);
  });

  test('a program that awaits nothing but values lets other events have their turn', async () => {
    let isOver = false;
    setTimeout(() => (isOver = true), 30);
    let reads = 0;
    for (const end = performance.now() + 2_000; !isOver && performance.now() < end; reads++)
      await tf.tidy(() => tf.add(reads, 1)).data();
    expect(isOver).toBe(true);
    expect(reads).toBeGreaterThan(10);
  });

  test('a program that never reads is cut', () => {
    const { flushes } = backendStatistics();
    const counter = tf.variable(tf.scalar(0));
    for (let step = 0; step < 1500; step++) tf.tidy(() => counter.assign(tf.add(counter, 1)));
    expect(backendStatistics().flushes).toBeGreaterThan(flushes);
    expect(values(counter)).toEqual([1500]);
  });

  test('a gradient is not cut, however long it is, and what comes after it is', () => {
    const { flushes, recordedNodes } = backendStatistics();
    const chain = (x: tf.Tensor): tf.Tensor => {
      let y = x;
      for (let step = 0; step < 6_000; step++) y = tf.sin(y);
      return y;
    };
    const live = tf.exp(tf.ones([2]));
    const gradient = tf.grad(chain)(tf.scalar(1));
    expect(backendStatistics().recordedNodes - recordedNodes).toBeGreaterThan(16_000);
    expect(backendStatistics().flushes).toBe(flushes);
    gradient.dispose(); // so that nothing of it is run
    tf.dispose([tf.add(tf.ones([2]), 1), live]);
    expect(backendStatistics().flushes).toBe(flushes + 1);
  });

  test('tensors are gone when TensorFlow.js disposes them', () => {
    const before = tf.memory();
    tf.tidy(() => {
      const x = tf.reshape(tf.add(tf.ones([6]), 1), [2, 3]);
      tf.matMul(x, tf.transpose(x)).dataSync();
    });
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(backend().numDataIds()).toBe(before.numDataBuffers);
  });

  test('a disposed input of a pending node stays readable', () => {
    const x = tf.tensor1d([1, 2]);
    const y = tf.add(x, 1);
    x.dispose();
    expect(values(y)).toEqual([2, 3]);
  });
});

describe('sessions', () => {
  test('their number is bounded, the oldest given back', () => {
    backend().configure({ maximumSessions: 4 });
    for (let size = 1; size <= 12; size++) tf.tidy(() => tf.add(tf.ones([size]), 1).dataSync());
    expect(backend().sessions.size).toBeLessThanOrEqual(4);
    backend().configure({ maximumSessions: 256 });
  });

  test('large graphs that take turns keep their sessions, the last without an arena', () => {
    backend().configure({ maximumBytes: 12 * 2 ** 20 });
    const filter = tf.ones([3, 3, 8, 8]) as tf.Tensor4D;
    const convolve = (side: number): number => {
      const x = tf.ones([1, side, side, 8]) as tf.Tensor4D;
      return tf.tidy(
        () => tf.max(tf.conv2d(tf.conv2d(x, filter, 1, 'same'), filter, 1, 'same')).dataSync()[0] as number,
      );
    };
    const { sessionsCreated } = backendStatistics();
    for (let turn = 0; turn < 3; turn++) for (const side of [320, 328]) expect(convolve(side)).toBe(72 * 72);
    expect(backendStatistics().sessionsCreated - sessionsCreated).toBe(2);
    backend().configure({ maximumBytes: 4 * 2 ** 30 });
  });

  test('results repeat bit for bit at any number of threads', () => {
    const x = tf.randomNormal([64, 128], 0, 1, 'float32', 5);
    const y = tf.randomNormal([128, 96], 0, 1, 'float32', 6);
    const run = (threads: number): number[] => {
      configureBackend({ threads });
      return tf.tidy(() => values(tf.softmax(tf.matMul(x, y))));
    };
    expect(run(1)).toEqual(run(2));
  });

  test('the bound of sessions is that of the device, unless it is given', () => {
    const bound = (): number => backend().sessions.options.maximumBytes / 2 ** 30;
    expect(bound()).toBe(4);
    configureBackend({ device: 'cuda' });
    expect(bound()).toBe(32);
    configureBackend({ threads: 1 });
    expect(bound()).toBe(32);
    configureBackend({ device: 'cpu' });
    expect(bound()).toBe(4);
    backend().configure({ maximumBytes: 2 ** 30 });
    configureBackend({ threads: 2 });
    expect(bound()).toBe(1);
    backend().configure({ device: 'cuda', maximumBytes: 8 * 2 ** 30 });
    expect(bound()).toBe(8);
  });

  test('a device that is not there is a clear error', () => {
    configureBackend({ device: 'cuda' });
    expect(() => tf.add(tf.ones([31]), 1).dataSync()).toThrow(UserError);
    expect(() => tf.add(tf.ones([37]), 1).dataSync()).toThrow('--device cuda');
  });

  test('what has no kernel of ours is computed by cpu and counted', () => {
    const before = backendStatistics().fallbacks['Unique'] ?? 0;
    expect(values(tf.unique(tf.tensor1d([2, 2, 5])).values)).toEqual([2, 5]);
    expect(backendStatistics().fallbacks['Unique']).toBe(before + 1);
  });
});

describe('compile', () => {
  test('captured weights, several shapes, pending inputs, outputs that are inputs', () => {
    const weights = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const run = compile((x: tf.Tensor) => [tf.relu(tf.matMul(x as tf.Tensor2D, weights)), x]);
    const [product, same] = run(tf.add(tf.ones([1, 2]), 1)) as [tf.Tensor, tf.Tensor];
    expect(values(product)).toEqual([8, 12]);
    expect(values(same)).toEqual([2, 2]);
    expect((run(tf.ones([3, 2])) as tf.Tensor[])[0]?.shape).toEqual([3, 2]);
    run.dispose();
  });

  test('variables count with their values at the time of a call, at every batch size', () => {
    const scale = tf.variable(tf.tensor1d([1, 2]));
    const run = compile((x: tf.Tensor) => tf.mul(x, scale));
    const rows = (count: number): number[] => values(run(tf.ones([count, 2])));
    expect(rows(1)).toEqual([1, 2]);
    const earlier = tf.clone(scale);
    scale.assign(tf.tensor1d([5, 6]));
    expect(rows(2)).toEqual([5, 6, 5, 6]);
    expect(rows(1)).toEqual([5, 6]);
    scale.assign(earlier as tf.Tensor1D);
    expect(rows(1)).toEqual([1, 2]);
    expect(rows(3)).toEqual([1, 2, 1, 2, 1, 2]);
    const traced = backendStatistics().recordedNodes;
    expect(rows(3)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(backendStatistics().recordedNodes).toBe(traced);
    run.dispose();
  });

  test('a variable that is assigned inside keeps its value, and the call fails', () => {
    const calls = tf.variable(tf.scalar(3), true, 'calls');
    const before = tf.memory();
    const run = compile((x: tf.Tensor) => {
      calls.assign(tf.add(calls, 1));
      return tf.add(x, calls);
    });
    const input = tf.ones([1]);
    expect(() => run(input)).toThrow(UserError);
    expect(() => run(input)).toThrow('assigns the variable calls');
    input.dispose();
    expect(values(calls)).toEqual([3]);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(backend().numDataIds()).toBe(before.numDataBuffers);
  });

  test('on another backend a call says which one it was compiled for, and back on its own it works', async () => {
    const run = compile((x: tf.Tensor) => tf.add(x, 1));
    await tf.setBackend('cpu');
    const elsewhere = tf.ones([1]);
    expect(() => run(elsewhere)).toThrow(UserError);
    expect(() => run(elsewhere)).toThrow('the backend is cpu now, but what is called was compiled for onnxruntime');
    await tf.setBackend('onnxruntime');
    expect(values(run(tf.ones([1])))).toEqual([2]);
  });

  test('looking at values inside is an error, and leaves recording intact', () => {
    const run = compile((x: tf.Tensor) => tf.mul(x, (tf.sum(x).dataSync()[0] as number) + 1));
    expect(() => run(tf.ones([2]))).toThrow('compiled');
    expect(values(tf.add(tf.ones([2]), 1))).toEqual([2, 2]);
  });
});
