/** `looksay caption`: writes a sentence about each image. */
import { existsSync } from 'node:fs';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { alignedText, formatResult, headerOf, OUTPUT_FORMATS, type OutputFormat } from '../../tasks/caption/format.js';
import { decodingDefaults } from '../../tasks/caption/generate.js';
import { findImages, type ImagePath, readPathList } from '../../tasks/caption/images.js';
import { type CaptionOutput, openOutput, partialNameOf } from '../../tasks/caption/output.js';
import {
  type CaptionOptions,
  type CaptionResult,
  DEFAULT_BATCH_SIZE,
  loadCaptioner,
} from '../../tasks/caption/predict.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import { type CommandContext, STDIN_ARGUMENT } from '../context.js';
import { DEFAULT_CHECKPOINT, type DecodingArguments, decodingFrom, decodingOptions } from './decoding-options.js';

interface CaptionArguments extends BackendArguments, DecodingArguments {
  readonly paths: string[];
  readonly recursive: boolean;
  readonly maxLength: number;
  readonly candidates: number;
  readonly format: OutputFormat | undefined;
  readonly output: string | undefined;
  readonly skipDone: boolean;
  readonly overwrite: boolean;
  readonly batchSize: number;
  readonly limitPixels: number | undefined;
}

export function captionCommand(context: CommandContext): CommandModule<object, CaptionArguments> {
  return {
    command: 'caption <paths...>',
    describe: 'Write a sentence about each image',
    builder: captionOptions,
    handler: (argv) => runCaption(argv, context),
  };
}

function captionOptions<T>(builder: Argv<T>): Argv<CaptionArguments> {
  return builder
    .positional('paths', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Image files, folders, patterns ("photos/*.jpg"), or - for a list on stdin',
    })
    .options({
      ...backendOptions,
      ...decodingOptions,
      recursive: { type: 'boolean', default: false, describe: 'Go into subfolders' },
      'max-length': {
        type: 'number',
        requiresArg: true,
        default: decodingDefaults.maximumLength,
        describe: 'Words of a caption at most',
      },
      candidates: {
        type: 'number',
        requiresArg: true,
        default: decodingDefaults.candidates,
        describe: 'Captions to give for each image',
      },
      format: { choices: OUTPUT_FORMATS, describe: 'Default: by the name of the output, else text' },
      output: { type: 'string', requiresArg: true, describe: 'Write to this file instead of stdout' },
      'skip-done': { type: 'boolean', default: false, describe: 'Leave out images that the output has a caption of' },
      overwrite: { type: 'boolean', default: false, describe: 'Replace the output' },
      'batch-size': {
        type: 'number',
        requiresArg: true,
        default: DEFAULT_BATCH_SIZE,
        describe: 'Images that go through the model together',
      },
      'limit-pixels': {
        type: 'number',
        requiresArg: true,
        describe: 'Refuse images with more pixels (default 100 million)',
      },
    })
    .check(checkNumbers) as unknown as Argv<CaptionArguments>;
}

const WHOLE_NUMBERS = ['beam-width', 'max-length', 'candidates', 'batch-size', 'limit-pixels'] as const;

function checkNumbers(argv: Record<string, unknown>): true {
  for (const name of WHOLE_NUMBERS) {
    const value = argv[name];
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 1)) {
      throw new UserError(`--${name}: expected a whole number from 1 on, got ${String(value)}`, { exitCode: 2 });
    }
  }
  if (!Number.isFinite(argv['length-penalty'])) {
    throw new UserError(`--length-penalty: expected a number, got ${String(argv['length-penalty'])}`, { exitCode: 2 });
  }
  if ((argv['candidates'] as number) > (argv['beam-width'] as number)) {
    throw new UserError(`--candidates: at most the beam width (${String(argv['beam-width'])})`, { exitCode: 2 });
  }
  if (argv['skip-done'] === true && argv['output'] === undefined) {
    throw new UserError('--skip-done: needs --output, the file whose captions are kept', { exitCode: 2 });
  }
  if (argv['skip-done'] === true && argv['overwrite'] === true) {
    throw new UserError('--skip-done and --overwrite: choose one', { exitCode: 2 });
  }
  return true;
}

function formatOf({ format, output }: CaptionArguments): OutputFormat {
  if (format !== undefined) return format;
  if (output?.endsWith('.jsonl') === true) return 'jsonl';
  return output?.endsWith('.csv') === true ? 'csv' : 'text';
}

/** Where results go, whatever it is. */
type Sink = Pick<CaptionOutput, 'isDone' | 'write' | 'finish' | 'close'>;

function stdoutSink({ stdout }: CommandContext, format: OutputFormat, images: readonly string[]): Sink {
  const aligned = format === 'text' && stdout.isTTY === true ? alignedText(images) : undefined;
  stdout.write(headerOf(format));
  return {
    isDone: () => false,
    write: (result) => {
      stdout.write(aligned?.(result) ?? formatResult(result, format));
      return Promise.resolve();
    },
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(false),
  };
}

async function inputsOf(paths: readonly string[], { stdin }: CommandContext): Promise<readonly string[]> {
  const inputs: string[] = [];
  for (const path of paths) {
    if (path === STDIN_ARGUMENT) inputs.push(...(await readPathList(stdin)));
    else inputs.push(path);
  }
  return inputs;
}

function optionsOf(argv: CaptionArguments, context: CommandContext): CaptionOptions {
  return {
    ...decodingFrom(argv),
    maximumLength: argv.maxLength,
    candidates: argv.candidates,
    batchSize: argv.batchSize,
    signal: context.signal,
    ...(argv.limitPixels === undefined ? {} : { limitPixels: argv.limitPixels }),
  };
}

async function runCaption(argv: ArgumentsCamelCase<CaptionArguments>, context: CommandContext): Promise<void> {
  await selectBackend(argv);
  if (argv.checkpoint === DEFAULT_CHECKPOINT && !existsSync(DEFAULT_CHECKPOINT)) {
    throw new UserError('the shipped captioner is missing; name another with --checkpoint');
  }
  const format = formatOf(argv);
  const found = await findImages(await inputsOf(argv.paths, context), { recursive: argv.recursive });
  const images = found.map(({ path }) => path);
  const sink =
    argv.output === undefined
      ? stdoutSink(context, format, images)
      : await openOutput({ path: argv.output, format, overwrite: argv.overwrite, skipDone: argv.skipDone });
  try {
    await captionAll(
      argv,
      context,
      sink,
      found.filter(({ path }) => !sink.isDone(path)),
    );
    if (!context.signal.aborted) await sink.finish(images);
  } finally {
    const unfinished = await sink.close();
    if (unfinished && argv.output !== undefined) {
      note(`${partialNameOf(argv.output)}: what is done so far; run again with --skip-done to go on`);
    }
  }
  context.signal.throwIfAborted();
}

async function captionAll(
  argv: CaptionArguments,
  context: CommandContext,
  sink: Sink,
  images: readonly ImagePath[],
): Promise<void> {
  const captioner = await loadCaptioner(argv.checkpoint);
  const progress = startProgress('captioning', argv.output === undefined ? 0 : images.length);
  try {
    for await (const result of captioner.caption(images, optionsOf(argv, context))) {
      if (isFailure(result)) context.exitCode = 1;
      await sink.write(result);
      progress.advance(1);
    }
  } finally {
    progress.stop();
    captioner.dispose();
  }
}

const isFailure = (result: CaptionResult): boolean => 'error' in result;
