/** `looksay train caption`: trains a captioner on photos with captions. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  CELLS,
  captionerDefaults,
  type CaptionerDropout,
  type CaptionerEntry,
  type CaptionerReadout,
  CAPTIONER_READOUTS,
} from '../../tasks/caption/architecture.js';
import { clipReaderDefaults } from '../../tasks/encoder/clip-reading.js';
import { captionerModelDefaults, type CaptionerModelOptions } from '../../tasks/caption/initial-model.js';
import { captionerRecipeDefaults, type CaptionerRecipe } from '../../tasks/caption/recipe.js';
import { type RecipeName, RECIPE_NAMES, RECIPES } from '../../tasks/caption/recipes.js';
import { recipeToContinue } from '../../tasks/caption/start.js';
import { trainCaptioner, type TrainCaptionerOptions } from '../../tasks/caption/train.js';
import { trainStages } from '../../tasks/caption/train-stages.js';
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
import { DEFAULT_CHECKPOINT } from './decoding-options.js';
import { parseSource, sourceOptions, sourcesFrom } from './sources.js';
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

type Cell = (typeof CELLS)[number];

interface TrainArguments extends BackendArguments, OptimizationArguments, ClipReadingArguments {
  readonly images: string | undefined;
  readonly captions: string | undefined;
  readonly splits: string | undefined;
  readonly source: string[];
  readonly val: string | undefined;
  readonly valSource: string[];
  readonly output: string;
  readonly encoder: string;
  readonly startFrom: string | undefined;
  readonly fineTuneFrom: string | undefined;
  readonly recipe: RecipeName | undefined;
  readonly cell: Cell | undefined;
  readonly inject: CaptionerEntry | undefined;
  readonly attention: CaptionerEntry | undefined;
  readonly readout: CaptionerReadout | undefined;
  readonly layers: number | undefined;
  readonly hiddenSize: number | undefined;
  readonly embeddingSize: number | undefined;
  readonly embeddingDropout: number | undefined;
  readonly featureDropout: number | undefined;
  readonly wordVectors: string | undefined;
  readonly freezeEmbedding: boolean | undefined;
  readonly fit: CaptionerModelOptions['fit'] | undefined;
  readonly minCount: number | undefined;
  readonly batchImages: number | undefined;
  readonly captionsPerImage: number | undefined;
  readonly encoderLearningRate: number | undefined;
  readonly labelSmoothing: number | undefined;
  readonly attentionRegularization: number | undefined;
  readonly maxLength: number | undefined;
  readonly lengthMultiple: number | undefined;
  readonly scheduledSampling: number | undefined;
  readonly augment: number | undefined;
  readonly selfCritical: number | undefined;
  readonly sharpening: number | undefined;
  readonly bleuReward: number | undefined;
  readonly timeout: number | undefined;
  readonly strict: boolean;
  readonly continue: boolean;
}

const INJECTIONS = ['first-input', 'first-step', 'every-step'] as const satisfies readonly CaptionerEntry[];
const ATTENTIONS = ['soft', 'topdown'] as const satisfies readonly CaptionerEntry[];

export function trainCaptionCommand(context: CommandContext): CommandModule<object, TrainArguments> {
  return {
    command: 'caption',
    describe: 'Train a captioner on photos, or clips, with captions',
    builder: trainOptions,
    handler: (argv: ArgumentsCamelCase<TrainArguments>) => runTrain(argv, context),
  };
}

const MODEL_NUMBERS: NumberOptions = {
  layers: { default: captionerDefaults.layers, describe: 'Cells on top of each other', rule: NUMBER_RULES.count },
  'hidden-size': { default: captionerDefaults.hiddenSize, describe: 'Units of a cell', rule: NUMBER_RULES.count },
  'embedding-size': {
    default: captionerDefaults.embeddingSize,
    describe: 'Length of a word vector',
    rule: NUMBER_RULES.count,
  },
  dropout: {
    describe: 'One rate for all places (default: that of --start-from, else 0.3, before the output 0.5)',
    rule: NUMBER_RULES.share,
  },
  'embedding-dropout': { describe: 'The rate for embedded words, if another', rule: NUMBER_RULES.share },
  'feature-dropout': { describe: 'The rate for features of the image, if another', rule: NUMBER_RULES.share },
  frames: {
    describe: 'Caption clips, not photos: the frames that a clip is seen by, spread evenly',
    rule: NUMBER_RULES.count,
  },
  ...CLIP_READING_NUMBERS,
  'min-count': {
    default: captionerModelDefaults.minimumCount,
    describe: 'Words that occur less often are unknown; with --start-from: are not added',
    rule: NUMBER_RULES.count,
  },
};

/** What a captioner that training begins from decides. */
const DECIDED_BY_START =
  'cell inject attention readout layers hidden-size embedding-size word-vectors freeze-embedding fit'.split(' ');

const RECIPE_NUMBERS: NumberOptions = {
  ...optimizationOptions(captionerRecipeDefaults),
  'batch-images': {
    default: captionerRecipeDefaults.imagesPerBatch,
    describe: 'Photos a batch',
    rule: NUMBER_RULES.count,
  },
  'captions-per-image': {
    default: captionerRecipeDefaults.captionsPerImage,
    describe: 'Captions of each photo in a batch',
    rule: NUMBER_RULES.count,
  },
  'encoder-learning-rate': {
    default: captionerRecipeDefaults.encoderLearningRate,
    describe: "The encoder's learning rate, relative to the captioner's",
    rule: NUMBER_RULES.fromZero,
  },
  'label-smoothing': {
    default: captionerRecipeDefaults.labelSmoothing,
    describe: 'Share of the target spread over all words',
    rule: NUMBER_RULES.share,
  },
  'attention-regularization': {
    default: captionerRecipeDefaults.attentionRegularization,
    describe: 'Factor of the doubly stochastic term',
    rule: NUMBER_RULES.fromZero,
  },
  'max-length': {
    default: captionerRecipeDefaults.maximumLength,
    describe: 'Words of a training caption at most',
    rule: NUMBER_RULES.lengthFromTwo,
  },
  'length-multiple': {
    default: captionerRecipeDefaults.lengthMultiple,
    describe: 'Captions are padded to a multiple of this; on a GPU, where each length costs seconds, take --max-length',
    rule: NUMBER_RULES.count,
  },
  'scheduled-sampling': {
    default: captionerRecipeDefaults.scheduledSampling,
    describe: "Share of the words fed that are the model's own by the last epoch",
    rule: NUMBER_RULES.share,
  },
  augment: {
    default: captionerRecipeDefaults.augmentedViews,
    describe: 'Changed versions of each photo to train on (flipped, cropped)',
    rule: NUMBER_RULES.countFromZero,
  },
  'self-critical': {
    default: captionerRecipeDefaults.selfCriticalSamples,
    describe: 'Train for CIDEr-D by so many sampled captions a photo; 0 by cross entropy',
    rule: NUMBER_RULES.countFromZero,
  },
  sharpening: {
    default: captionerRecipeDefaults.sharpening,
    describe:
      'What logits are multiplied by before that, to undo label smoothing; 1 where --start-from was trained so before',
    rule: NUMBER_RULES.positive,
  },
  'bleu-reward': {
    default: captionerRecipeDefaults.bleuReward,
    describe: 'Factor of BLEU-1 beside CIDEr-D in what --self-critical trains for',
    rule: NUMBER_RULES.fromZero,
  },
  ...TIMEOUT_OPTION,
};

function trainOptions<T>(builder: Argv<T>): Argv<TrainArguments> {
  return builder
    .options({ ...sourceOptions })
    .options({
      val: textOption('Captions of the validation photos, in the same folder of images'),
      'val-source': {
        type: 'string',
        array: true,
        requiresArg: true,
        default: [] as string[],
        describe: 'Like --source, for validation',
      },
      ...trainingFolderOptions,
      strict: { type: 'boolean', default: false, describe: 'Any problem in the data is an error' },
    })
    .options({
      encoder: {
        ...textOption('An encoder or captioner of ours, or a TensorFlow.js MobileNet'),
        default: DEFAULT_CHECKPOINT,
        defaultDescription: 'that of the shipped captioner',
      },
      ...startFromOption('A captioner (its weights, words and architecture)'),
      'fine-tune-from': textOption('Train the encoder too, from this block on (conv1 for all of it)'),
      recipe: {
        choices: RECIPE_NAMES,
        describe: 'fast: minutes for 1,000 photos; best: three stages, the last for CIDEr-D. What else is given wins',
      },
      cell: { choices: CELLS, describe: `Recurrent cell (default ${captionerDefaults.cell})` },
      inject: { choices: INJECTIONS, describe: 'How the picture enters, without attention' },
      attention: { choices: ATTENTIONS, describe: `Attention on the grid (default ${captionerDefaults.entry})` },
      readout: {
        choices: CAPTIONER_READOUTS,
        describe: `What a word is read from: the state, or also what was attended and the word before (default ${captionerDefaults.readout})`,
      },
      ...clipReadingOptions,
      ...wordVectorsOption,
      'freeze-embedding': { type: 'boolean', describe: 'Leave the embedding as it starts' },
      fit: {
        choices: ['squash', 'crop', 'pad'] as const,
        describe: `What is done about photos that are not square (default ${captionerModelDefaults.fit})`,
      },
    })
    .options(asYargsOptions(MODEL_NUMBERS))
    .options(asYargsOptions(RECIPE_NUMBERS))
    .options({ ...backendOptions }) as unknown as Argv<TrainArguments>;
}

/** What the options say of the recipe; the rest is the named recipe's or the defaults'. */
function recipeOf(argv: TrainArguments): Partial<CaptionerRecipe> {
  return {
    ...optimizationRecipe(argv),
    ...given({
      imagesPerBatch: argv.batchImages,
      captionsPerImage: argv.captionsPerImage,
      encoderLearningRate: argv.encoderLearningRate,
      labelSmoothing: argv.labelSmoothing,
      scheduledSampling: argv.scheduledSampling,
      attentionRegularization: argv.attentionRegularization,
      maximumLength: argv.maxLength,
      lengthMultiple: argv.lengthMultiple,
      fineTuneFrom: argv.fineTuneFrom,
      augmentedViews: argv.augment,
      selfCriticalSamples: argv.selfCritical,
      sharpening: argv.sharpening,
      bleuReward: argv.bleuReward,
    }),
  };
}

function modelOf(argv: TrainArguments): Partial<CaptionerModelOptions> {
  const { frames } = argv;
  return {
    ...encoderChoiceFrom(argv),
    ...(frames === undefined ? {} : { ...frameStackFrom(argv), clip: { frames, reader: readerOf(argv) } }),
    ...given({ fit: argv.fit, minimumCount: argv.minCount, startFrom: argv.startFrom, wordVectors: argv.wordVectors }),
    captioner: {
      entry: argv.inject ?? argv.attention ?? captionerDefaults.entry,
      ...given({ cell: argv.cell, readout: argv.readout, frozenEmbedding: argv.freezeEmbedding }),
      ...given({ layers: argv.layers, hiddenSize: argv.hiddenSize, embeddingSize: argv.embeddingSize }),
      dropout: dropoutOf(argv),
    },
    encoder: argv.encoder,
  };
}

function dropoutOf({ dropout: rate, embeddingDropout, featureDropout }: TrainArguments): Partial<CaptionerDropout> {
  return given({ embedding: embeddingDropout ?? rate, features: featureDropout ?? rate, layers: rate, output: rate });
}

/** What reads the frames of clips: cells of the captioner's kind and size. */
function readerOf(argv: TrainArguments): NonNullable<CaptionerModelOptions['clip']>['reader'] {
  const { cell = captionerDefaults.cell, hiddenSize } = argv;
  const { features, layers } = dropoutOf(argv);
  return {
    ...clipReaderFrom(argv),
    cell,
    ...given({ hiddenSize }),
    dropout: { ...clipReaderDefaults.dropout, ...given({ features, layers }) },
  };
}

function optionsOf(
  argv: ArgumentsCamelCase<TrainArguments>,
  context: CommandContext,
): Omit<TrainCaptionerOptions, 'recipe'> {
  checkNumbers(MODEL_NUMBERS, argv);
  checkNumbers(RECIPE_NUMBERS, argv);
  requireUndecided(argv, DECIDED_BY_START);
  if (argv.inject !== undefined && argv.attention !== undefined) {
    throw new UserError('--inject and --attention: choose one', { exitCode: 2 });
  }
  const sources = sourcesFrom(argv);
  const validation = argv.valSource.map((value) => parseSource(value, '--val-source'));
  if (argv.val !== undefined) {
    if (argv.images === undefined) throw new UserError('--val: belongs to --images; use --val-source', { exitCode: 2 });
    validation.push({ images: argv.images, captions: argv.val });
  }
  return {
    sources,
    validation,
    strict: argv.strict,
    output: argv.output,
    model: modelOf(argv),
    resume: argv.continue,
    ...given({ seed: argv.seed, stopAfter: argv.stopAfter, timeout: argv.timeout }),
    signal: context.signal,
  };
}

async function train(
  options: Omit<TrainCaptionerOptions, 'recipe'>,
  argv: TrainArguments,
): ReturnType<typeof trainCaptioner> {
  const said = recipeOf(argv);
  const name = argv.continue ? await recipeToContinue(argv.output, argv.recipe) : argv.recipe;
  if (name === undefined) return trainCaptioner({ ...options, recipe: said });
  const stages = RECIPES[name].map((stage) => ({ ...stage, recipe: { ...stage.recipe, ...said } }));
  return trainStages({ ...options, recipe: name, stages });
}

async function runTrain(argv: ArgumentsCamelCase<TrainArguments>, context: CommandContext): Promise<void> {
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  const { ending, scores, epoch, checkpoint } = await train(options, argv);
  reportTraining(context, { checkpoint, ending, epoch, ...scores });
  context.signal.throwIfAborted();
}
