/**
 * The training step of a language model as `looksay train text` takes it (an LSTM of 2 × 256 on 65 characters, batch 50,
 * 50 steps, AdamW): how long it takes on this backend, and on TensorFlow.js's own. `language-model-step.py` does the same
 * in PyTorch.
 *
 *     npm run build && npx tsx benchmarks/language-model-step.ts [steps] [onnxruntime|wasm] [threads]
 */
import '@tensorflow/tfjs-backend-wasm';
import '../src/shared/gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { configureBackend } from '../src/backend/index.js';
import {
  createLanguageModelParameters,
  languageModelDefaults,
  languageModelLoss,
} from '../src/models/language-model/index.js';
import { Random } from '../src/shared/random.js';
import { AdamW } from '../src/training/optimizers.js';
import { createVariables } from '../src/training/parameters.js';
import './wasm-scatter-add.js';

const BATCH = 50;
const STEPS = 50;
const config = { ...languageModelDefaults, layers: 2, hiddenSize: 256, vocabularySize: 65 };

const [count = '20', backend = 'onnxruntime', threads] = process.argv.slice(2);
await tf.setBackend(backend);
if (backend === 'onnxruntime' && threads !== undefined) configureBackend({ threads: Number(threads) });
const random = new Random(1);
const variables = createVariables(createLanguageModelParameters(config, random));
const optimizer = new AdamW(variables, { clipNorm: 5 });
const drawn = (): Int32Array => Int32Array.from({ length: STEPS * BATCH }, () => 4 + Math.floor(random.uniform() * 61));

interface StepTime {
  /** Until everything is recorded, in milliseconds. */
  readonly recording: number;
  readonly whole: number;
}

async function step(): Promise<StepTime> {
  const [inputs, labels] = [drawn(), drawn()];
  const begin = performance.now();
  const report = tf.tidy(() => {
    const tokens = tf.tensor2d(inputs, [STEPS, BATCH], 'int32');
    const targets = tf.tensor2d(labels, [STEPS, BATCH], 'int32');
    const { value, grads } = tf.variableGrads(
      () => languageModelLoss(config, variables, { tokens, targets }).loss,
      Object.values(variables),
    );
    const named = Object.entries(variables).map(([name, { name: id }]) => [name, grads[id] as tf.Tensor] as const);
    optimizer.update(Object.fromEntries(named), 2e-3);
    return value;
  });
  const recording = performance.now() - begin;
  await report.data();
  report.dispose();
  return { recording, whole: performance.now() - begin };
}

await step();
const times: StepTime[] = [];
const { user, system } = process.cpuUsage();
for (let index = 0; index < Number(count); index++) times.push(await step());
const used = process.cpuUsage({ user, system });
const sorted = (name: 'recording' | 'whole'): number[] => times.map((time) => time[name]).sort((a, b) => a - b);
const rounded = (milliseconds = NaN): number => Math.round(milliseconds * 10) / 10;
const whole = sorted('whole');
console.log(
  JSON.stringify({
    backend,
    steps: times.length,
    medianMs: rounded(whole[whole.length >> 1]),
    leastMs: rounded(whole[0]),
    // What other work on the machine does not change much.
    cpuMs: rounded((used.user + used.system) / 1000 / times.length),
    recordingMs: rounded(sorted('recording')[times.length >> 1]),
  }),
);
