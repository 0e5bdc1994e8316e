/** `looksay evaluate video`: scores a video classifier on clips whose classes are known. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { given } from '../../shared/given.js';
import {
  evaluateVideoClassifier,
  evaluateVideoRules,
  type NamedClassificationScores,
  type VideoEvaluation,
} from '../../tasks/video/evaluate.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { alignedTable, confusionTable, percent, scoredOn } from './aligned-table.js';
import { requireCheckpoint, TIMEOUT_OPTION, videoCheckpointOption, WINDOWS_OPTION } from './classify.js';
import { clipSourceOptions, listOf } from './clip-sources.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';

interface EvaluateVideoArguments extends BackendArguments {
  readonly checkpoint: string;
  readonly data: string;
  readonly root: string | undefined;
  readonly groupPattern: string | undefined;
  readonly groups: string | undefined;
  readonly baseline: string | undefined;
  readonly windows: number | undefined;
  readonly shuffleFrames: number | undefined;
  readonly timeout: number | undefined;
  readonly format: 'text' | 'json';
}

const NUMBERS: NumberOptions = {
  ...WINDOWS_OPTION,
  'shuffle-frames': {
    describe: "Shuffle each clip's frames by this seed: shows what their order is worth",
    rule: evaluateVideoRules.shuffleSeed,
  },
  ...TIMEOUT_OPTION,
};

export function evaluateVideoCommand(context: CommandContext): CommandModule<object, EvaluateVideoArguments> {
  return {
    command: 'video',
    describe: 'Score a video classifier: top-1, top-5, mean per class, confusion matrix, beside baselines',
    builder: evaluateOptions,
    handler: (argv: ArgumentsCamelCase<EvaluateVideoArguments>) => runEvaluate(argv, context),
  };
}

function evaluateOptions<T>(builder: Argv<T>): Argv<EvaluateVideoArguments> {
  return builder.options({
    ...clipSourceOptions,
    groups: { type: 'string', requiresArg: true, describe: 'Score the clips of these groups alone: 19,20,21' },
    ...videoCheckpointOption,
    baseline: { type: 'string', requiresArg: true, describe: 'Another one, such as of --order none, to set beside it' },
    ...asYargsOptions(NUMBERS),
    format: { choices: ['text', 'json'] as const, default: 'text', describe: 'Tables, or JSON with every prediction' },
    ...backendOptions,
  }) as unknown as Argv<EvaluateVideoArguments>;
}

async function runEvaluate(argv: ArgumentsCamelCase<EvaluateVideoArguments>, context: CommandContext): Promise<void> {
  checkNumbers(NUMBERS, argv);
  requireCheckpoint(argv.checkpoint);
  const groups = argv.groups === undefined ? undefined : listOf('groups', argv.groups);
  await selectBackend(argv);
  const evaluation = await evaluateVideoClassifier({
    checkpoint: argv.checkpoint,
    data: argv.data,
    signal: context.signal,
    ...given({
      root: argv.root,
      groupPattern: argv.groupPattern,
      groups,
      baseline: argv.baseline,
      windows: argv.windows,
      shuffleSeed: argv.shuffleFrames,
      timeout: argv.timeout,
    }),
  });
  if (evaluation.failed > 0) context.exitCode = 1;
  context.stdout.write(argv.format === 'json' ? `${JSON.stringify(evaluation)}\n` : textOf(evaluation));
}

function textOf(evaluation: VideoEvaluation): string {
  return `${scoresTable(evaluation)}\n${confusionTable(evaluation.labels, evaluation.scores.confusion)}`;
}

function scoresTable({ clips, failed, scores, baselines }: VideoEvaluation): string {
  const rows = [{ name: 'this classifier', scores }, ...baselines].map(
    ({ name, scores: own }: NamedClassificationScores) => {
      const [low, high] = own.interval.map((value) => percent(value));
      return [percent(own.top1), `${low}–${high}`, percent(own.top5), percent(own.meanPerClass), name];
    },
  );
  return alignedTable([['top-1 %', '95 %', 'top-5 %', 'per class %', scoredOn(clips, 'clips', failed)], ...rows]);
}
