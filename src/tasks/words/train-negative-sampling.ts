/**
 * Trains word vectors by negative sampling, in threads. After each epoch, and when it is interrupted, the checkpoint is
 * written: it holds both tables and how far the training came, which is all that going on takes.
 */
import { join } from 'node:path';
import { isObject } from '../../shared/fields.js';
import {
  createMemory,
  createNoiseTable,
  createWord2VecParameters,
  jobsPerEpoch,
  keepThresholds,
  layOut,
  learningRateOf,
  type NegativeSamplingRecipe,
  readTable,
  rowsAtOnce,
  type SharedTraining,
  TrainingThreads,
  wordsBefore,
  writeTable,
} from '../../models/word2vec/index.js';
import { writeFileAtomically } from '../../shared/files.js';
import { note } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { Random } from '../../shared/random.js';
import { isCount, requireNumber, requireObject } from '../../training/json-files.js';
import type { HostTensor } from '../../training/safetensors.js';
import { explainWriteErrors } from '../../training/system-errors.js';
import { requireSameSettings } from '../../training/training-checkpoint.js';
import type { WordCorpus } from './corpus.js';
import { loadWordModel, saveWordModel } from './model.js';
import { describeWords } from './model-card.js';
import type { NegativeSamplingWordsRecipe } from './recipe.js';
import { LOG_FILE, saveSettings } from '../training-folder.js';
import type { WordsEpochRecord, WordsOutcome, WordsRun } from './run.js';

/** Beside the weights: how far the training came. */
const PROGRESS_FILE = 'progress.json';

/** Words that a thread takes at a time. */
const WORDS_PER_JOB = 10_000;

type Run = WordsRun<NegativeSamplingWordsRecipe>;

interface Progress {
  /** The first job that is not done, counted over all epochs. */
  readonly nextJob: number;
  readonly history: readonly WordsEpochRecord[];
}

interface Start extends Progress {
  readonly input: HostTensor;
  readonly output: HostTensor;
}

export async function trainNegativeSampling(run: Run): Promise<WordsOutcome> {
  const { start, training } = await prepare(run);
  const threads = new TrainingThreads(training);
  try {
    return await runEpochs(run, training, threads, start);
  } finally {
    await threads.close();
  }
}

async function startOf({ options, config, settings }: Run): Promise<Start> {
  if (options.resume !== true) {
    return { nextJob: 0, history: [], ...createWord2VecParameters(config, new Random(options.seed)) };
  }
  const { model, extras } = await loadWordModel(options.output);
  const where = `${options.output}/${PROGRESS_FILE}`;
  const saved = requireObject(where, extras[PROGRESS_FILE]);
  requireSameSettings(options.output, requireObject(`${where}: settings`, saved['settings']), settings);
  const history = Array.isArray(saved['history']) ? saved['history'].filter(isObject) : [];
  const nextJob = requireNumber(where, saved, 'nextJob', isCount);
  return { nextJob, history: history as unknown as WordsEpochRecord[], input: model.input, output: model.output };
}

/** Throws UserError when the tables are too large, before they are made. */
async function prepare(run: Run): Promise<{ readonly start: Start; readonly training: SharedTraining }> {
  const { options, corpus, config } = run;
  const { architecture, seed, threads } = options;
  const { window, negatives, learningRate, minimumLearningRate, epochs, subsample } = options.recipe;
  const rates = { learningRate, minimumLearningRate };
  const recipe: NegativeSamplingRecipe = { architecture, window, negatives, ...rates, epochs, seed };
  const layout = layOut({ ...config, rowsAtOnce: rowsAtOnce(recipe), threads });
  const start = await startOf(run);
  const memory = createMemory(layout);
  writeTable(memory, layout, layout.inputAt, start.input);
  writeTable(memory, layout, layout.outputAt, start.output);
  const text = {
    tokens: corpus.tokens,
    sentenceStarts: corpus.sentenceStarts,
    jobStarts: cutIntoJobs(corpus),
    noise: createNoiseTable(corpus.counts),
    keepThresholds: keepThresholds(corpus.counts, subsample),
  };
  return { start, training: { recipe, text, layout, memory } };
}

/** The first sentence of each job, and the end of the last. */
function cutIntoJobs({ sentenceStarts }: WordCorpus): Uint32Array {
  const sentences = sentenceStarts.length - 1;
  const starts = [0];
  let begin = 0;
  for (let sentence = 1; sentence < sentences; sentence++) {
    const at = sentenceStarts[sentence] as number;
    if (at - begin < WORDS_PER_JOB) continue;
    starts.push(sentence);
    begin = at;
  }
  starts.push(sentences);
  const shared = new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT * starts.length));
  shared.set(starts);
  return shared;
}

async function runEpochs(
  run: Run,
  training: SharedTraining,
  threads: TrainingThreads,
  start: Progress,
): Promise<WordsOutcome> {
  const { epochs } = run.options.recipe;
  const { stopAfter = epochs } = run.options;
  const jobs = jobsPerEpoch(training.text);
  let { nextJob, history } = start;
  const firstWord = wordsBefore(training.text, nextJob);
  let seconds = 0;
  while (nextJob < Math.min(epochs, stopAfter) * jobs && run.options.signal?.aborted !== true) {
    const epoch = Math.floor(nextJob / jobs) + 1;
    const begin = performance.now();
    const until = await runEpoch(run, training, threads, { nextJob, epoch });
    const spent = (performance.now() - begin) / 1000;
    seconds += spent;
    const words = wordsBefore(training.text, until) - wordsBefore(training.text, nextJob);
    const learningRate = learningRateOf(training, until);
    const record = { epoch, words, seconds: spent, wordsPerSecond: words / spent, learningRate };
    const isDone = until === epoch * jobs;
    if (isDone) {
      history = [...history, record];
      note(`epoch ${epoch} of ${epochs}: ${rateOf(words, spent)}`);
    }
    nextJob = until;
    await save(run, training, { nextJob, history });
    if (isDone) run.options.onEpoch?.(record);
  }
  return {
    ending: nextJob === epochs * jobs ? 'completed' : 'interrupted',
    epochs: Math.floor(nextJob / jobs),
    wordsPerSecond: seconds === 0 ? 0 : (wordsBefore(training.text, nextJob) - firstWord) / seconds,
  };
}

const rateOf = (words: number, seconds: number): string =>
  `${Math.round(words / seconds).toLocaleString('en')} words/s`;

/** Runs the jobs that are left of the epoch; returns the first that is not done. */
async function runEpoch(
  { options }: Run,
  { text }: SharedTraining,
  threads: TrainingThreads,
  { nextJob, epoch }: { readonly nextJob: number; readonly epoch: number },
): Promise<number> {
  const until = epoch * jobsPerEpoch(text);
  const first = wordsBefore(text, nextJob);
  const progress = startProgress(`epoch ${epoch}/${options.recipe.epochs}`, wordsBefore(text, until) - first);
  const begin = performance.now();
  let shown = 0;
  try {
    return await threads.run({
      from: nextJob,
      until,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onProgress(job) {
        const words = wordsBefore(text, job) - first;
        progress.advance(words - shown, rateOf(words, (performance.now() - begin) / 1000));
        shown = words;
      },
    });
  } finally {
    progress.stop();
  }
}

async function save(run: Run, { memory, layout }: SharedTraining, { nextJob, history }: Progress): Promise<void> {
  const { options, corpus, config, settings } = run;
  const model = {
    config,
    words: corpus.words,
    counts: corpus.counts,
    input: readTable(memory, layout, layout.inputAt),
    output: readTable(memory, layout, layout.outputAt),
  };
  await saveWordModel(options.output, model, {
    modelCard: describeWords(run, history.length),
    extras: { [PROGRESS_FILE]: { nextJob, history, settings } },
  });
  await saveSettings(options.output, run.settings);
  const path = join(options.output, LOG_FILE);
  const log = history.map((line) => `${JSON.stringify(line)}\n`).join('');
  await explainWriteErrors(path, () => writeFileAtomically(path, log));
}
