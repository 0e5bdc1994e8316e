/** `looksay caption`: writes a sentence about each image, or each clip with a captioner of clips. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { startProgress } from '../../shared/progress.js';
import { captionResults, clipCaptionResults } from '../../tasks/caption/format.js';
import { captionDecodingDefaults, captionDecodingRules } from '../../tasks/caption/generate.js';
import { findImages } from '../../tasks/caption/images.js';
import { isClipCaptioner } from '../../tasks/caption/model.js';
import { type CaptionOptions, DEFAULT_BATCH_SIZE, imageRules, loadCaptioner } from '../../tasks/caption/predict.js';
import { clipCaptionOptions, loadClipCaptioner } from '../../tasks/caption/predict-clips.js';
import { findVideos } from '../../tasks/encoder/videos.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { requireShipped } from '../shipped-checkpoints.js';
import { TIMEOUT_OPTION } from './classify.js';
import { DEFAULT_CHECKPOINT, type DecodingArguments, decodingFrom, decodingOptions } from './decoding-options.js';
import {
  checkResultOptions,
  inputsOf,
  type ResultArguments,
  resultOptions,
  type Sink,
  withResults,
} from './results.js';
import { asYargsOptions, checkNumbers } from './training-options.js';

interface CaptionArguments extends BackendArguments, DecodingArguments, ResultArguments {
  readonly paths: string[];
  readonly maxLength: number;
  readonly candidates: number;
  readonly batchSize: number;
  readonly limitPixels: number | undefined;
  readonly timeout: number | undefined;
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
      describe:
        'Images (or clips, with a captioner of clips): files, folders, patterns ("photos/*.jpg"), or - for a list on stdin',
    })
    .options({
      ...backendOptions,
      ...decodingOptions,
      recursive: { type: 'boolean', default: false, describe: 'Go into subfolders' },
      'max-length': {
        type: 'number',
        requiresArg: true,
        default: captionDecodingDefaults.maximumLength,
        describe: 'Words of a caption at most',
      },
      candidates: {
        type: 'number',
        requiresArg: true,
        default: captionDecodingDefaults.candidates,
        describe: 'Captions to give for each image; in CSV each has columns of its own',
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
      ...asYargsOptions(TIMEOUT_OPTION),
    })
    .check(checkOptions) as unknown as Argv<CaptionArguments>;
}

const NUMBERS = {
  'max-length': { rule: captionDecodingRules.maximumLength },
  candidates: { rule: captionDecodingRules.candidates },
  'batch-size': { rule: imageRules.batchSize },
  'limit-pixels': { rule: imageRules.limitPixels },
  ...TIMEOUT_OPTION,
};

function checkOptions(argv: Record<string, unknown>): true {
  checkNumbers(NUMBERS, argv);
  checkResultOptions(argv);
  return true;
}

function optionsOf(argv: ArgumentsCamelCase<CaptionArguments>, context: CommandContext): CaptionOptions {
  const decoding = decodingFrom(argv);
  if (argv.candidates > argv.beamWidth) {
    throw new UserError(`--candidates: at most the beam width (${argv.beamWidth})`, { exitCode: 2 });
  }
  return {
    ...decoding,
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
  const [shipped, what] = [DEFAULT_CHECKPOINT, 'captioner'];
  requireShipped(argv.checkpoint, { shipped, what, command: 'looksay train caption' });
  const inputs = await inputsOf(argv.paths, context);
  const { recursive } = argv;
  if (await isClipCaptioner(argv.checkpoint)) {
    const clips = await findVideos(inputs, { recursive });
    const ofClips = { ...clipCaptionOptions(options), ...given({ timeout: argv.timeout }) };
    await withResults(clipCaptionResults(argv), argv, context, clips, (sink, files) =>
      captionAll(loadClipCaptioner, argv, context, { options: ofClips, sink, files }),
    );
    return;
  }
  const images = await findImages(inputs, { recursive });
  await withResults(captionResults(argv), argv, context, images, (sink, files) =>
    captionAll(loadCaptioner, argv, context, { options, sink, files }),
  );
}

/** A captioner, whatever it captions. */
interface AnyCaptioner<File, Options, Result> {
  caption(files: readonly File[], options: Options): AsyncIterable<Result>;
  dispose(): void;
}

async function captionAll<File, Options, Result extends object>(
  load: (folder: string) => Promise<AnyCaptioner<File, Options, Result>>,
  argv: CaptionArguments,
  context: CommandContext,
  work: { readonly options: Options; readonly sink: Sink<Result>; readonly files: readonly File[] },
): Promise<void> {
  const { options, sink, files } = work;
  const captioner = await load(argv.checkpoint);
  const progress = startProgress('captioning', argv.output === undefined ? 0 : files.length);
  try {
    for await (const result of captioner.caption(files, options)) {
      if ('error' in result) context.exitCode = 1;
      await sink.write(result);
      progress.advance(1);
    }
  } finally {
    progress.stop();
    captioner.dispose();
  }
}
