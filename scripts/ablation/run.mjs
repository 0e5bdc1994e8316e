/**
 * Trains and scores the rows of the ablation, and writes the table of all rows that are done.
 *
 *     npm ci && node scripts/ablation/run.mjs --data DATA --encoder V2 [--encoder-v1 V1] [--word-vectors W] --work WORK \
 *       [--rows a,b] [--seeds 3] [--photos 1000] [-- options of `looksay train caption` that all rows share]
 *
 * DATA, V2 as in scripts/train-captioner.sh. Of each row the best epoch counts; its checkpoint and log lie in
 * WORK/NAME-SEED. Stopped half-way, it goes on where it was. The table goes to benchmarks/captions-ablation.md, the
 * logs to benchmarks/captions/.
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { Random } from '../../dist/shared/random.js';
import { readSource } from '../../dist/tasks/caption/sources.js';
import { BASE, BEAM_WIDTHS, ROWS, SEEDS } from './rows.mjs';
import { tableOf } from './table.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = join(ROOT, 'dist/cli/main.js');

const argv = yargs(process.argv.slice(2))
  .options({
    data: { type: 'string', demandOption: true, describe: 'Folder with flickr8k, coco and pascal' },
    encoder: { type: 'string', demandOption: true, describe: 'MobileNet V2 1.0/224' },
    'encoder-v1': { type: 'string', describe: 'MobileNet V1 1.0/224; its row is left out without it' },
    'word-vectors': { type: 'string', describe: 'Vectors of 100 dimensions; their row is left out without them' },
    work: { type: 'string', demandOption: true, describe: 'Folder of the trainings' },
    rows: { type: 'string', describe: 'Only these, separated by commas' },
    photos: {
      type: 'number',
      describe: 'Train rows that name no number on so many photos of Flickr8k, not on all data',
    },
    table: { type: 'string', default: join(ROOT, 'benchmarks/captions-ablation.md'), describe: 'Where the table goes' },
    seeds: { type: 'number', default: SEEDS.length, describe: 'Seeds of the rows that decide a default' },
  })
  .parserConfiguration({ 'populate--': true })
  .strict()
  .parseSync();

/** What all rows share, but for what a row says otherwise. */
const SHARED = /** @type {unknown[]} */ (argv['--'] ?? []).map(String);

/** Runs looksay; its standard output. Throws with its exit code, unless that is 0 or, with some output, `tolerated`. */
function looksay(args, tolerated = 0) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.on('error', failed);
    child.on('close', (code) => {
      const output = Buffer.concat(parts).toString();
      if (code === 0 || (code === tolerated && output !== '')) done(output);
      else failed(new Error(`looksay ${args[0]}: exit code ${code}`));
    });
  });
}

const flickr = (captions, splits) =>
  `images=${argv.data}/flickr8k/images,captions=${captions}${splits ? `,splits=${argv.data}/flickr8k` : ''}`;

/** A file with `count` of Flickr8k's training photos, and its development photos. */
async function subset(count) {
  const path = join(argv.work, `flickr8k-${count}.jsonl`);
  const images = join(argv.data, 'flickr8k/images');
  const all = await readSource({
    images,
    captions: join(argv.data, 'flickr8k/Flickr8k.token.txt'),
    splits: join(argv.data, 'flickr8k'),
  });
  const train = new Random(1).shuffled(all.filter(({ split }) => split === 'train')).slice(0, count);
  const kept = [...train, ...all.filter(({ split }) => split === 'val')];
  const lines = kept.map(
    ({ image, captions, split }) => `${JSON.stringify({ image: basename(image), captions, split })}\n`,
  );
  await writeFile(path, lines.join(''));
  return ['--source', flickr(path, false)];
}

const everything = () => [
  ...['--source', flickr(`${argv.data}/flickr8k/Flickr8k.token.txt`, true)],
  ...['--source', `images=${argv.data}/coco/images,captions=${argv.data}/coco/captions_train.json`],
  ...['--source', `images=${argv.data}/pascal/images,captions=${argv.data}/pascal/captions_train.csv`],
];

/** The shared options but those that the row sets otherwise: an option may stand only once. */
function sharedBeside({ options, from }) {
  const shared = [...(from === undefined ? BASE : []), ...SHARED]; // what goes on from a checkpoint has its architecture
  const names = shared.flatMap((word, index) => (word.startsWith('--') ? [index] : []));
  const groups = names.map((start, index) => shared.slice(start, names[index + 1]));
  return groups.filter(([name]) => !options.includes(name)).flat();
}

async function train(row, seed, output) {
  const encoder = row.encoder === 'V1' ? argv.encoderV1 : argv.encoder;
  const start =
    row.from === undefined ? ['--encoder', encoder] : ['--start-from', join(argv.work, `${row.from}-${seed}`)];
  const photos = row.photos ?? argv.photos;
  const sources = photos === undefined ? everything() : await subset(photos);
  const vectors = row.vectors === true ? ['--word-vectors', argv.wordVectors] : [];
  const resume = existsSync(join(output, 'training.json')) ? ['--continue'] : [];
  const options = [
    ...start,
    ...sources,
    ...sharedBeside(row),
    ...row.options,
    ...vectors,
    '--seed',
    String(seed),
    '--output',
    output,
    ...resume,
  ];
  await looksay(['train', 'caption', ...options]);
}

/** Scores on Flickr8k's development photos, with the seconds that captioning took. */
async function score(checkpoint, beamWidth) {
  const begin = performance.now();
  const options = [
    ...['--images', `${argv.data}/flickr8k/images`, '--captions', `${argv.data}/flickr8k/Flickr8k.token.txt`],
    ...['--splits', `${argv.data}/flickr8k`, '--split', 'dev'],
    ...['--beam-width', String(beamWidth), '--distinct-ngrams', '0', '--no-mirror', '--format', 'json', '--quiet'],
  ];
  // Photos that cannot be captioned make the exit code 1: the others are scored all the same.
  const text = await looksay(['evaluate', 'caption', '--checkpoint', checkpoint, ...options], 1);
  const { photos, failed, scores, brokenEndings } = JSON.parse(text);
  if (failed > 0) console.error(`${checkpoint}: scored on ${photos} photos; ${failed} could not be captioned`);
  delete scores.perImage;
  return { beamWidth, photos, failed, brokenEndings, ...scores, seconds: (performance.now() - begin) / 1000 };
}

/** Trains and scores one row with one seed, unless that is done; its result is kept beside the checkpoint. */
async function runRow(row, seed) {
  const output = join(argv.work, `${row.name}-${seed}`);
  const resultFile = join(output, 'ablation.json');
  if (!existsSync(resultFile)) {
    console.error(`${row.name}, seed ${seed}`);
    await train(row, seed, output);
    const widths = row.name === 'lstm' && seed === SEEDS[0] ? BEAM_WIDTHS : [5];
    const scored = [];
    for (const width of widths) scored.push(await score(output, width));
    await writeFile(resultFile, `${JSON.stringify(scored, null, 2)}\n`);
  }
  const logs = join(ROOT, 'benchmarks/captions');
  await mkdir(logs, { recursive: true });
  await copyFile(join(output, 'log.jsonl'), join(logs, `${row.name}-${seed}.jsonl`));
}

async function main() {
  await mkdir(argv.work, { recursive: true });
  const asked = argv.rows?.split(',');
  for (const row of ROWS) {
    if (asked !== undefined && !asked.includes(row.name)) continue;
    if (row.encoder === 'V1' && argv.encoderV1 === undefined) continue;
    if (row.vectors === true && argv.wordVectors === undefined) continue;
    for (const seed of row.decides ? SEEDS.slice(0, argv.seeds) : SEEDS.slice(0, 1)) await runRow(row, seed);
  }
  await writeFile(
    argv.table,
    await tableOf({ work: argv.work, rows: ROWS, seeds: SEEDS, photos: argv.photos, shared: SHARED }),
  );
}

await main();
