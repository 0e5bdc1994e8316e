/** `looksay classify`: names what happens in each clip. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { startProgress } from '../../shared/progress.js';
import { shippedCheckpoints } from '../../tasks/shipped-checkpoints.js';
import { CLASSIFY_RESULTS } from '../../tasks/video/format.js';
import {
  classifyDefaults,
  type ClassifyOptions,
  type ClassifyResult,
  classifyRules,
  loadVideoClassifier,
} from '../../tasks/video/predict.js';
import { findVideos, type VideoPath } from '../../tasks/encoder/videos.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { requireShipped } from '../shipped-checkpoints.js';
import {
  checkResultOptions,
  inputsOf,
  type ResultArguments,
  resultOptions,
  type Sink,
  withResults,
} from './results.js';
import { asYargsOptions, checkNumbers, type NumberOptions, textOption } from './training-options.js';

interface ClassifyArguments extends BackendArguments, ResultArguments {
  readonly paths: string[];
  readonly checkpoint: string;
  readonly frames: number | undefined;
  readonly windows: number | undefined;
  readonly top: number | undefined;
  readonly timeline: boolean;
  readonly timeout: number | undefined;
}

/** The classifier that is used where none is named: of actions. */
const DEFAULT_VIDEO_CHECKPOINT = shippedCheckpoints.actions;

export const videoCheckpointOption = {
  checkpoint: {
    ...textOption('Folder of a trained video classifier'),
    default: DEFAULT_VIDEO_CHECKPOINT,
    defaultDescription: 'the shipped classifier',
  },
} as const;

/** How clips are looked at: the same for classification and evaluation. */
export const TIMEOUT_OPTION: NumberOptions = {
  timeout: {
    default: classifyDefaults.timeout,
    describe: 'Seconds that the decoding of a clip may take',
    rule: classifyRules.timeout,
  },
};

export const WINDOWS_OPTION: NumberOptions = {
  windows: {
    describe: 'Parts of a clip that are seen by so many frames each, and averaged (default: as the checkpoint says)',
    rule: classifyRules.windows,
  },
};

const NUMBERS: NumberOptions = {
  frames: {
    describe: 'Frames of a window, and of its timeline (default: as in training, for --timeline 8 a second)',
    rule: classifyRules.frames,
  },
  ...WINDOWS_OPTION,
  top: { default: classifyDefaults.top, describe: 'Classes to give for each clip', rule: classifyRules.top },
  ...TIMEOUT_OPTION,
};

export function classifyCommand(context: CommandContext): CommandModule<object, ClassifyArguments> {
  return {
    command: 'classify <paths...>',
    describe: 'Name what happens in each video clip',
    builder: classifyOptions,
    handler: (argv) => runClassify(argv, context),
  };
}

function classifyOptions<T>(builder: Argv<T>): Argv<ClassifyArguments> {
  return builder
    .positional('paths', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Video files, folders, patterns ("clips/*.mp4"), or - for a list on stdin',
    })
    .options({
      ...backendOptions,
      ...videoCheckpointOption,
      recursive: { type: 'boolean', default: false, describe: 'Go into subfolders' },
      timeline: { type: 'boolean', default: false, describe: 'Say when in the clip what is seen' },
      ...resultOptions('clips'),
      ...asYargsOptions(NUMBERS),
    })
    .check((argv: Record<string, unknown>) => {
      checkNumbers(NUMBERS, argv);
      checkResultOptions(argv);
      return true;
    }) as unknown as Argv<ClassifyArguments>;
}

async function runClassify(argv: ArgumentsCamelCase<ClassifyArguments>, context: CommandContext): Promise<void> {
  await selectBackend(argv);
  requireCheckpoint(argv.checkpoint);
  const found = await findVideos(await inputsOf(argv.paths, context), { recursive: argv.recursive });
  await withResults(CLASSIFY_RESULTS, argv, context, found, (sink, videos) => classifyAll(argv, context, sink, videos));
}

/** Throws UserError when the shipped classifier is meant and not there. */
export function requireCheckpoint(checkpoint: string): void {
  const [shipped, what] = [DEFAULT_VIDEO_CHECKPOINT, 'video classifier'];
  requireShipped(checkpoint, { shipped, what, command: 'looksay train video' });
}

function optionsOf(
  { frames, windows, top, timeline, timeout }: ClassifyArguments,
  context: CommandContext,
): ClassifyOptions {
  return {
    timeline,
    signal: context.signal,
    ...(frames === undefined ? {} : { frames }),
    ...(windows === undefined ? {} : { windows }),
    ...(top === undefined ? {} : { top }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

async function classifyAll(
  argv: ArgumentsCamelCase<ClassifyArguments>,
  context: CommandContext,
  sink: Sink<ClassifyResult>,
  videos: readonly VideoPath[],
): Promise<void> {
  const classifier = await loadVideoClassifier(argv.checkpoint);
  const progress = startProgress('classifying', argv.output === undefined ? 0 : videos.length);
  try {
    for await (const result of classifier.classify(videos, optionsOf(argv, context))) {
      if ('error' in result) context.exitCode = 1;
      await sink.write(result);
      progress.advance(1);
    }
  } finally {
    progress.stop();
    classifier.dispose();
  }
}
