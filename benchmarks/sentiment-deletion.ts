/**
 * Do a classifier's contributions of words mean something? Of 200 reviews that were held out: how often does removing the
 * three words that contribute most lower the probability of the class more than removing three random ones?
 *
 *     npm run build && npx tsx benchmarks/sentiment-deletion.ts CHECKPOINT DATA.csv [reviews] [words] [seed] [threads]
 */
import * as tf from '@tensorflow/tfjs-core';
import { configureBackend } from 'looksay/backend';
import { readLabelledTexts } from '../dist/datasets/texts/index.js';
import { wilsonInterval } from '../dist/metrics/classification.js';
import { Random } from '../dist/shared/random.js';
import { splitItems } from '../dist/tasks/held-out.js';
import { testDeletion } from '../dist/tasks/sentiment/explain.js';
import { loadSentimentModel } from '../dist/tasks/sentiment/model.js';
import { createHead } from '../dist/tasks/sentiment/predict.js';
import { readTokens } from '../dist/tasks/sentiment/tokens.js';

const [checkpoint = 'checkpoints/sentiment', data = '', reviews = '200', words = '3', seed = '1', threads = '2'] =
  process.argv.slice(2);
await tf.setBackend('onnxruntime');
configureBackend({ device: 'cpu', threads: Number(threads) });
const model = await loadSentimentModel(checkpoint);
const { texts } = await readLabelledTexts({ path: data });
const { split } = model.config;
const heldOut = split.kind === 'none' ? texts : splitItems(texts, split).heldOut;
const random = new Random(Number(seed));
const chosen = random
  .shuffled(heldOut)
  .filter(({ text }) => readTokens(text, model.config).tokens.length > 2 * Number(words))
  .slice(0, Number(reviews));
const head = createHead(model);
let lower = 0;
let [falls, randomFalls] = [0, 0];
for (const { text } of chosen) {
  const result = await testDeletion(model, head.classify, text, { words: Number(words), random });
  if (result.withoutStrongest < result.withoutRandom) lower++;
  falls += (result.probability - result.withoutStrongest) / chosen.length;
  randomFalls += (result.probability - result.withoutRandom) / chosen.length;
}
head.dispose();
console.log(
  JSON.stringify({
    reviews: chosen.length,
    words: Number(words),
    seed: Number(seed),
    share: lower / chosen.length,
    interval: wilsonInterval(lower, chosen.length).map((value) => Number(value.toFixed(3))),
    meanFall: Number(falls.toFixed(4)),
    meanFallOfRandom: Number(randomFalls.toFixed(4)),
  }),
);
