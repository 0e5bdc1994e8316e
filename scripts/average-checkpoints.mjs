/**
 * Averages the weights of checkpoints that descend from one another (Wortsman et al. 2022, "model soups"), of captioners or
 * of video classifiers:
 *
 *     node scripts/average-checkpoints.mjs OUTPUT CHECKPOINT CHECKPOINT...
 *
 * CHECKPOINT@last is how a training of video classifiers ended, where CHECKPOINT is its best epoch. Configuration and model
 * card are those of the last one, with a line about the average.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCaptionModel, saveCaptionModel } from '../dist/tasks/caption/model.js';
import { loadVideoModel, saveVideoModel } from '../dist/tasks/video/model.js';
import { averageWeights } from '../dist/training/averaging.js';
import { readSafetensors } from '../dist/training/safetensors.js';

const LAST = '@last';
const folderOf = (name) => (name.endsWith(LAST) ? name.slice(0, -LAST.length) : name);

/** How models of each task are read and written, and the parts of one that have weights. */
const TASKS = {
  captioner: { load: loadCaptionModel, save: saveCaptionModel, parts: ['encoder', 'captioner'] },
  'video-classifier': { load: loadVideoModel, save: saveVideoModel, parts: ['encoder', 'classifier'] },
};

/** The weights under `prefix` that a stopped or ended training left; those that it does not train stay as they are. */
async function lastWeights(folder, part, weights) {
  const { tensors } = await readSafetensors(join(folder, 'training.safetensors'));
  const prefix = `averages/${part}/`;
  const trained = [...tensors].filter(([name]) => name.startsWith(prefix));
  return { ...weights, ...Object.fromEntries(trained.map(([name, tensor]) => [name.slice(prefix.length), tensor])) };
}

async function read(name, { load, parts }) {
  const folder = folderOf(name);
  const model = await load(folder);
  if (folder === name) return model;
  const weights = await Promise.all(parts.map((part) => lastWeights(folder, part, model[part])));
  return { ...model, ...Object.fromEntries(parts.map((part, index) => [part, weights[index]])) };
}

const [output, ...names] = process.argv.slice(2);
if (output === undefined || names.length < 2) {
  console.error('usage: average-checkpoints.mjs OUTPUT CHECKPOINT CHECKPOINT...');
  process.exit(2);
}
const last = folderOf(names.at(-1));
const { task } = JSON.parse(await readFile(join(last, 'config.json'), 'utf8'));
const kind = TASKS[task];
if (kind === undefined) throw new Error(`${last}: expected one of ${Object.keys(TASKS).join(', ')}, found ${task}`);
const models = await Promise.all(names.map((name) => read(name, kind)));
const averages = kind.parts.map((part) => [part, averageWeights(models.map((model) => model[part]))]);
const card = await readFile(join(last, 'README.md'), 'utf8');
await kind.save(
  output,
  // What is expected of photos goes with one encoder: scripts/expected-words.mjs learns it for the average.
  { ...models.at(-1), ...Object.fromEntries(averages), expectedWords: undefined },
  {
    modelCard: `${card}\nThe weights are the average of ${names.length} checkpoints of one descent.\n`,
    precision: 'F16',
  },
);
