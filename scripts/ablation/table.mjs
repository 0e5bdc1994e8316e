/** The table of the ablation, from what the trainings left. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE } from './rows.mjs';
import { readSafetensors } from '../../dist/training/safetensors.js';

const HEAD = [
  ...['row', 'what', 'seed', 'beam', 'BLEU-1', 'BLEU-4', 'ROUGE-L', 'CIDEr-D', 'distinct', 'broken endings'],
  ...['weights', 'epochs', 'training minutes', 'photos/s'],
];

const line = (cells) => `| ${cells.join(' | ')} |\n`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** The photos that a training had: fewer than the row asks for where the set has no more. */
async function trainingPhotos(folder) {
  return JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')).photos.train;
}

/** Weights of encoder and captioner together. */
async function countWeights(folder) {
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  return [...tensors.values()].reduce((sum, { values }) => sum + values.length, 0);
}

async function readLog(folder) {
  const text = await readFile(join(folder, 'log.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((epoch) => JSON.parse(epoch));
}

async function rowsOf({ folder, seed, results }, row) {
  const log = await readLog(folder);
  const minutes = log.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0) / 60;
  const weights = await countWeights(folder);
  const differs = [
    ...(row.photos === undefined ? [] : [`${(await trainingPhotos(folder)).toLocaleString('en')} photos`]),
    ...(row.encoder === 'V1' ? ['--encoder MOBILENET-V1'] : []),
    ...(row.vectors === true ? ['--word-vectors IMDB'] : []),
    ...(row.from === undefined ? [] : [`--start-from ${row.from}`]),
  ];
  const options = [...differs, ...row.options].join(' ') || 'as it is';
  const before = row.from === undefined ? [] : [(await readLog(join(folder, '..', `${row.from}-${seed}`))).length];
  const epochs = [...before, log.length].join(' + ');
  return results.map((scores) =>
    line([
      ...[row.name, `${row.group}: \`${options}\``, seed, scores.beamWidth],
      ...[scores.bleu1, scores.bleu4, scores.rougeL, scores.ciderD].map((value) => value.toFixed(4)),
      ...[scores.distinctCaptions, percent(scores.brokenEndings), weights.toLocaleString('en'), epochs],
      ...[minutes.toFixed(1), (scores.photos / scores.seconds).toFixed(0)],
    ]),
  );
}

/** How many of the trainings were best in their last epoch. */
async function bestAtTheEnd(folders) {
  const logs = await Promise.all(folders.map(readLog));
  return logs.filter((log) => log.at(-1).best).length;
}

/** CIDEr-D at beam width 5 of a row that was trained with several seeds: its mean, least and most. */
function summaryOf(trainings, row) {
  if (trainings.length < 2) return [];
  const scores = trainings.map(({ results }) => results.find(({ beamWidth }) => beamWidth === 5).ciderD);
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const numbers = [mean, Math.min(...scores), Math.max(...scores)].map((value) => value.toFixed(4));
  return [line([row.name, scores.length, ...numbers])];
}

/** The most photos that a scoring had to leave out, in words; '' when none did. */
function leftOut(results) {
  const most = Math.max(0, ...results.map(({ failed = 0 }) => failed));
  return most === 0 ? '' : ` (but for at most ${most}, which could not be captioned)`;
}

/** Markdown with every row whose training and scoring are done. */
export async function tableOf({ work, rows, seeds, photos, shared }) {
  const lines = [];
  const summary = [];
  const folders = [];
  const scorings = [];
  for (const row of rows) {
    const trainings = [];
    for (const seed of seeds) {
      const folder = join(work, `${row.name}-${seed}`);
      const file = join(folder, 'ablation.json');
      if (existsSync(file)) trainings.push({ folder, seed, results: JSON.parse(await readFile(file, 'utf8')) });
    }
    for (const training of trainings) lines.push(...(await rowsOf(training, row)));
    summary.push(...summaryOf(trainings, row));
    folders.push(...trainings.map(({ folder }) => folder));
    scorings.push(...trainings.flatMap(({ results }) => results));
  }
  const data =
    photos === undefined
      ? "Flickr8k's, COCO's and PASCAL's training parts"
      : `${photos} of Flickr8k's training photos where a row names no number`;
  return `# What each part of the captioner gains

Scores on Flickr8k's 1,000 development photos${leftOut(scorings)}, made by \`scripts/ablation/run.mjs\` (\`--distinct-ngrams 0 --no-mirror\`). Trained on ${data},
by \`looksay train caption ${[...BASE, ...shared].join(' ')}\` and what the row says, which wins where it names the same option.
Of each training the best epoch counts. In ${await bestAtTheEnd(folders)} of ${folders.length} trainings that is the last: these had not converged, and more photos also mean more steps.
"10 + 10": after the epochs of the row that it goes on from. The logs are in \`benchmarks/captions/\`. Minutes and photos/s (of the whole evaluation, start included) are of the machine that trained, with whatever else ran on it.

${line(HEAD)}${line(HEAD.map(() => '---'))}${lines.join('')}
Rows of several seeds, CIDEr-D at beam width 5:

${line(['row', 'seeds', 'mean', 'least', 'most'])}${line(Array(5).fill('---'))}${summary.join('')}`;
}
