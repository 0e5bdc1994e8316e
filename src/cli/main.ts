#!/usr/bin/env node
/**
 * The command line: `looksay caption`, `classify`, `train`, `evaluate`, `generate`, `sentiment`, `words`, `prepare`, `encoder`,
 * `cache`. Results go to stdout, everything else to stderr; the process exits in this file only: 0 done, 1 something failed, 2 wrong usage.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import yargs, { type Argv } from 'yargs';
import { messageOf, UserError } from '../shared/errors.js';
import { setQuiet } from '../shared/log.js';
import { cacheCommand } from './commands/cache.js';
import { captionCommand } from './commands/caption.js';
import { classifyCommand } from './commands/classify.js';
import { encoderCommand } from './commands/encoder.js';
import { evaluateCommand } from './commands/evaluate.js';
import { generateCommand } from './commands/generate.js';
import { prepareCommand } from './commands/prepare.js';
import { sentimentCommand } from './commands/sentiment.js';
import { trainCommand } from './commands/train.js';
import { wordsCommand } from './commands/words.js';
import { asPlainText, type CommandContext, STDIN_ARGUMENT } from './context.js';
import { findShipped } from './shipped-checkpoints.js';
import { untilAborted } from './until-aborted.js';
import { usageError } from './usage-errors.js';

const INTERRUPTED = 130;

/** How yargs is given what users write otherwise. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['-', STDIN_ARGUMENT],
  ['-h', '--help'],
]);

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Where a run of the command line reads from and writes to; tests give their own. */
export interface MainOptions {
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  readonly stdout?: CommandContext['stdout'];
  readonly signal?: AbortSignal;
}

/** Runs one command line (without `node` and the script's name) and returns the exit code. */
export async function main(argv: readonly string[], options: MainOptions = {}): Promise<number> {
  const signal = options.signal ?? new AbortController().signal;
  const context: CommandContext = {
    stdin: untilAborted(options.stdin ?? process.stdin, signal),
    stdout: options.stdout ?? process.stdout,
    signal,
    exitCode: 0,
  };
  let help = '';
  const given = plainArguments(argv).map((argument) => SPELLINGS.get(argument) ?? argument);
  const parser = yargs(given)
    .scriptName('looksay')
    .locale('en')
    .usage(
      '$0 <command>\n\nCaptions photos, classifies video clips, writes text, learns word vectors and judges sentiment; trains on your data.',
    )
    .command(captionCommand(context))
    .command(classifyCommand(context))
    .command(trainCommand(context))
    .command(evaluateCommand(context))
    .command(generateCommand(context))
    .command(sentimentCommand(context))
    .command(wordsCommand(context))
    .command(prepareCommand(context))
    .command(encoderCommand(context))
    .command(cacheCommand(context))
    .demandCommand(
      1,
      'name a command: caption, classify, train, evaluate, generate, sentiment, words, prepare, encoder or cache',
    )
    .strict()
    .recommendCommands()
    .option('quiet', { type: 'boolean', global: true, describe: 'No progress and no notes on stderr' })
    .middleware((values) => {
      keepHyphens(values);
      refuseRepeated(values);
      refuseWords(values, argv);
      findShipped(values);
      setQuiet(values['quiet'] === true);
    }, true)
    .version(version())
    .wrap(100)
    .exitProcess(false)
    .fail((message, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw usageError(message, argv, optionsOf(parser));
    });
  try {
    await parser.parseAsync(given, {}, (_error, _argv, output) => {
      help = output;
    });
    if (help !== '') context.stdout.write(`${help}\n`);
    return context.exitCode;
  } catch (error) {
    return report(error, context.signal);
  }
}

/** The options of the command that `parser` came to, and what else was given. */
function optionsOf({ parsed }: Argv): readonly string[] {
  return parsed === false ? [] : Object.keys(parsed.aliases);
}

/** What may be `-` for stdin: positional arguments of commands that read it. */
const MAY_BE_STDIN: ReadonlySet<string> = new Set(['_', 'paths', 'texts']);

/** A `-` that is the value of an option is that, not stdin. */
function keepHyphens(values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === STDIN_ARGUMENT && !MAY_BE_STDIN.has(name)) values[name] = '-';
  }
}

const REPEATABLE: ReadonlySet<string> = new Set([
  '_',
  '--',
  'paths',
  'texts',
  'sources',
  'source',
  'val-source',
  'consensus',
  'ensemble',
  'train-source',
  'export',
  'words',
  'analogies',
  'similarities',
]);

/** An option that is given twice would reach the commands as a list. */
function refuseRepeated(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    // yargs has each name in camel case too.
    if (!Array.isArray(value) || REPEATABLE.has(name) || /[A-Z]/.test(name)) continue;
    throw new UserError(`--${name}: given ${value.length} times (${value.join(', ')}), once is meant`, { exitCode: 2 });
  }
}

/** A number that was given as something else, which yargs makes NaN. */
function refuseWords(values: Readonly<Record<string, unknown>>, argv: readonly string[]): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isNaN(value) || /[A-Z]/.test(name)) continue;
    const option = `--${name}`;
    const text =
      argv.find((_, index) => argv[index - 1] === option) ?? argv.find((text) => text.startsWith(`${option}=`));
    const found = text === undefined ? '' : `, got "${text.replace(`${option}=`, '')}"`;
    throw new UserError(`${option}: expected a number${found}`, { exitCode: 2 });
  }
}

const asPlainPath = (path: string): string => (path.startsWith('-') ? `./${path}` : path);

/** Commands with arguments of their own, and how one of those is written that looks like an option. */
const PLAIN_ARGUMENTS: ReadonlyMap<string, (argument: string) => string> = new Map([
  ['caption', asPlainPath],
  ['classify', asPlainPath],
  ['sentiment', asPlainText],
  ['words', (word) => word],
  ['prepare', asPlainPath],
]);

/** What stands after `--` is an argument, even if it looks like an option; yargs would leave it out. */
function plainArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  const plain = PLAIN_ARGUMENTS.get(argv[0] ?? '');
  if (end < 0 || plain === undefined) return argv;
  return [...argv.slice(0, end), ...argv.slice(end + 1).map(plain)];
}

function report(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) {
    process.stderr.write('stopped\n');
    return INTERRUPTED;
  }
  if (error instanceof UserError) {
    process.stderr.write(`looksay: ${error.message}\n`);
    return error.exitCode;
  }
  const detail = error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
  process.stderr.write(`looksay: this should not happen; please report it\n${detail}\n`);
  return 1;
}

/**
 * Ctrl-C, the end of the terminal and the system's wish ask the command to finish its step and save; a second one ends the
 * process at once.
 */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    process.stderr.write('\nstopping (press Ctrl-C again to stop at once)\n');
    controller.abort();
    process.once('SIGINT', () => process.exit(INTERRUPTED));
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function isEntryPoint(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isEntryPoint()) {
  // A reader that closes the pipe (`looksay … | head`) has what it wants.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`looksay: stdout: cannot be written: ${error.message}\n`);
    process.exit(1);
  });
  // What cannot be told, as in a terminal that was closed, is no reason not to save.
  process.stderr.on('error', () => undefined);
  process.exitCode = await main(process.argv.slice(2), { signal: interruptSignal() });
  // A write that failed is reported by the handler above, which exits too.
  process.stdout.write('', (error) => {
    if (error === undefined || error === null) process.exit();
  });
}
