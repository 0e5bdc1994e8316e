/** `looksay train words`: learns word vectors from text. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import { corpusDefaults } from '../../tasks/words/corpus.js';
import {
  WORD2VEC_ARCHITECTURES,
  type Word2VecArchitecture,
  type Objective,
  OBJECTIVES,
  word2vecDefaults,
  wordsRecipeDefaults,
} from '../../tasks/words/recipe.js';
import { requireNewFile } from '../../tasks/output.js';
import { trainWords, type TrainWordsOptions } from '../../tasks/words/train.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { overwriteOption } from './results.js';
import {
  asYargsOptions,
  checkNumbers,
  type NumberOptions,
  type OptimizationArguments,
  optimizationOptions,
  optimizationRecipe,
  textOption,
  trainingFolderOptions,
} from './training-options.js';
import { reportTraining } from './training-report.js';

interface TrainWordsArguments extends BackendArguments, OptimizationArguments {
  readonly text: string;
  readonly column: string | undefined;
  readonly output: string;
  readonly export: string[];
  readonly overwrite: boolean;
  readonly continue: boolean;
  readonly architecture: Word2VecArchitecture;
  readonly objective: Objective;
  readonly embeddingSize: number | undefined;
  readonly minCount: number | undefined;
  readonly maxWords: number | undefined;
  readonly phrases: number | undefined;
  readonly phraseThreshold: number | undefined;
  readonly window: number | undefined;
  readonly subsample: number | undefined;
  readonly negatives: number | undefined;
  readonly minLearningRate: number | undefined;
  readonly batchSize: number | undefined;
}

const { 'negative-sampling': negativeDefaults, softmax: softmaxDefaults } = wordsRecipeDefaults;
const common = optimizationOptions(softmaxDefaults);

/** Options of both objectives. */
const NUMBERS: NumberOptions = {
  'embedding-size': {
    default: word2vecDefaults.embeddingSize,
    describe: 'Length of a word vector',
    rule: NUMBER_RULES.count,
  },
  'min-count': {
    default: corpusDefaults.minimumCount,
    describe: 'Words that occur less often have no vector',
    rule: NUMBER_RULES.count,
  },
  'max-words': { describe: 'Only so many of the most frequent words have one', rule: NUMBER_RULES.lengthFromTwo },
  phrases: {
    default: corpusDefaults.phrasePasses,
    describe: 'Passes that join neighbours into phrases such as new_york',
    rule: NUMBER_RULES.countFromZero,
  },
  'phrase-threshold': {
    default: corpusDefaults.phraseThreshold,
    describe: 'Higher: fewer phrases',
    rule: NUMBER_RULES.fromZero,
  },
  window: {
    default: negativeDefaults.window,
    describe: 'Words to each side that are predicted at most',
    rule: NUMBER_RULES.count,
  },
  subsample: {
    default: negativeDefaults.subsample,
    describe: 'Leave out some of the words with a larger share of the text; 0 keeps all',
    rule: NUMBER_RULES.fromZero,
  },
  ...pick(['epochs', 'stop-after', 'seed']),
  'learning-rate': {
    describe: `Peak learning rate (default ${negativeDefaults.learningRate}; softmax ${softmaxDefaults.learningRate})`,
    rule: NUMBER_RULES.positive,
  },
};

/** Options of negative sampling alone. */
const NEGATIVE_NUMBERS: NumberOptions = {
  negatives: {
    default: negativeDefaults.negatives,
    describe: 'Negative sampling: words drawn for each that is predicted',
    rule: NUMBER_RULES.count,
  },
  'min-learning-rate': {
    default: negativeDefaults.minimumLearningRate,
    describe: 'Negative sampling: what the learning rate falls to',
    rule: NUMBER_RULES.fromZero,
  },
};

/** Options of the softmax alone. */
const SOFTMAX_NUMBERS: NumberOptions = Object.fromEntries(
  Object.entries({
    'batch-size': {
      default: softmaxDefaults.batchSize,
      describe: 'Places of the text a batch',
      rule: NUMBER_RULES.count,
    },
    ...pick(['patience', 'warm-up-steps', 'weight-decay', 'clip-norm', 'average-decay']),
  }).map(([name, option]) => [name, { ...option, describe: `Softmax: ${option.describe}` }]),
);

/** Those of the options that every training has. */
function pick(names: readonly string[]): NumberOptions {
  return Object.fromEntries(Object.entries(common).filter(([name]) => names.includes(name)));
}

export function trainWordsCommand(context: CommandContext): CommandModule<object, TrainWordsArguments> {
  return {
    command: 'words',
    describe: 'Learn word vectors from text (word2vec)',
    builder: trainWordsOptions,
    handler: (argv: ArgumentsCamelCase<TrainWordsArguments>) => runTrainWords(argv, context),
  };
}

function trainWordsOptions<T>(builder: Argv<T>): Argv<TrainWordsArguments> {
  return builder
    .options({
      text: { ...textOption('A text file, a folder of text files, or a CSV or TSV file'), demandOption: true },
      column: textOption('The column of a CSV or TSV file that has the texts'),
      ...trainingFolderOptions,
      export: {
        type: 'string',
        array: true,
        requiresArg: true,
        default: [] as string[],
        describe: "Write the vectors to this file too, in word2vec's format: binary for .bin, else text",
      },
      overwrite: { ...overwriteOption.overwrite, describe: 'Replace the files of --export (--continue does so too)' },
      architecture: {
        choices: WORD2VEC_ARCHITECTURES,
        default: word2vecDefaults.architecture,
        describe: 'skip-gram: the words around from a word; cbow: a word from those around',
      },
      objective: {
        choices: OBJECTIVES,
        default: word2vecDefaults.objective,
        describe: 'negative-sampling is fast; softmax asks the whole vocabulary',
      },
    })
    .options(asYargsOptions(NUMBERS))
    .options(asYargsOptions(NEGATIVE_NUMBERS))
    .options(asYargsOptions(SOFTMAX_NUMBERS))
    .options({
      ...backendOptions,
      threads: {
        ...backendOptions.threads,
        describe: 'Threads (default: one for each available core); with 1, a seed gives the same vectors in every run',
      },
    }) as unknown as Argv<TrainWordsArguments>;
}

/** Throws UserError when an option of the other objective is given: it would have no effect. */
function refuseOthers(argv: ArgumentsCamelCase<TrainWordsArguments>): void {
  const others = argv.objective === 'softmax' ? NEGATIVE_NUMBERS : SOFTMAX_NUMBERS;
  const name = Object.keys(others).find((option) => argv[option] !== undefined);
  if (name === undefined) return;
  throw new UserError(`--${name}: has no meaning with --objective ${argv.objective} (leave it out)`, { exitCode: 2 });
}

function recipeOf(argv: TrainWordsArguments): NonNullable<TrainWordsOptions['recipe']> {
  const { epochs, window, subsample, learningRate, negatives, batchSize } = argv;
  switch (argv.objective) {
    case 'negative-sampling':
      return given({ epochs, window, subsample, learningRate, negatives, minimumLearningRate: argv.minLearningRate });
    case 'softmax':
      return { objective: 'softmax', ...optimizationRecipe(argv), ...given({ window, subsample, batchSize }) };
  }
}

function optionsOf(argv: ArgumentsCamelCase<TrainWordsArguments>, { signal }: CommandContext): TrainWordsOptions {
  for (const options of [NUMBERS, NEGATIVE_NUMBERS, SOFTMAX_NUMBERS]) checkNumbers(options, argv);
  checkNumbers({ threads: { rule: NUMBER_RULES.count } }, argv);
  refuseOthers(argv);
  return {
    source: { path: argv.text, ...given({ column: argv.column }) },
    corpus: given({
      minimumCount: argv.minCount,
      maximumWords: argv.maxWords,
      phrasePasses: argv.phrases,
      phraseThreshold: argv.phraseThreshold,
    }),
    architecture: argv.architecture,
    recipe: recipeOf(argv),
    output: argv.output,
    exports: argv.export,
    resume: argv.continue,
    ...given({
      embeddingSize: argv.embeddingSize,
      threads: argv.threads,
      seed: argv.seed,
      stopAfter: argv.stopAfter,
    }),
    signal,
  };
}

async function runTrainWords(argv: ArgumentsCamelCase<TrainWordsArguments>, context: CommandContext): Promise<void> {
  const options = optionsOf(argv, context);
  for (const path of argv.export) requireNewFile(path, { overwrite: argv.overwrite || argv.continue });
  if (argv.objective === 'softmax') await selectBackend(argv);
  const result = await trainWords(options);
  reportTraining(context, { ...result, wordsPerSecond: Math.round(result.wordsPerSecond) });
  context.signal.throwIfAborted();
}
