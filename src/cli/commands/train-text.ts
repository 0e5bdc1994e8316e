/** `looksay train text`: teaches a language model to write like a text. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  type Feedback,
  FEEDBACKS,
  LANGUAGE_MODEL_KINDS,
  languageModelDefaults,
  type LanguageModelKind,
  TEXT_UNITS,
  type TextUnit,
  TOKEN_INPUTS,
  type TokenInput,
} from '../../tasks/text/architecture.js';
import { LEARNING_RATE_DECAYS, type LearningRateDecay } from '../../tasks/optimization.js';
import { textRecipeDefaults } from '../../tasks/text/recipe.js';
import { DEFAULT_TEXT_UNIT, trainText, type TrainTextOptions } from '../../tasks/text/train.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { type HeldOutArguments, heldOutOf, heldOutOptions } from './held-out-options.js';
import { type TextArguments, textOptions, textSourceOf } from './text-options.js';
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
} from './training-options.js';
import { reportTraining } from './training-report.js';

interface TrainTextArguments extends BackendArguments, OptimizationArguments, TextArguments, HeldOutArguments {
  readonly output: string;
  readonly continue: boolean;
  readonly startFrom: string | undefined;
  readonly unit: TextUnit | undefined;
  readonly cell: LanguageModelKind | undefined;
  readonly input: TokenInput | undefined;
  readonly tied: boolean | undefined;
  readonly layers: number | undefined;
  readonly hiddenSize: number | undefined;
  readonly parameters: number | undefined;
  readonly embeddingSize: number | undefined;
  readonly context: number | undefined;
  readonly dropout: number | undefined;
  readonly minCount: number | undefined;
  readonly maxWords: number | undefined;
  readonly bptt: string;
  readonly chunk: number | undefined;
  readonly padding: string | undefined;
  readonly feedback: Feedback;
  readonly decay: LearningRateDecay | undefined;
  readonly batchSize: number | undefined;
  readonly precision: 'F32' | 'F16';
}

const model = languageModelDefaults;
const recipe = textRecipeDefaults;

const NUMBERS: NumberOptions = {
  layers: { default: model.layers, describe: 'Cells on top of each other', rule: NUMBER_RULES.count },
  'hidden-size': { default: model.hiddenSize, describe: 'Units of a cell', rule: NUMBER_RULES.count },
  parameters: { describe: 'Choose the hidden size so that there are about so many weights', rule: NUMBER_RULES.count },
  'embedding-size': {
    default: model.embeddingSize,
    describe: 'Length of an embedded unit, with --input embedding',
    rule: NUMBER_RULES.count,
  },
  context: { default: model.context, describe: 'feed-forward: units that it sees', rule: NUMBER_RULES.count },
  dropout: { default: model.dropout, describe: 'Dropout between layers', rule: NUMBER_RULES.share },
  'min-count': { default: 1, describe: 'Units that occur less often are unknown', rule: NUMBER_RULES.count },
  'max-words': { describe: 'Only so many of the most frequent units are known', rule: NUMBER_RULES.lengthFromTwo },
  ...heldOutOptions('document', { last: 'default for one document: 0.1', every: 'default for several documents: 10' }),
  'batch-size': { default: recipe.batchSize, describe: 'Rows of text a batch', rule: NUMBER_RULES.count },
  chunk: { describe: '--bptt sequence: cut documents into pieces of so many steps', rule: NUMBER_RULES.count },
  ...optimizationOptions(recipe),
};

/** What a model that training begins from decides. */
const DECIDED_BY_START = 'unit cell input tied layers hidden-size parameters embedding-size context'.split(' ');

export function trainTextCommand(context: CommandContext): CommandModule<object, TrainTextArguments> {
  return {
    command: 'text',
    describe: 'Learn to write like a text (rnn, lstm or gru)',
    builder: trainTextOptions,
    handler: (argv: ArgumentsCamelCase<TrainTextArguments>) => runTrainText(argv, context),
  };
}

function trainTextOptions<T>(builder: Argv<T>): Argv<TrainTextArguments> {
  return builder
    .options({
      ...textOptions,
      ...trainingFolderOptions,
      ...startFromOption('A language model (its weights, units and architecture)'),
      unit: { choices: TEXT_UNITS, describe: `What is read and written at a time (default ${DEFAULT_TEXT_UNIT})` },
      cell: {
        choices: LANGUAGE_MODEL_KINDS,
        describe: `The recurrent cell, or feed-forward: a baseline that sees the last units only (default ${model.kind})`,
      },
      input: {
        choices: TOKEN_INPUTS,
        describe: 'How a unit enters (default: one-hot for char, embedding for word, feed-forward and --tied)',
      },
      tied: { type: 'boolean', describe: "The output layer shares the embedding's weights" },
      bptt: {
        ...textOption(
          'Propagate errors back through the whole sequence, or through so many steps with the state carried on',
        ),
        default: String(recipe.bptt),
        defaultDescription: String(recipe.bptt),
      },
      padding: textOption(
        '--chunk: learn to fill up the last piece of a document with this character, in place of its end',
      ),
      feedback: {
        choices: FEEDBACKS,
        default: recipe.feedback,
        describe: "What is fed after a prediction: the true unit, or the model's own sample",
      },
      decay: {
        choices: LEARNING_RATE_DECAYS,
        describe: 'What the learning rate does after its peak (default cosine)',
      },
      precision: { choices: ['F32', 'F16'] as const, default: 'F16', describe: 'How the weights are saved' },
    })
    .options(asYargsOptions(NUMBERS))
    .options(backendOptions) as unknown as Argv<TrainTextArguments>;
}

function bpttOf({ bptt }: TrainTextArguments): 'sequence' | number {
  if (bptt === 'sequence') return bptt;
  const steps = Number(bptt);
  if (Number.isInteger(steps) && steps >= 1 && steps <= 10_000) return steps;
  throw new UserError(`--bptt: expected sequence, or a number of steps from 1 to 10000, got ${bptt}`, { exitCode: 2 });
}

function optionsOf(argv: ArgumentsCamelCase<TrainTextArguments>, { signal }: CommandContext): TrainTextOptions {
  checkNumbers(NUMBERS, argv);
  requireUndecided(argv, DECIDED_BY_START);
  const { layers, hiddenSize, embeddingSize, context, dropout, batchSize, chunk, padding, feedback, decay } = argv;
  return {
    source: textSourceOf(argv),
    vocabulary: given({ minimumCount: argv.minCount, maximumSize: argv.maxWords }),
    model: {
      ...given({
        kind: argv.cell,
        input: argv.input,
        tiedOutput: argv.tied,
        layers,
        hiddenSize,
        embeddingSize,
        context,
        dropout,
      }),
    },
    recipe: {
      ...optimizationRecipe(argv),
      bptt: bpttOf(argv),
      feedback,
      ...given({ batchSize, chunk, padding, decay }),
    },
    output: argv.output,
    precision: argv.precision,
    resume: argv.continue,
    ...given({
      seed: argv.seed,
      unit: argv.unit,
      startFrom: argv.startFrom,
      split: heldOutOf(argv),
      parameters: argv.parameters,
      stopAfter: argv.stopAfter,
    }),
    signal,
  };
}

async function runTrainText(argv: ArgumentsCamelCase<TrainTextArguments>, context: CommandContext): Promise<void> {
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  const result = await trainText(options);
  reportTraining(context, { ...result, unitsPerSecond: Math.round(result.unitsPerSecond) });
  context.signal.throwIfAborted();
}
