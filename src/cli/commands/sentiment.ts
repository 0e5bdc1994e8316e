/** `looksay sentiment`: judges texts. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { formatResult, headerOf, OUTPUT_FORMATS, type OutputFormat } from '../../tasks/result-format.js';
import { explanationHeader, formatExplanation, SENTIMENT_RESULTS } from '../../tasks/sentiment/format.js';
import {
  loadSentimentClassifier,
  type SentimentClassifier,
  type SentimentOptions,
  sentimentPredictionDefaults,
  type SentimentResult,
  sentimentRules,
} from '../../tasks/sentiment/predict.js';
import { shippedCheckpoints } from '../../tasks/shipped-checkpoints.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import { type CommandContext, plainText, STDIN_ARGUMENT } from '../context.js';
import { requireShipped } from '../shipped-checkpoints.js';
import { colouredExplanation } from './sentiment-explain.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';

interface SentimentArguments extends BackendArguments {
  readonly texts: string[] | undefined;
  readonly file: string | undefined;
  readonly checkpoint: string;
  readonly format: OutputFormat;
  readonly explain: boolean;
  readonly top: number | undefined;
}

/** The classifier that the package ships. */
const DEFAULT_SENTIMENT_CHECKPOINT = shippedCheckpoints.sentiment;

export const sentimentCheckpointOption = {
  checkpoint: {
    type: 'string',
    requiresArg: true,
    default: DEFAULT_SENTIMENT_CHECKPOINT,
    defaultDescription: 'the shipped classifier of reviews',
    describe: 'Folder of looksay train sentiment',
  },
} as const;

const NUMBERS: NumberOptions = {
  top: {
    default: sentimentPredictionDefaults.top,
    describe: 'Classes to give for each text (jsonl)',
    rule: sentimentRules.top,
  },
};

export function sentimentCommand(context: CommandContext): CommandModule<object, SentimentArguments> {
  return {
    command: 'sentiment [texts..]',
    describe: 'Say whether texts are positive or negative, or which class they are of',
    builder: (builder) =>
      builder
        .positional('texts', {
          type: 'string',
          array: true,
          describe: 'Texts, or - for one a line on stdin (the default)',
        })
        .options({
          file: { type: 'string', requiresArg: true, describe: 'A file with one text a line' },
          ...sentimentCheckpointOption,
          format: { choices: OUTPUT_FORMATS, default: 'text' as OutputFormat, describe: 'How results are written' },
          explain: {
            type: 'boolean',
            default: false,
            describe: 'Show the probability after each word, and how much each word speaks for the class',
          },
          ...asYargsOptions(NUMBERS),
          ...backendOptions,
        }) as unknown as Argv<SentimentArguments>,
    handler: (argv: ArgumentsCamelCase<SentimentArguments>) => runSentiment(argv, context),
  };
}

/** Throws UserError when the shipped classifier is meant and not there. */
export function requireSentimentCheckpoint(checkpoint: string): void {
  const [shipped, what] = [DEFAULT_SENTIMENT_CHECKPOINT, 'classifier of texts'];
  requireShipped(checkpoint, { shipped, what, command: 'looksay train sentiment' });
}

async function runSentiment(argv: ArgumentsCamelCase<SentimentArguments>, context: CommandContext): Promise<void> {
  checkNumbers(NUMBERS, argv);
  const source = sourceOf(argv, context);
  requireSentimentCheckpoint(argv.checkpoint);
  await selectBackend(argv);
  const classifier = await loadSentimentClassifier(argv.checkpoint);
  const options = { signal: context.signal, ...given({ top: argv.top }) };
  const { stdout } = context;
  stdout.write(argv.explain ? explanationHeader(argv.format) : headerOf(SENTIMENT_RESULTS, argv.format));
  try {
    for await (const result of resultsOf(classifier, source, options)) {
      if ('error' in result) context.exitCode = 1;
      stdout.write(
        argv.explain && 'label' in result
          ? await explanationOf(classifier, result, argv.format, context)
          : formatResult(SENTIMENT_RESULTS, result, argv.format),
      );
      context.signal.throwIfAborted();
    }
  } finally {
    classifier.dispose();
  }
}

type Source =
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'lines'; readonly lines: string | AsyncIterable<Uint8Array | string> };

/** What is to be judged. Throws UserError when several are named. */
function sourceOf({ texts = [], file }: SentimentArguments, { stdin }: CommandContext): Source {
  const fromStdin = texts.includes(STDIN_ARGUMENT);
  if ((file !== undefined && texts.length > 0) || (fromStdin && texts.length > 1)) {
    throw new UserError('texts, --file and - (stdin): choose one of them', { exitCode: 2 });
  }
  if (file !== undefined) return { kind: 'lines', lines: file };
  return texts.length === 0 || fromStdin
    ? { kind: 'lines', lines: stdin }
    : { kind: 'texts', texts: texts.map(plainText) };
}

async function* resultsOf(
  classifier: SentimentClassifier,
  source: Source,
  options: SentimentOptions,
): AsyncGenerator<SentimentResult> {
  if (source.kind === 'lines') {
    yield* classifier.classifyLines(source.lines, options);
    return;
  }
  const answers = await classifier.classify(source.texts, options);
  for (const [index, answer] of answers.entries()) {
    const line = index + 1;
    yield 'error' in answer ? { line, error: answer.error } : { line, text: source.texts[index] as string, ...answer };
  }
}

async function explanationOf(
  classifier: SentimentClassifier,
  { line, text }: Extract<SentimentResult, { text: string }>,
  format: OutputFormat,
  { stdout, signal }: CommandContext,
): Promise<string> {
  const explanation = await classifier.explain(text, { signal });
  if (format === 'text' && stdout.isTTY === true) return colouredExplanation(explanation);
  return formatExplanation(explanation, line, format);
}
