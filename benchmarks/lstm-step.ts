/**
 * The training step of an LSTM decoder (batch 64, 16 steps, hidden 512, embedding 256, vocabulary 3,000, Adam): how long
 * a step takes, and how much of it is the host's recording, hashing and feeding.
 *
 *     npm run build && npx tsx benchmarks/lstm-step.ts [steps] [onnxruntime|wasm]
 */
import '@tensorflow/tfjs-backend-wasm';
import 'looksay/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { backendStatistics } from 'looksay/backend';
import './wasm-scatter-add.js';

const BATCH = 64;
const STEPS = 16;
const HIDDEN = 512;
const EMBEDDING = 256;
const VOCABULARY = 3000;

interface Weights {
  readonly [name: string]: tf.Variable;
}

function weights(): Weights {
  const make = (shape: number[], seed: number): tf.Variable =>
    tf.variable(tf.randomUniform(shape, -0.05, 0.05, 'float32', seed));
  return {
    embedding: make([VOCABULARY, EMBEDDING], 1),
    kernel: make([EMBEDDING + HIDDEN, 4 * HIDDEN], 2),
    bias: make([4 * HIDDEN], 3),
    output: make([HIDDEN, VOCABULARY], 4),
    outputBias: make([VOCABULARY], 5),
  };
}

function loss(w: Weights, tokens: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const embedded = tf.gather(w.embedding as tf.Tensor, tokens); // [batch, time, embedding]
  const inputs = tf.unstack(embedded, 1);
  let h: tf.Tensor = tf.zeros([BATCH, HIDDEN]);
  let c: tf.Tensor = tf.zeros([BATCH, HIDDEN]);
  const outputs: tf.Tensor[] = [];
  for (const x of inputs) {
    const gates = tf.add(tf.matMul(tf.concat([x, h], 1), w.kernel as tf.Tensor2D), w.bias as tf.Tensor);
    const [i, g, f, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    outputs.push(h);
  }
  const states = tf.concat(outputs, 0) as tf.Tensor2D; // [time·batch, hidden]
  const logits = tf.add(tf.matMul(states, w.output as tf.Tensor2D), w.outputBias as tf.Tensor);
  const flat = tf.reshape(logits, [-1]);
  const picked = tf.gather(
    flat,
    tf.add(tf.mul(tf.range(0, BATCH * STEPS, 1, 'int32'), tf.scalar(VOCABULARY, 'int32')), labels),
  );
  return tf.mean(tf.sub(tf.logSumExp(logits, 1), picked)) as tf.Scalar;
}

const steps = Number(process.argv[2] ?? 20);
const backend = process.argv[3] ?? 'onnxruntime';
await tf.setBackend(backend);
const w = weights();
const optimizer = tf.train.adam(1e-3);
const tokens = tf.cast(tf.randomUniform([BATCH, STEPS], 0, VOCABULARY, 'float32', 6), 'int32') as tf.Tensor2D;
const labels = tf.cast(tf.randomUniform([BATCH * STEPS], 0, VOCABULARY, 'float32', 7), 'int32') as tf.Tensor1D;
const times: number[] = [];
const hosts: number[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  const value = tf.tidy(() => optimizer.minimize(() => loss(w, tokens, labels), true) as tf.Scalar);
  hosts.push(performance.now() - start);
  const [number] = await value.data();
  times.push(performance.now() - start);
  value.dispose();
  if (step < 3 || step === steps - 1)
    console.error(
      `step ${step} loss ${number} ${times.at(-1)?.toFixed(1)} ms, recording ${hosts.at(-1)?.toFixed(1)} ms`,
    );
}
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] as number;
console.log(
  JSON.stringify({
    backend,
    median: median(times),
    recording: median(hosts),
    ...(backend === 'onnxruntime' ? backendStatistics() : {}),
  }),
);
