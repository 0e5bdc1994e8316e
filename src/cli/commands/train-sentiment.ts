/** `looksay train sentiment`: trains a classifier on labelled texts. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  CELLS,
  type Pooling,
  POOLINGS,
  sentimentDefaults,
  TEXT_UNITS,
  type TextUnit,
} from '../../tasks/sentiment/architecture.js';
import type { SentimentValidation } from '../../tasks/sentiment/data.js';
import { sentimentRecipeDefaults } from '../../tasks/sentiment/recipe.js';
import { sentimentReadingDefaults, trainSentiment, type TrainSentimentOptions } from '../../tasks/sentiment/train.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { type HeldOutArguments, heldOutOf, heldOutOptions } from './held-out-options.js';
import { type LabelledTextArguments, labelledTextOptions, labelledTextsOf } from './labelled-text-options.js';
import {
  asYargsOptions,
  checkNumbers,
  type NumberOptions,
  type OptimizationArguments,
  optimizationOptions,
  optimizationRecipe,
  requireUndecided,
  startFromOption,
  textOption,
  trainingFolderOptions,
  wordVectorsOption,
} from './training-options.js';
import { reportTraining } from './training-report.js';

interface TrainSentimentArguments
  extends BackendArguments, OptimizationArguments, LabelledTextArguments, HeldOutArguments {
  readonly val: string | undefined;
  readonly output: string;
  readonly continue: boolean;
  readonly startFrom: string | undefined;
  readonly unit: TextUnit | undefined;
  readonly cell: (typeof CELLS)[number] | undefined;
  readonly pooling: Pooling | undefined;
  readonly bidirectional: boolean | undefined;
  readonly wordVectors: string | undefined;
  readonly layers: number | undefined;
  readonly hiddenSize: number | undefined;
  readonly embeddingSize: number | undefined;
  readonly window: number | undefined;
  readonly maxLength: number | undefined;
  readonly minCount: number | undefined;
  readonly maxWords: number | undefined;
  readonly dropout: number | undefined;
  readonly wordDropout: number | undefined;
  readonly labelSmoothing: number | undefined;
  readonly batchSize: number | undefined;
  readonly precision: 'F32' | 'F16';
}

const model = sentimentDefaults;
const recipe = sentimentRecipeDefaults;
const reading = sentimentReadingDefaults;

const NUMBERS: NumberOptions = {
  ...heldOutOptions('text', { every: 'default without --val: 10' }),
  layers: { default: model.layers, describe: 'Cells on top of each other', rule: NUMBER_RULES.count },
  'hidden-size': { default: model.hiddenSize, describe: 'Units of a cell', rule: NUMBER_RULES.count },
  'embedding-size': { default: model.embeddingSize, describe: 'Length of a word vector', rule: NUMBER_RULES.count },
  window: {
    describe: `Units after which the cells start anew, all being pooled; 0: they read through (default ${model.window}, 0 with --pooling last)`,
    rule: NUMBER_RULES.countFromZero,
  },
  'max-length': {
    default: reading.maximumLength,
    describe: 'Units of a text that are read at most: of a longer one its first and last halves',
    rule: NUMBER_RULES.count,
  },
  'min-count': {
    default: reading.minimumCount,
    describe: 'Units that occur less often are unknown',
    rule: NUMBER_RULES.count,
  },
  'max-words': {
    default: reading.maximumWords,
    describe: 'Only so many of the most frequent units are known',
    rule: NUMBER_RULES.lengthFromTwo,
  },
  dropout: { describe: 'One rate for all places (default: 0.3, before the output 0.5)', rule: NUMBER_RULES.share },
  'word-dropout': {
    default: recipe.wordDropout,
    describe: 'Share of the units that are made unknown in each epoch',
    rule: NUMBER_RULES.share,
  },
  'label-smoothing': {
    default: recipe.labelSmoothing,
    describe: 'Share of the target spread over all classes',
    rule: NUMBER_RULES.share,
  },
  'batch-size': { default: recipe.batchSize, describe: 'Texts a batch', rule: NUMBER_RULES.count },
  ...optimizationOptions(recipe),
};

/** What a classifier that training begins from decides. */
const DECIDED_BY_START =
  'unit cell pooling bidirectional layers hidden-size embedding-size window max-length word-vectors'.split(' ');

export function trainSentimentCommand(context: CommandContext): CommandModule<object, TrainSentimentArguments> {
  return {
    command: 'sentiment',
    describe: 'Train a classifier on labelled texts: positive or negative, or any classes',
    builder: trainSentimentOptions,
    handler: (argv: ArgumentsCamelCase<TrainSentimentArguments>) => runTrainSentiment(argv, context),
  };
}

function trainSentimentOptions<T>(builder: Argv<T>): Argv<TrainSentimentArguments> {
  return builder
    .options({
      ...labelledTextOptions,
      val: textOption('Texts to validate on, like --data, instead of a part of it'),
      ...trainingFolderOptions,
      ...startFromOption('A classifier (its weights, words and architecture)'),
      unit: { choices: TEXT_UNITS, describe: `What is read at a time (default ${reading.unit})` },
      cell: { choices: CELLS, describe: `Recurrent cell (default ${model.cell})` },
      pooling: { choices: POOLINGS, describe: `How the cells' outputs become one (default ${model.pooling})` },
      bidirectional: {
        type: 'boolean',
        describe: 'Run from the end to the beginning too (the default; --no-bidirectional: not)',
      },
      ...wordVectorsOption,
      precision: { choices: ['F32', 'F16'] as const, default: 'F16', describe: 'How the weights are saved' },
    })
    .options(asYargsOptions(NUMBERS))
    .options(backendOptions) as unknown as Argv<TrainSentimentArguments>;
}

function validationOf(argv: TrainSentimentArguments): SentimentValidation | undefined {
  const heldOut = heldOutOf(argv);
  if (argv.val === undefined) return heldOut;
  if (heldOut === undefined) return { kind: 'source', ...labelledTextsOf(argv, argv.val) };
  throw new UserError('--val and --hold-out: choose one of them', { exitCode: 2 });
}

function modelOf(argv: TrainSentimentArguments): NonNullable<TrainSentimentOptions['model']> {
  const { unit, cell, pooling, bidirectional, window, layers, hiddenSize, embeddingSize, dropout: rate } = argv;
  return {
    ...given({
      unit,
      startFrom: argv.startFrom,
      maximumLength: argv.maxLength,
      minimumCount: argv.minCount,
      maximumWords: argv.maxWords,
      wordVectors: argv.wordVectors,
    }),
    model: {
      ...given({ cell, pooling, bidirectional, window, layers, hiddenSize, embeddingSize }),
      ...(rate === undefined ? {} : { dropout: { embedding: rate, layers: rate, output: rate } }),
    },
  };
}

function optionsOf(
  argv: ArgumentsCamelCase<TrainSentimentArguments>,
  { signal }: CommandContext,
): TrainSentimentOptions {
  checkNumbers(NUMBERS, argv);
  requireUndecided(argv, DECIDED_BY_START);
  const { batchSize, labelSmoothing, wordDropout } = argv;
  return {
    source: labelledTextsOf(argv),
    model: modelOf(argv),
    recipe: { ...optimizationRecipe(argv), ...given({ batchSize, labelSmoothing, wordDropout }) },
    output: argv.output,
    precision: argv.precision,
    resume: argv.continue,
    ...given({ seed: argv.seed, validation: validationOf(argv), stopAfter: argv.stopAfter }),
    signal,
  };
}

async function runTrainSentiment(
  argv: ArgumentsCamelCase<TrainSentimentArguments>,
  context: CommandContext,
): Promise<void> {
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  const result = await trainSentiment(options);
  reportTraining(context, result);
  context.signal.throwIfAborted();
}
