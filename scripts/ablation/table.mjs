/** The table of the ablation, from what the trainings left. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors } from '../../dist/training/safetensors.js';

const HEAD = [
  ...['row', 'what', 'seed', 'beam', 'BLEU-1', 'BLEU-4', 'ROUGE-L', 'CIDEr-D', 'distinct', 'broken endings'],
  ...['weights', 'epochs', 'training minutes', 'photos/s'],
];

const line = (cells) => `| ${cells.join(' | ')} |\n`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Weights of encoder and captioner together. */
async function countWeights(folder) {
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  return [...tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
}

async function rowsOf(folder, row, seed) {
  const results = JSON.parse(await readFile(join(folder, 'ablation.json'), 'utf8'));
  const log = (await readFile(join(folder, 'log.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  const minutes = log.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0) / 60;
  const weights = await countWeights(folder);
  const options = [...(row.from === undefined ? [] : [`from ${row.from}`]), ...row.options].join(' ') || 'as it is';
  return results.map((scores) =>
    line([
      ...[row.name, `${row.group}: \`${options}\``, seed, scores.beamWidth],
      ...[scores.bleu1, scores.bleu4, scores.rougeL, scores.ciderD].map((value) => value.toFixed(4)),
      ...[scores.distinctCaptions, percent(scores.brokenEndings), weights.toLocaleString('en'), log.length],
      ...[minutes.toFixed(1), (scores.photos / scores.seconds).toFixed(0)],
    ]),
  );
}

/** Markdown with every row whose training and scoring are done. */
export async function tableOf({ work, rows, seeds, photos, shared }) {
  const lines = [];
  for (const row of rows) {
    for (const seed of seeds) {
      const folder = join(work, `${row.name}-${seed}`);
      if (existsSync(join(folder, 'ablation.json'))) lines.push(...(await rowsOf(folder, row, seed)));
    }
  }
  const data =
    photos === undefined
      ? "Flickr8k's, COCO's and PASCAL's training parts"
      : `${photos} of Flickr8k's training photos where a row names no number`;
  return `# What each part of the captioner gains

Scores on Flickr8k's 1,000 development photos, made by \`scripts/ablation/run.mjs\`. Trained on ${data},
by \`looksay train caption ${shared.join(' ')}\` and what the row says. Each row trained to its own early stop; its log is in
\`benchmarks/captions/\`. Photos/s is of the whole evaluation, start included, on the machine that trained.

${line(HEAD)}${line(HEAD.map(() => '---'))}${lines.join('')}`;
}
