/** `looksay train video`: trains a classifier on labelled clips. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  CELLS,
  FRAME_ORDERS,
  type FrameOrder,
  type Pooling,
  POOLINGS,
  videoClassifierDefaults,
} from '../../tasks/video/architecture.js';
import { type ClipValidation, DEFAULT_CLIP_VALIDATION } from '../../tasks/video/data.js';
import { type VideoModelOptions, videoModelDefaults } from '../../tasks/video/initial-model.js';
import { type VideoRecipe, videoRecipeDefaults } from '../../tasks/video/recipe.js';
import { trainFolds } from '../../tasks/video/train-folds.js';
import { trainVideoClassifier, type TrainVideoOptions, type TrainVideoResult } from '../../tasks/video/train.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { TIMEOUT_OPTION } from './classify.js';
import {
  CLIP_READING_NUMBERS,
  type ClipReadingArguments,
  clipReaderFrom,
  clipReadingOptions,
  encoderChoiceFrom,
  frameStackFrom,
} from './clip-reading.js';
import { clipSourceOptions, listOf } from './clip-sources.js';
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

interface TrainVideoArguments extends BackendArguments, OptimizationArguments, ClipReadingArguments {
  readonly data: string;
  readonly root: string | undefined;
  readonly groupPattern: string | undefined;
  readonly val: string | undefined;
  readonly split: string | undefined;
  readonly valGroups: string | undefined;
  readonly valFraction: number | undefined;
  readonly folds: number | undefined;
  readonly output: string;
  readonly encoder: string | undefined;
  readonly fineTuneFrom: string | undefined;
  readonly order: FrameOrder;
  readonly cell: (typeof CELLS)[number];
  readonly pooling: Pooling;
  readonly fit: VideoModelOptions['fit'];
  readonly windows: number | undefined;
  readonly layers: number | undefined;
  readonly hiddenSize: number | undefined;
  readonly batchClips: number | undefined;
  readonly labelSmoothing: number | undefined;
  readonly frameLoss: number | undefined;
  readonly joined: number | undefined;
  readonly windowShare: number | undefined;
  readonly jitter: number | undefined;
  readonly augment: number | undefined;
  readonly encoderLearningRate: number | undefined;
  readonly classWeights: boolean;
  readonly timeout: number | undefined;
  readonly strict: boolean;
  readonly continue: boolean;
}

export function trainVideoCommand(context: CommandContext): CommandModule<object, TrainVideoArguments> {
  return {
    command: 'video',
    describe: 'Train a classifier on labelled video clips',
    builder: trainOptions,
    handler: (argv: ArgumentsCamelCase<TrainVideoArguments>) => runTrain(argv, context),
  };
}

const SPLIT_NUMBERS: NumberOptions = {
  'val-fraction': {
    describe: `Validate on this share of the clips, whole groups (default ${DEFAULT_CLIP_VALIDATION.fraction})`,
    rule: { expected: 'a number above 0 and up to 0.5', fits: (value) => value > 0 && value <= 0.5 },
  },
  folds: { describe: 'Train so many times, each time validating on another part', rule: NUMBER_RULES.lengthFromTwo },
};

const MODEL_NUMBERS: NumberOptions = {
  frames: { default: videoModelDefaults.frames, describe: 'Frames that a clip is seen by', rule: NUMBER_RULES.count },
  windows: {
    default: 1,
    describe: 'Parts of a clip that the checkpoint is to average when it classifies (not while training)',
    rule: NUMBER_RULES.count,
  },
  layers: { default: videoClassifierDefaults.layers, describe: 'Cells on top of each other', rule: NUMBER_RULES.count },
  'hidden-size': {
    default: videoClassifierDefaults.hiddenSize,
    describe: 'Units of a cell',
    rule: NUMBER_RULES.count,
  },
  ...CLIP_READING_NUMBERS,
  dropout: { describe: 'One rate for all places (default: 0.3, before the output 0.5)', rule: NUMBER_RULES.share },
};

const RECIPE_NUMBERS: NumberOptions = {
  ...optimizationOptions(videoRecipeDefaults),
  'batch-clips': { default: videoRecipeDefaults.clipsPerBatch, describe: 'Clips a batch', rule: NUMBER_RULES.count },
  'label-smoothing': {
    default: videoRecipeDefaults.labelSmoothing,
    describe: 'Share of the target spread over all classes',
    rule: NUMBER_RULES.share,
  },
  'frame-loss': {
    default: videoRecipeDefaults.frameLoss,
    describe: "Factor of the loss of the frames' own labels",
    rule: NUMBER_RULES.fromZero,
  },
  joined: {
    default: videoRecipeDefaults.joined,
    describe: 'Share of training clips that go over into another clip',
    rule: NUMBER_RULES.share,
  },
  'window-share': {
    default: videoRecipeDefaults.windowShare,
    describe: "Share of a clip's length that training sees at a time",
    rule: { expected: 'a number above 0 and up to 1', fits: (value) => value > 0 && value <= 1 },
  },
  jitter: {
    default: videoRecipeDefaults.jitter,
    describe: 'Frames to draw each frame from, an odd number',
    rule: NUMBER_RULES.count,
  },
  augment: {
    default: videoRecipeDefaults.augmentedViews,
    describe: 'Changed versions of each clip to train on (flipped, cropped)',
    rule: NUMBER_RULES.countFromZero,
  },
  'encoder-learning-rate': {
    default: videoRecipeDefaults.encoderLearningRate,
    describe: "The encoder's learning rate, relative to the classifier's",
    rule: NUMBER_RULES.fromZero,
  },
  ...TIMEOUT_OPTION,
};

const flag = (describe: string) => ({ type: 'boolean', default: false, describe }) as const;

function trainOptions<T>(builder: Argv<T>): Argv<TrainVideoArguments> {
  return builder
    .options({ ...clipSourceOptions })
    .options({
      val: textOption('Clips to validate on, like --data'),
      split: textOption('A list of the clips of --data to validate on'),
      'val-groups': textOption('Validate on these groups: 19,20,21'),
    })
    .options(asYargsOptions(SPLIT_NUMBERS))
    .options({
      ...trainingFolderOptions,
      strict: flag('A clip that cannot be decoded is an error'),
    })
    .options({
      encoder: textOption(
        'A checkpoint of ours with an encoder, or a TensorFlow.js MobileNet (default: that of checkpoints/actions, which ' +
          'sees movements; that of checkpoints/captioner sees things)',
      ),
      'fine-tune-from': textOption('Train the encoder too, from this block on (conv1 for all of it)'),
      order: {
        choices: FRAME_ORDERS,
        default: videoClassifierDefaults.order,
        describe: 'none averages what single frames are taken for',
      },
      cell: { choices: CELLS, default: videoClassifierDefaults.cell, describe: 'Recurrent cell' },
      pooling: {
        choices: POOLINGS,
        default: videoClassifierDefaults.pooling,
        describe: "How the cells' outputs become one",
      },
      ...clipReadingOptions,
      fit: {
        choices: ['squash', 'crop', 'pad'] as const,
        default: videoModelDefaults.fit,
        describe: 'What is done about frames that are not square',
      },
      'class-weights': flag('Let clips of rare classes count for more'),
    })
    .options(asYargsOptions(MODEL_NUMBERS))
    .options(asYargsOptions(RECIPE_NUMBERS))
    .options({ ...backendOptions }) as unknown as Argv<TrainVideoArguments>;
}

function recipeOf(argv: TrainVideoArguments): Partial<VideoRecipe> {
  return {
    ...optimizationRecipe(argv),
    classWeights: argv.classWeights,
    ...given({
      clipsPerBatch: argv.batchClips,
      labelSmoothing: argv.labelSmoothing,
      frameLoss: argv.frameLoss,
      joined: argv.joined,
      windowShare: argv.windowShare,
      jitter: argv.jitter,
      augmentedViews: argv.augment,
      fineTuneFrom: argv.fineTuneFrom,
      encoderLearningRate: argv.encoderLearningRate,
    }),
  };
}

function modelOf(argv: TrainVideoArguments): Partial<VideoModelOptions> {
  const { order, cell, pooling, layers, hiddenSize, dropout: rate } = argv;
  return {
    ...encoderChoiceFrom(argv),
    ...frameStackFrom(argv),
    fit: argv.fit,
    ...given({ encoder: argv.encoder, frames: argv.frames, windows: argv.windows }),
    classifier: {
      ...{ order, cell, pooling },
      ...clipReaderFrom(argv),
      ...given({ layers, hiddenSize }),
      ...(rate === undefined ? {} : { dropout: { features: rate, layers: rate, output: rate } }),
    },
  };
}

/** How validation is set aside. Throws UserError when several ways are named. */
function validationOf(argv: TrainVideoArguments): ClipValidation | undefined {
  const { val, split, valGroups, valFraction, folds } = argv;
  const choices: readonly (readonly [string, ClipValidation | undefined])[] = [
    ['--val', val === undefined ? undefined : { kind: 'source', source: val }],
    ['--split', split === undefined ? undefined : { kind: 'list', list: split }],
    ['--val-groups', valGroups === undefined ? undefined : { kind: 'groups', names: listOf('val-groups', valGroups) }],
    ['--val-fraction', valFraction === undefined ? undefined : { kind: 'fraction', fraction: valFraction }],
    ['--folds', folds === undefined ? undefined : { kind: 'fold', fold: 0, folds }],
  ];
  const chosen = choices.filter(([, choice]) => choice !== undefined);
  if (chosen.length > 1) {
    throw new UserError(`${chosen.map(([name]) => name).join(' and ')}: choose one`, { exitCode: 2 });
  }
  return chosen[0]?.[1];
}

function optionsOf(argv: ArgumentsCamelCase<TrainVideoArguments>, context: CommandContext): TrainVideoOptions {
  for (const numbers of [SPLIT_NUMBERS, MODEL_NUMBERS, RECIPE_NUMBERS]) checkNumbers(numbers, argv);
  return {
    data: argv.data,
    ...given({ root: argv.root, groupPattern: argv.groupPattern, validation: validationOf(argv), seed: argv.seed }),
    ...given({ timeout: argv.timeout, stopAfter: argv.stopAfter }),
    output: argv.output,
    model: modelOf(argv),
    recipe: recipeOf(argv),
    resume: argv.continue,
    strict: argv.strict,
    signal: context.signal,
  };
}

async function runTrain(argv: ArgumentsCamelCase<TrainVideoArguments>, context: CommandContext): Promise<void> {
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  const { validation } = options;
  const results: TrainVideoResult[] = [];
  const report = (result: TrainVideoResult): void => {
    const { checkpoint, ending, epoch, scores } = result;
    reportTraining(context, { checkpoint, ending, epoch, ...scores });
    results.push(result);
  };
  if (validation?.kind !== 'fold') report(await trainVideoClassifier(options));
  else {
    for await (const result of trainFolds({ ...options, folds: validation.folds })) report(result);
    if (results.length === validation.folds) context.stdout.write(`${JSON.stringify(meanOf(results))}\n`);
  }
  context.signal.throwIfAborted();
}

/** The means of the folds' scores. */
function meanOf(results: readonly TrainVideoResult[]): Readonly<Record<string, number>> {
  const mean = (name: string): number =>
    results.reduce((sum, { scores }) => sum + (scores[name] ?? 0), 0) / results.length;
  return { folds: results.length, top1: mean('top1'), meanPerClass: mean('meanPerClass') };
}
