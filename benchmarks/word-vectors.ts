/**
 * looksay's word vectors beside gensim's, in one run, on the same words: training speed, analogies, and whether cats and
 * dogs are near each other. Both take the text as looksay splits it, and the same settings; speed is words of the
 * vocabulary a second while training. gensim comes from PyPI (`python -m venv V && V/bin/pip install gensim`).
 *
 *     npm run build && npx tsx benchmarks/word-vectors.ts --python V/bin/python --analogies questions-words.txt \
 *       --text train.csv#text --text unlabelled.txt --output benchmarks/word-vectors.md
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type CorpusSource, readTexts } from '../src/text/corpus.js';
import { tokenize } from '../src/text/tokenizer.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    text: { type: 'string', multiple: true, default: [] },
    analogies: { type: 'string', default: '' },
    limit: { type: 'string', default: 'Infinity' },
    epochs: { type: 'string', default: '5' },
    dimension: { type: 'string', default: '100' },
    threads: { type: 'string', default: '1' },
    output: { type: 'string' },
  },
});

const LOOKSAY = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const GENSIM = fileURLToPath(new URL('word-vectors.py', import.meta.url));
const ARCHITECTURES = ['skip-gram', 'cbow'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

const settings = {
  dimension: Number(values.dimension),
  epochs: Number(values.epochs),
  threads: Number(values.threads),
  window: 5,
  minimumCount: 5,
  negatives: 5,
  subsample: 1e-3,
  seed: 1,
};

function run(command: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exited with ${status}`);
  return stdout;
}

const looksay = (...args: string[]): string => run(process.execPath, [LOOKSAY, ...args]);
const lastJson = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1) as string);

interface Trained {
  readonly wordsPerSecond: number;
  readonly vocabulary: number;
  readonly version?: string;
}

function trainLooksay(text: string, architecture: Architecture, folder: string): Trained & { vectors: string } {
  const vectors = join(folder, `looksay-${architecture}.bin`);
  const options = {
    text,
    output: join(folder, architecture),
    architecture,
    export: vectors,
    'embedding-size': settings.dimension,
    epochs: settings.epochs,
    threads: settings.threads,
    window: settings.window,
    'min-count': settings.minimumCount,
    negatives: settings.negatives,
    subsample: settings.subsample,
    seed: settings.seed,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { ...(lastJson(looksay('train', 'words', ...args)) as Trained), vectors };
}

function trainGensim(text: string, architecture: Architecture, folder: string): Trained & { vectors: string } {
  const vectors = join(folder, `gensim-${architecture}.bin`);
  const request = JSON.stringify({ ...settings, text, architecture, output: vectors });
  return { ...(lastJson(run(values.python, [GENSIM, 'train', request])) as Trained), vectors };
}

interface Judged {
  /** By `looksay words evaluate`, in percent. */
  readonly accuracy: number;
  /** By gensim's own evaluation, in percent. */
  readonly byGensim: number;
  readonly answered: number;
  /** Place of dog among the words nearest to cat, and the other way round. */
  readonly ranks: readonly [number, number];
}

function judge(vectors: string): Judged {
  const scores = lastJson(
    looksay('words', 'evaluate', '--vectors', vectors, '--analogies', values.analogies, '--format', 'json'),
  ) as { analogies: { total: { accuracy: number; answered: number } }[] };
  const { accuracy = NaN, answered = 0 } = scores.analogies[0]?.total ?? {};
  const own = lastJson(run(values.python, [GENSIM, 'evaluate', vectors, values.analogies])) as { accuracy: number };
  const rankOf = (word: string, other: string): number => {
    const { neighbours } = lastJson(
      looksay('words', 'similar', word, '--vectors', vectors, '--count', '1000', '--format', 'jsonl'),
    ) as { neighbours: { word: string }[] };
    return neighbours.findIndex((neighbour) => neighbour.word === other) + 1;
  };
  const ranks = [rankOf('cat', 'dog'), rankOf('dog', 'cat')] as const;
  return { accuracy: 100 * accuracy, byGensim: 100 * own.accuracy, answered, ranks };
}

/** Writes the texts, split into words, a line each; returns how many words they have. */
async function writeWords(path: string): Promise<number> {
  const file = createWriteStream(path);
  let left = Number(values.limit);
  let words = 0;
  for (const text of values.text) {
    const [source = '', column] = text.split('#');
    const corpus: CorpusSource = { path: source, ...(column === undefined ? {} : { column }) };
    for await (const line of readTexts(corpus)) {
      if (left-- <= 0) break;
      const tokens = tokenize(line);
      words += tokens.length;
      file.write(`${tokens.join(' ')}\n`);
    }
  }
  await finished(file.end());
  return words;
}

function rowOf(name: string, { wordsPerSecond }: Trained, { accuracy, byGensim, answered, ranks }: Judged): string {
  const speed = `${Math.round(wordsPerSecond / 1000).toLocaleString('en')},000`;
  const near = ranks.map((rank) => (rank === 0 ? '> 1000' : rank)).join(' / ');
  return `| ${name} | ${speed} | ${accuracy.toFixed(2)} % of ${answered} | ${byGensim.toFixed(2)} % | ${near} |`;
}

const folder = mkdtempSync(join(tmpdir(), 'looksay-word-vectors-'));
try {
  const text = join(folder, 'words.txt');
  const words = await writeWords(text);
  const rows: string[] = [];
  const ratios: string[] = [];
  let version = '';
  let vocabulary = 0;
  for (const architecture of ARCHITECTURES) {
    const ours = trainLooksay(text, architecture, folder);
    const theirs = trainGensim(text, architecture, folder);
    version = theirs.version ?? '';
    vocabulary = ours.vocabulary;
    rows.push(rowOf(`looksay, ${architecture}`, ours, judge(ours.vectors)));
    rows.push(rowOf(`gensim, ${architecture}`, theirs, judge(theirs.vectors)));
    ratios.push(`${architecture} ${(ours.wordsPerSecond / theirs.wordsPerSecond).toFixed(2)} ×`);
  }
  const { dimension, epochs, threads, window, negatives, subsample, minimumCount, seed } = settings;
  const table = `# Word vectors beside gensim's

${words.toLocaleString('en')} words (${vocabulary.toLocaleString('en')} different ones that occur ${minimumCount} times or more), ${dimension} dimensions, ${epochs} epochs, window ${window}, ${negatives} negatives, subsampling ${subsample}, ${threads} thread${threads === 1 ? '' : 's'}, seed ${seed}; gensim ${version}. On ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}.

| | words/s | analogies | by gensim's own evaluation | place of dog near cat / cat near dog |
|---|---|---|---|---|
${rows.join('\n')}

Speed as a multiple of gensim's: ${ratios.join(', ')}. Made by \`benchmarks/word-vectors.ts\`.
`;
  process.stdout.write(table);
  if (values.output !== undefined) writeFileSync(values.output, table);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
