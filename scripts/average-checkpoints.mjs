/**
 * Averages the weights of captioners that descend from one another (Wortsman et al. 2022, "model soups"):
 *
 *     node scripts/average-checkpoints.mjs OUTPUT CHECKPOINT CHECKPOINT...
 *
 * Configuration, vocabulary and model card are those of the last one, with a line about the average.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCaptionModel, saveCaptionModel } from '../dist/tasks/caption/model.js';
import { averageWeights } from '../dist/training/averaging.js';

const [output, ...folders] = process.argv.slice(2);
if (output === undefined || folders.length < 2) {
  console.error('usage: average-checkpoints.mjs OUTPUT CHECKPOINT CHECKPOINT...');
  process.exit(2);
}
const models = await Promise.all(folders.map(loadCaptionModel));
const card = await readFile(join(folders.at(-1), 'README.md'), 'utf8');
await saveCaptionModel(
  output,
  {
    ...models.at(-1),
    encoder: averageWeights(models.map(({ encoder }) => encoder)),
    captioner: averageWeights(models.map(({ captioner }) => captioner)),
  },
  {
    modelCard: `${card}\nThe weights are the average of ${folders.length} checkpoints of one descent.\n`,
    precision: 'F16',
  },
);
