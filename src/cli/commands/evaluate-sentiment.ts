/** `looksay evaluate sentiment`: scores a classifier of texts on texts whose classes are known. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { given } from '../../shared/given.js';
import { SPLIT_PARTS, type SplitPart } from '../../tasks/held-out.js';
import { evaluateSentiment, type SentimentEvaluation } from '../../tasks/sentiment/evaluate.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { alignedTable, confusionTable, percent } from './aligned-table.js';
import { type LabelledTextArguments, labelledTextOptions, labelledTextsOf } from './labelled-text-options.js';
import { requireSentimentCheckpoint, sentimentCheckpointOption } from './sentiment.js';

interface EvaluateSentimentArguments extends BackendArguments, LabelledTextArguments {
  readonly checkpoint: string;
  readonly part: SplitPart | undefined;
  readonly trainData: string | undefined;
  readonly format: 'text' | 'json';
}

export function evaluateSentimentCommand(context: CommandContext): CommandModule<object, EvaluateSentimentArguments> {
  return {
    command: 'sentiment',
    describe: 'Score a classifier of texts: accuracy, F1, confusion matrix, beside a bag of words',
    builder: (builder) =>
      builder.options({
        ...labelledTextOptions,
        ...sentimentCheckpointOption,
        part: {
          choices: SPLIT_PARTS,
          describe: 'What of the texts (default: of the training data what was held out, of others all)',
        },
        'train-data': {
          type: 'string',
          requiresArg: true,
          describe: 'Texts, like --data, to train a bag of words on, which is set beside the classifier',
        },
        format: {
          choices: ['text', 'json'] as const,
          default: 'text',
          describe: 'Tables, or JSON with every judgement',
        },
        ...backendOptions,
      }) as unknown as Argv<EvaluateSentimentArguments>,
    handler: (argv: ArgumentsCamelCase<EvaluateSentimentArguments>) => runEvaluate(argv, context),
  };
}

async function runEvaluate(
  argv: ArgumentsCamelCase<EvaluateSentimentArguments>,
  context: CommandContext,
): Promise<void> {
  requireSentimentCheckpoint(argv.checkpoint);
  await selectBackend(argv);
  const { trainData } = argv;
  const evaluation = await evaluateSentiment({
    checkpoint: argv.checkpoint,
    source: labelledTextsOf(argv),
    ...given({
      part: argv.part,
      trainSource: trainData === undefined ? undefined : labelledTextsOf(argv, trainData),
    }),
    signal: context.signal,
  });
  context.stdout.write(argv.format === 'json' ? `${JSON.stringify(evaluation)}\n` : textOf(evaluation));
}

function textOf({ texts, part, labels, scores, baseline }: SentimentEvaluation): string {
  const all = [scores, ...(baseline === undefined ? [] : [baseline])].map((own) => {
    const [low, high] = own.interval.map((value) => percent(value));
    return [percent(own.top1, 2), `${low}–${high}`, percent(own.macroF1, 2), own.name];
  });
  const perClass = scores.classes.map(({ precision, recall, f1, examples }, index) => [
    ...[precision, recall, f1].map((value) => percent(value)),
    String(examples),
    labels[index] as string,
  ]);
  return [
    alignedTable([['accuracy %', '95 %', 'macro F1 %', `on ${texts} texts (${part})`], ...all]),
    alignedTable([['precision %', 'recall %', 'F1 %', 'texts', 'class'], ...perClass]),
    confusionTable(labels, scores.confusion),
  ].join('\n');
}
