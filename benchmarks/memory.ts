/**
 * 2,000 training steps of a small LSTM language model: the number of tensors must not change, and the memory of the
 * process must be flat after the first 100.
 *
 *     npm run build && npx tsx benchmarks/memory.ts [steps]
 */
import 'looksay/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { backendStatistics } from 'looksay/backend';

const steps = Number(process.argv[2] ?? 2000);
const [batch, hidden, vocabulary] = [32, 256, 1000];
await tf.setBackend('onnxruntime');
const make = (shape: number[], seed: number): tf.Variable =>
  tf.variable(tf.randomUniform(shape, -0.05, 0.05, 'float32', seed));
const table = make([vocabulary, hidden], 1);
const kernel = make([2 * hidden, 4 * hidden], 2);
const output = make([hidden, vocabulary], 3);
const optimizer = tf.train.adam(1e-3);

function step(seed: number): tf.Scalar {
  return tf.tidy(() => {
    const tokens = tf.cast(tf.randomUniform([batch, 9], 0, vocabulary, 'float32', seed), 'int32') as tf.Tensor2D;
    return optimizer.minimize(() => {
      let h: tf.Tensor2D = tf.zeros([batch, hidden]);
      let c: tf.Tensor2D = tf.zeros([batch, hidden]);
      let loss: tf.Scalar = tf.scalar(0);
      for (let time = 0; time < 8; time++) {
        const x = tf.gather(table, tf.reshape(tf.slice(tokens, [0, time], [batch, 1]), [batch])) as tf.Tensor2D;
        const [i, f, g, o] = tf.split(tf.matMul(tf.concat([x, h], 1), kernel as tf.Tensor2D), 4, 1) as tf.Tensor2D[];
        c = tf.add(tf.mul(tf.sigmoid(f as tf.Tensor), c), tf.mul(tf.sigmoid(i as tf.Tensor), tf.tanh(g as tf.Tensor)));
        h = tf.mul(tf.sigmoid(o as tf.Tensor), tf.tanh(c));
        const label = tf.reshape(tf.slice(tokens, [0, time + 1], [batch, 1]), [batch]);
        const logits = tf.logSoftmax(tf.matMul(h, output as tf.Tensor2D));
        const picked = tf.sum(tf.mul(tf.oneHot(label, vocabulary), logits));
        loss = tf.sub(loss, picked);
      }
      return loss;
    }, true) as tf.Scalar;
  });
}

const memory: number[] = [];
const tensors = new Set<number>();
for (let count = 1; count <= steps; count++) {
  const loss = step(count);
  await loss.data();
  loss.dispose();
  if (count % 100 === 0) {
    memory.push(Math.round(process.memoryUsage().rss / 2 ** 20));
    tensors.add(tf.memory().numTensors);
  }
}
const { flushes, sessionsCreated, cacheHits, fallbacks } = backendStatistics();
console.log(
  JSON.stringify({
    steps,
    tensorCounts: [...tensors],
    megabytes: memory,
    flushes,
    sessionsCreated,
    cacheHits,
    fallbacks,
  }),
);
