/**
 * Judges the lines of a file as a user would, loading included and left out, and reports reviews a second and the memory that
 * the process took at most.
 *
 *     npm run build && npx tsx benchmarks/sentiment-speed.ts CHECKPOINT LINES.txt [reviews] [threads]
 */
import { createReadStream } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { configureBackend } from 'looksay/backend';
import { loadSentimentClassifier } from '../dist/tasks/sentiment/predict.js';

const [checkpoint = 'checkpoints/sentiment', file = '', reviews = '5000', threads = '2'] = process.argv.slice(2);
await tf.setBackend('onnxruntime');
configureBackend({ device: 'cpu', threads: Number(threads) });
const start = performance.now();
const classifier = await loadSentimentClassifier(checkpoint);
let [count, first, characters] = [0, 0, 0];
for await (const result of classifier.classifyLines(createReadStream(file))) {
  if (first === 0) first = performance.now();
  if ('text' in result) characters += result.text.length;
  if (++count === Number(reviews)) break;
}
const end = performance.now();
classifier.dispose();
console.log(
  JSON.stringify({
    reviews: count,
    meanCharacters: Math.round(characters / count),
    threads: Number(threads),
    reviewsPerSecond: Math.round((1000 * count) / (end - start)),
    firstGroupSeconds: Number(((first - start) / 1000).toFixed(2)),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
