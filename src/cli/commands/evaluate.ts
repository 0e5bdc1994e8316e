/** `looksay evaluate`: the family of scoring commands; `evaluate caption` scores a captioner on captioned photos. */
import stringWidth from 'string-width';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import { type CaptionerEvaluation, evaluateCaptioner } from '../../tasks/caption/evaluate.js';
import { type ReportOptions, requireNewReport, writeReport } from '../../tasks/caption/report.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { scoredOn } from './aligned-table.js';
import { TIMEOUT_OPTION } from './classify.js';
import { type DecodingArguments, decodingFrom, decodingOptions } from './decoding-options.js';
import { evaluateSentimentCommand } from './evaluate-sentiment.js';
import { evaluateTextCommand } from './evaluate-text.js';
import { evaluateVideoCommand } from './evaluate-video.js';
import { parseSource, sourceOptions, sourcesFrom } from './sources.js';
import { asYargsOptions, checkNumbers } from './training-options.js';

interface EvaluateArguments extends BackendArguments, DecodingArguments {
  readonly images: string | undefined;
  readonly captions: string | undefined;
  readonly splits: string | undefined;
  readonly source: string[];
  readonly split: 'train' | 'val' | 'dev' | 'test' | undefined;
  readonly trainSource: string[];
  readonly baselineEncoder: string | undefined;
  readonly ensemble: string[];
  readonly timeout: number | undefined;
  readonly format: 'text' | 'json';
  readonly report: string | undefined;
  readonly worst: number;
  readonly overwrite: boolean;
}

export function evaluateCommand(context: CommandContext): CommandModule {
  return {
    command: 'evaluate',
    describe: 'Score a model on data with known answers',
    builder: (builder) =>
      builder
        .command({
          command: 'caption',
          describe: 'Score a captioner: BLEU, ROUGE-L and CIDEr-D, beside baselines',
          builder: evaluateOptions,
          handler: (argv: ArgumentsCamelCase<EvaluateArguments>) => runEvaluate(argv, context),
        })
        .command(evaluateSentimentCommand(context))
        .command(evaluateTextCommand(context))
        .command(evaluateVideoCommand(context))
        .demandCommand(1, 'name what to evaluate: caption, sentiment, text or video'),
    handler: () => undefined,
  };
}

function evaluateOptions<T>(builder: Argv<T>): Argv<EvaluateArguments> {
  return builder.options({
    ...sourceOptions,
    ...decodingOptions,
    split: {
      choices: ['train', 'val', 'dev', 'test'] as const,
      describe: 'The part to score (dev and val mean the same)',
    },
    'train-source': {
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
      describe: 'Training photos for the nearest-photo baseline; may be repeated',
    },
    'baseline-encoder': { type: 'string', requiresArg: true, describe: 'Another encoder for that baseline' },
    ensemble: {
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
      describe: 'Further captioners of the same vocabulary, which decide together with the first',
    },
    ...asYargsOptions(TIMEOUT_OPTION),
    report: { type: 'string', requiresArg: true, describe: 'Folder for a page with the worst captions' },
    worst: { type: 'number', requiresArg: true, default: 50, describe: 'Photos on that page' },
    overwrite: { type: 'boolean', default: false, describe: 'Replace the folder of --report' },
    format: { choices: ['text', 'json'] as const, default: 'text', describe: 'A table, or JSON with every caption' },
    ...backendOptions,
  }) as unknown as Argv<EvaluateArguments>;
}

function reportOf({ report, worst, overwrite }: EvaluateArguments): ReportOptions | undefined {
  checkNumbers({ worst: { rule: NUMBER_RULES.count } }, { worst });
  return report === undefined ? undefined : { folder: report, count: worst, overwrite };
}

async function runEvaluate(argv: ArgumentsCamelCase<EvaluateArguments>, context: CommandContext): Promise<void> {
  const [source, second] = sourcesFrom(argv);
  if (source === undefined || second !== undefined) {
    throw new UserError('evaluate one source at a time', { exitCode: 2 });
  }
  checkNumbers(TIMEOUT_OPTION, argv);
  const decoding = decodingFrom(argv);
  const report = reportOf(argv);
  if (report !== undefined) requireNewReport(report);
  await selectBackend(argv);
  const evaluation = await evaluateCaptioner({
    checkpoint: argv.checkpoint,
    ensemble: argv.ensemble,
    source,
    trainSources: argv.trainSource.map((text) => parseSource(text, '--train-source')),
    ...decoding,
    signal: context.signal,
    ...given({ split: argv.split, baselineEncoder: argv.baselineEncoder, timeout: argv.timeout }),
  });
  if (evaluation.failed > 0) context.exitCode = 1;
  context.stdout.write(argv.format === 'json' ? `${JSON.stringify(evaluation)}\n` : tableOf(evaluation, nameOf(argv)));
  if (report !== undefined) note(`${await writeReport(evaluation.captions, report)}: the worst captions`);
}

const COLUMNS = ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'ROUGE-L', 'CIDEr-D', 'exact', 'distinct'] as const;

const nameOf = ({ ensemble }: EvaluateArguments): string =>
  ensemble.length === 0 ? 'this captioner' : `these ${ensemble.length + 1} captioners together`;

/** Scores for people, one way of captioning a row. */
function tableOf({ photos, failed, scores, baselines }: CaptionerEvaluation, name: string): string {
  const rows = [{ name, scores }, ...baselines].map(({ name, scores: own }) => {
    const { bleu1, bleu2, bleu3, bleu4, rougeL, ciderD, exact, distinctCaptions } = own;
    const numbers = [bleu1, bleu2, bleu3, bleu4, rougeL, ciderD, exact].map((value) => value.toFixed(4));
    return [...numbers, String(distinctCaptions), name];
  });
  const lines = [[...COLUMNS, scoredOn(photos, 'photos', failed)], ...rows];
  return lines
    .map((cells) => `${cells.map((cell, i) => (i < COLUMNS.length ? pad(cell, 9) : `  ${cell}`)).join('')}\n`)
    .join('');
}

const pad = (cell: string, width: number): string => ' '.repeat(Math.max(0, width - stringWidth(cell))) + cell;
