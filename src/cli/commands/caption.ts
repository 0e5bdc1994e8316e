/** `looksay caption`: writes a sentence about each image. */
import { existsSync } from 'node:fs';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { startProgress } from '../../shared/progress.js';
import { CAPTION_RESULTS } from '../../tasks/caption/format.js';
import { decodingDefaults } from '../../tasks/caption/generate.js';
import { findImages, type ImagePath } from '../../tasks/caption/images.js';
import {
  type CaptionOptions,
  type CaptionResult,
  DEFAULT_BATCH_SIZE,
  loadCaptioner,
} from '../../tasks/caption/predict.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_CHECKPOINT, type DecodingArguments, decodingFrom, decodingOptions } from './decoding-options.js';
import {
  checkResultOptions,
  inputsOf,
  type ResultArguments,
  resultOptions,
  type Sink,
  withResults,
} from './results.js';

interface CaptionArguments extends BackendArguments, DecodingArguments, ResultArguments {
  readonly paths: string[];
  readonly maxLength: number;
  readonly candidates: number;
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
      ...resultOptions('images'),
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
  checkResultOptions(argv);
  return true;
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
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  if (argv.checkpoint === DEFAULT_CHECKPOINT && !existsSync(DEFAULT_CHECKPOINT)) {
    throw new UserError('the shipped captioner is missing; name another with --checkpoint');
  }
  const found = await findImages(await inputsOf(argv.paths, context), { recursive: argv.recursive });
  await withResults(CAPTION_RESULTS, argv, context, found, (sink, images) =>
    captionAll(argv, context, { options, sink, images }),
  );
}

async function captionAll(
  argv: CaptionArguments,
  context: CommandContext,
  {
    options,
    sink,
    images,
  }: {
    readonly options: CaptionOptions;
    readonly sink: Sink<CaptionResult>;
    readonly images: readonly ImagePath[];
  },
): Promise<void> {
  const captioner = await loadCaptioner(argv.checkpoint);
  const progress = startProgress('captioning', argv.output === undefined ? 0 : images.length);
  try {
    for await (const result of captioner.caption(images, options)) {
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
