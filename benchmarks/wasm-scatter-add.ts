/** TensorFlow.js's wasm backend lacks the scatter-add that an embedding's gradient needs: this gives it one. */
import * as tf from '@tensorflow/tfjs-core';

tf.registerKernel({
  kernelName: tf.UnsortedSegmentSum,
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
    const { numSegments } = attrs as unknown as { numSegments: number };
    const memory = backend as tf.KernelBackend;
    const values = memory.readSync(x.dataId) as Float32Array;
    const ids = memory.readSync(segmentIds.dataId) as Int32Array;
    const width = values.length / ids.length;
    const sums = new Float32Array(numSegments * width);
    ids.forEach((id, row) => {
      for (let column = 0; column < width; column++) {
        sums[id * width + column] = (sums[id * width + column] as number) + (values[row * width + column] as number);
      }
    });
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    return { dataId: memory.write(sums, shape, 'float32') as tf.DataId, shape, dtype: 'float32' };
  },
});
