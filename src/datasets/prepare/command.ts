/**
 * The command line of `scripts/prepare-data.mjs`. The summary goes to stdout as JSON and to stderr as text; exit codes as
 * everywhere: 0 done, 1 something failed, 2 wrong usage, 130 stopped.
 */
import { parseArgs } from 'node:util';
import { messageOf, UserError } from '../../shared/errors.js';
import { note, setQuiet } from '../../shared/log.js';
import { describePreparation, type Preparation, prepareDataset, type PrepareOptions, RECIPES } from './index.js';

const INTERRUPTED = 130;

const OPTIONS = {
  output: { type: 'string' },
  train: { type: 'string' },
  val: { type: 'string' },
  test: { type: 'string' },
  resplit: { type: 'boolean' },
  seed: { type: 'string' },
  categories: { type: 'string' },
  captions: { type: 'string' },
  column: { type: 'string' },
  split: { type: 'string' },
  classes: { type: 'string' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

const HELP = `usage: prepare-data.mjs SET SOURCE... --output FOLDER [options]

Sources are archives (zip, tar, tar.gz), folders of what was in them, or single files, in any order.
The same command goes on where a run was stopped.

sets and their sources:
${RECIPES.map(({ name, sources, options }) => `  ${name.padEnd(10)} ${sources}${optionsOf(options)}`).join('\n')}

  --train, --val, --test N   at most so many photos of each part, drawn by --seed N (default 1)
  --resplit                  draw the parts anew instead of taking the publisher's
  --categories A,B           only photos that show one of these (COCO's categories and supercategories)
  --captions NAME            the captions file, where there are several
  --column NAME              the column with the texts
  --split 1|2|3              which of the official splits
  --classes A,B              only these classes
  --quiet                    no progress and no notes on stderr
`;

function optionsOf(options: readonly string[]): string {
  return options.length === 0 ? '' : `\n             options: ${options.map((option) => `--${option}`).join(' ')}`;
}

/** Where results go, and what stops a run. */
export interface CommandSurroundings {
  readonly stdout: { write(text: string): unknown };
  readonly signal?: AbortSignal;
}

/** Runs one command line (without `node` and the script's name) and returns the exit code. */
export async function runPrepare(argv: readonly string[], { stdout, signal }: CommandSurroundings): Promise<number> {
  try {
    const preparation = parse(argv);
    if (preparation === undefined) {
      stdout.write(HELP);
      return 0;
    }
    const summary = await prepareDataset({ ...preparation, ...(signal === undefined ? {} : { signal }) });
    note(describePreparation(summary).trimEnd());
    stdout.write(`${JSON.stringify(summary)}\n`);
    return 0;
  } catch (error) {
    if (signal?.aborted === true) {
      process.stderr.write('stopped; the same command goes on from here\n');
      return INTERRUPTED;
    }
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`prepare-data: ${error.message}\n`);
    return error.exitCode;
  }
}

/** What is to be prepared; undefined when help is asked for. Throws UserError (exit code 2) for what makes no sense. */
function parse(argv: readonly string[]): Preparation | undefined {
  const { values, positionals } = parsed(argv);
  if (values.help === true) return undefined;
  setQuiet(values.quiet === true);
  const [set, ...sources] = positionals;
  const { output } = values;
  if (set === undefined) throw wrongUsage('name a set and its sources');
  if (output === undefined) throw wrongUsage('name the folder to make the set in (--output)');
  const options: PrepareOptions = {
    ...numberOption('train', values.train, 0),
    ...numberOption('val', values.val, 0),
    ...numberOption('test', values.test, 0),
    ...numberOption('seed', values.seed, 0),
    ...numberOption('split', values.split, 1, 3),
    ...listOption('categories', values.categories),
    ...listOption('classes', values.classes),
    ...(values.resplit === undefined ? {} : { resplit: values.resplit }),
    ...(values.captions === undefined ? {} : { captions: values.captions }),
    ...(values.column === undefined ? {} : { column: values.column }),
  };
  return { set, sources, output, options };
}

function parsed(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw wrongUsage(messageOf(error));
  }
}

function wrongUsage(message: string): UserError {
  return new UserError(`${message} (--help shows the sets and options)`, { exitCode: 2 });
}

function numberOption(name: string, text: string | undefined, least: number, most = 1e9): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return { [name]: value };
  throw wrongUsage(`--${name}: expected a whole number from ${least} to ${most}, got ${text}`);
}

function listOption(name: string, text: string | undefined): Record<string, readonly string[]> {
  if (text === undefined) return {};
  const values = text.split(',').map((value) => value.trim());
  if (values.every((value) => value !== '')) return { [name]: values };
  throw wrongUsage(`--${name}: expected names with commas between them, got ${JSON.stringify(text)}`);
}
