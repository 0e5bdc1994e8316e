/** `looksay train caption`: trains a captioner on photos with captions. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { modelDefaults, type ModelOptions } from '../../tasks/caption/initial-model.js';
import { CELLS, captionerDefaults, type Entry } from '../../tasks/caption/architecture.js';
import { recipeDefaults, type TrainingRecipe } from '../../tasks/caption/recipe.js';
import { trainCaptioner, type TrainCaptionerOptions } from '../../tasks/caption/train.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_CHECKPOINT } from './caption.js';
import { parseSource, sourceOptions, sourcesFrom } from './sources.js';

type Cell = (typeof CELLS)[number];

interface TrainArguments extends BackendArguments {
  readonly images: string | undefined;
  readonly captions: string | undefined;
  readonly splits: string | undefined;
  readonly source: string[];
  readonly val: string | undefined;
  readonly valSource: string[];
  readonly output: string;
  readonly encoder: string;
  readonly startFrom: string | undefined;
  readonly fineTuneFrom: string;
  readonly cell: Cell;
  readonly inject: Entry | undefined;
  readonly attention: Entry | undefined;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly embeddingSize: number;
  readonly dropout: number | undefined;
  readonly wordVectors: string | undefined;
  readonly freezeEmbedding: boolean;
  readonly fit: ModelOptions['fit'];
  readonly minCount: number;
  readonly epochs: number;
  readonly batchImages: number;
  readonly captionsPerImage: number;
  readonly learningRate: number;
  readonly encoderLearningRate: number;
  readonly warmUpSteps: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly labelSmoothing: number;
  readonly attentionRegularization: number;
  readonly maxLength: number;
  readonly patience: number;
  readonly seed: number;
  readonly strict: boolean;
  readonly continue: boolean;
}

const INJECTIONS = ['first-input', 'first-step', 'every-step'] as const satisfies readonly Entry[];
const ATTENTIONS = ['soft', 'topdown'] as const satisfies readonly Entry[];

export function trainCommand(context: CommandContext): CommandModule {
  return {
    command: 'train',
    describe: 'Train a model on your own data',
    builder: (builder) =>
      builder
        .command({
          command: 'caption',
          describe: 'Train a captioner on photos with captions',
          builder: trainOptions,
          handler: (argv: ArgumentsCamelCase<TrainArguments>) => runTrain(argv, context),
        })
        .demandCommand(1, 'name what to train: caption'),
    handler: () => undefined,
  };
}

const number = (value: number, describe: string) =>
  ({ type: 'number', requiresArg: true, default: value, describe }) as const;
const text = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

function trainOptions<T>(builder: Argv<T>): Argv<TrainArguments> {
  return builder
    .options({ ...sourceOptions })
    .options({
      val: text('Captions of the validation photos, in the same folder of images'),
      'val-source': {
        type: 'string',
        array: true,
        requiresArg: true,
        default: [] as string[],
        describe: 'Like --source, for validation',
      },
      output: { ...text('The checkpoint folder'), demandOption: true },
      continue: { type: 'boolean', default: false, describe: 'Go on with the training in the output folder' },
      strict: { type: 'boolean', default: false, describe: 'Any problem in the data is an error' },
      seed: number(1, 'Seed of everything random'),
    })
    .options({
      encoder: {
        ...text('An encoder or captioner of ours, or a TensorFlow.js MobileNet'),
        default: DEFAULT_CHECKPOINT,
        defaultDescription: 'that of the shipped captioner',
      },
      'start-from': text('A captioner to start from (its weights, words and architecture)'),
      'fine-tune-from': {
        type: 'string',
        requiresArg: true,
        default: recipeDefaults.fineTuneFrom,
        describe: 'Train the encoder too, from this block on (conv1 for all of it)',
      },
      cell: { choices: CELLS, default: captionerDefaults.cell, describe: 'Recurrent cell' },
      inject: { choices: INJECTIONS, describe: 'How the picture enters, without attention' },
      attention: { choices: ATTENTIONS, describe: `Attention on the grid (default ${captionerDefaults.entry})` },
      layers: number(captionerDefaults.layers, 'Cells on top of each other'),
      'hidden-size': number(captionerDefaults.hiddenSize, 'Units of a cell'),
      'embedding-size': number(captionerDefaults.embeddingSize, 'Length of a word vector'),
      dropout: {
        type: 'number',
        requiresArg: true,
        describe: 'One rate for all places (default: 0.3, before the output 0.5)',
      },
      'word-vectors': text('Start the embedding from word2vec or GloVe vectors'),
      'freeze-embedding': { type: 'boolean', default: false, describe: 'Leave the embedding as it starts' },
      fit: {
        choices: ['squash', 'crop', 'pad'] as const,
        default: modelDefaults.fit,
        describe: 'What is done about photos that are not square',
      },
      'min-count': number(modelDefaults.minimumCount, 'Words that occur less often are unknown'),
    })
    .options({
      epochs: number(recipeDefaults.epochs, 'Epochs at most'),
      patience: number(recipeDefaults.patience, 'Epochs without a better score before training ends'),
      'batch-images': number(recipeDefaults.imagesPerBatch, 'Photos a batch'),
      'captions-per-image': number(recipeDefaults.captionsPerImage, 'Captions of each photo in a batch'),
      'learning-rate': number(recipeDefaults.learningRate, 'Peak learning rate'),
      'encoder-learning-rate': number(
        recipeDefaults.encoderLearningRate,
        "The encoder's learning rate, relative to that",
      ),
      'warm-up-steps': number(recipeDefaults.warmUpSteps, 'Steps until the peak'),
      'weight-decay': number(recipeDefaults.weightDecay, 'AdamW weight decay'),
      'clip-norm': number(recipeDefaults.clipNorm, 'Largest norm of the gradients'),
      'label-smoothing': number(recipeDefaults.labelSmoothing, 'Share of the target spread over all words'),
      'attention-regularization': number(
        recipeDefaults.attentionRegularization,
        'Factor of the doubly stochastic term',
      ),
      'max-length': number(recipeDefaults.maximumLength, 'Words of a training caption at most'),
    })
    .options({ ...backendOptions }) as unknown as Argv<TrainArguments>;
}

function recipeOf(argv: TrainArguments): TrainingRecipe {
  return {
    epochs: argv.epochs,
    imagesPerBatch: argv.batchImages,
    captionsPerImage: argv.captionsPerImage,
    learningRate: argv.learningRate,
    encoderLearningRate: argv.encoderLearningRate,
    warmUpSteps: argv.warmUpSteps,
    weightDecay: argv.weightDecay,
    clipNorm: argv.clipNorm,
    labelSmoothing: argv.labelSmoothing,
    attentionRegularization: argv.attentionRegularization,
    maximumLength: argv.maxLength,
    patience: argv.patience,
    fineTuneFrom: argv.fineTuneFrom,
    validationBeamWidth: recipeDefaults.validationBeamWidth,
  };
}

const RANGES: readonly (readonly [keyof TrainArguments & string, string, (value: number) => boolean])[] = [
  ['epochs', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['patience', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['batchImages', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['captionsPerImage', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['maxLength', 'a whole number from 2 on', (value) => Number.isInteger(value) && value >= 2],
  ['minCount', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['seed', 'a whole number from 0 on', (value) => Number.isInteger(value) && value >= 0],
  ['layers', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['hiddenSize', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['embeddingSize', 'a whole number from 1 on', (value) => Number.isInteger(value) && value >= 1],
  ['dropout', 'a number in [0, 1)', (value) => value >= 0 && value < 1],
  ['learningRate', 'a number above 0', (value) => value > 0 && Number.isFinite(value)],
  ['encoderLearningRate', 'a number from 0 on', (value) => value >= 0 && Number.isFinite(value)],
  ['warmUpSteps', 'a whole number from 0 on', (value) => Number.isInteger(value) && value >= 0],
  ['weightDecay', 'a number from 0 on', (value) => value >= 0 && Number.isFinite(value)],
  ['clipNorm', 'a number above 0', (value) => value > 0],
  ['labelSmoothing', 'a number in [0, 1)', (value) => value >= 0 && value < 1],
  ['attentionRegularization', 'a number from 0 on', (value) => value >= 0 && Number.isFinite(value)],
];

function checkRanges(argv: TrainArguments): void {
  for (const [name, rule, fits] of RANGES) {
    const value = argv[name] as number | undefined;
    if (value === undefined || fits(value)) continue;
    const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UserError(`--${option}: expected ${rule}, got ${value}`, { exitCode: 2 });
  }
  if (argv.inject !== undefined && argv.attention !== undefined) {
    throw new UserError('--inject and --attention: choose one', { exitCode: 2 });
  }
}

function modelOf(argv: TrainArguments): ModelOptions {
  const { dropout: rate } = argv;
  return {
    fit: argv.fit,
    minimumCount: argv.minCount,
    captioner: {
      cell: argv.cell,
      entry: argv.inject ?? argv.attention ?? captionerDefaults.entry,
      layers: argv.layers,
      hiddenSize: argv.hiddenSize,
      embeddingSize: argv.embeddingSize,
      frozenEmbedding: argv.freezeEmbedding,
      ...(rate === undefined ? {} : { dropout: { embedding: rate, features: rate, layers: rate, output: rate } }),
    },
    encoder: argv.encoder,
    ...(argv.startFrom === undefined ? {} : { startFrom: argv.startFrom }),
    ...(argv.wordVectors === undefined ? {} : { wordVectors: argv.wordVectors }),
  };
}

function optionsOf(argv: TrainArguments, context: CommandContext): TrainCaptionerOptions {
  checkRanges(argv);
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
    seed: argv.seed,
    output: argv.output,
    model: modelOf(argv),
    recipe: recipeOf(argv),
    resume: argv.continue,
    signal: context.signal,
  };
}

async function runTrain(argv: ArgumentsCamelCase<TrainArguments>, context: CommandContext): Promise<void> {
  const options = optionsOf(argv, context);
  await selectBackend(argv);
  const { ending, scores, epoch, checkpoint } = await trainCaptioner(options);
  if (ending === 'interrupted') note(`${checkpoint}: stopped; go on with --continue`);
  context.stdout.write(`${JSON.stringify({ checkpoint, ending, epoch, ...scores })}\n`);
  context.signal.throwIfAborted();
}
