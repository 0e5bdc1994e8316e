/** What commands have in common that give a result for each file: `caption`, `classify`. */
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { openOutput, partialNameOf, type ResultOutput } from '../../tasks/output.js';
import {
  alignedText,
  formatResult,
  headerOf,
  OUTPUT_FORMATS,
  type OutputFormat,
  type ResultKind,
} from '../../tasks/result-format.js';
import { readPathList } from '../../tasks/paths.js';
import { type CommandContext, STDIN_ARGUMENT } from '../context.js';

export interface ResultArguments {
  readonly recursive: boolean;
  readonly format: OutputFormat | undefined;
  readonly output: string | undefined;
  readonly skipDone: boolean;
  readonly overwrite: boolean;
}

/** Of every command that writes a file. */
export const overwriteOption = {
  overwrite: { type: 'boolean', default: false, describe: 'Replace the output' },
} as const;

/** Of commands that print a line for each thing they know. */
export const linesFormatOption = {
  format: { choices: ['text', 'jsonl'] as const, default: 'text' as const, describe: 'Tab-separated text, or JSON' },
} as const;

export interface LinesArguments {
  readonly format: 'text' | 'jsonl';
}

/** The options about where results go; `files` names what the command works on ("images"). */
export function resultOptions(files: string) {
  return {
    format: { choices: OUTPUT_FORMATS, describe: 'Default: by the name of the output, else text' },
    output: { type: 'string', requiresArg: true, describe: 'Write to this file instead of stdout' },
    'skip-done': { type: 'boolean', default: false, describe: `Leave out ${files} that the output has an answer on` },
    ...overwriteOption,
  } as const;
}

/** Throws UserError (exit code 2) when options contradict each other. */
export function checkResultOptions(argv: Readonly<Record<string, unknown>>): void {
  if (argv['skip-done'] === true && argv['output'] === undefined) {
    throw new UserError('--skip-done: needs --output, the file whose answers are kept', { exitCode: 2 });
  }
  if (argv['skip-done'] === true && argv['overwrite'] === true) {
    throw new UserError('--skip-done and --overwrite: choose one', { exitCode: 2 });
  }
}

/** What the command line names, with the lines of stdin in the place of `-`. */
export async function inputsOf(paths: readonly string[], { stdin }: CommandContext): Promise<readonly string[]> {
  const inputs: string[] = [];
  for (const path of paths) {
    if (path === STDIN_ARGUMENT) inputs.push(...(await readPathList(stdin)));
    else inputs.push(path);
  }
  return inputs;
}

/** Takes results. */
export type Sink<Result> = Pick<ResultOutput<Result>, 'write'>;

/** Where results go, whatever it is. */
type Destination<Result> = Sink<Result> & Pick<ResultOutput<Result>, 'isDone' | 'finish' | 'close'>;

function formatOf({ format, output }: ResultArguments): OutputFormat {
  if (format !== undefined) return format;
  if (output?.endsWith('.jsonl') === true) return 'jsonl';
  return output?.endsWith('.csv') === true ? 'csv' : 'text';
}

function stdoutSink<Result>(
  kind: ResultKind<Result>,
  { stdout }: CommandContext,
  format: OutputFormat,
  names: readonly string[],
): Destination<Result> {
  const aligned = format === 'text' && stdout.isTTY === true ? alignedText(kind, names) : undefined;
  stdout.write(headerOf(kind, format));
  return {
    isDone: () => false,
    write: (result) => {
      stdout.write(aligned?.(result) ?? formatResult(kind, result, format));
      return Promise.resolve();
    },
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(false),
  };
}

/** Runs `work` on the files that are not done yet, with the sink for its results; Ctrl-C keeps what is done. */
export async function withResults<Result extends object, File extends { readonly path: string }>(
  kind: ResultKind<Result>,
  argv: ResultArguments,
  context: CommandContext,
  files: readonly File[],
  work: (sink: Sink<Result>, files: readonly File[]) => Promise<void>,
): Promise<void> {
  const format = formatOf(argv);
  const names = files.map(({ path }) => path);
  const { output: path, overwrite, skipDone } = argv;
  const destination: Destination<Result> =
    path === undefined
      ? stdoutSink(kind, context, format, names)
      : await openOutput({ kind, path, format, overwrite, skipDone });
  const todo = files.filter((file) => !destination.isDone(file.path));
  const done = files.length - todo.length;
  if (path !== undefined && done > 0) note(`${path}: has ${done} of ${files.length} already`);
  let failures = 0;
  const write = (result: Result): Promise<void> => {
    if ('error' in result) failures++;
    return destination.write(result);
  };
  try {
    if (todo.length > 0) await work({ write }, todo);
    if (!context.signal.aborted) await destination.finish(names);
    if (failures > 0 && path !== undefined) note(`${failures} of ${todo.length} could not be done; ${path} says why`);
  } finally {
    const unfinished = await destination.close();
    if (unfinished && path !== undefined) {
      note(`${partialNameOf(path)}: what is done so far; run again with --skip-done to go on`);
    }
  }
  context.signal.throwIfAborted();
}
