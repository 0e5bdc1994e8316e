/** Options that mean the same in every `looksay train` command, and the check of numbers that options hold. */
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES, type NumberRule, requireFitting } from '../../shared/rules.js';
import { type OptimizationRecipe, optimizationRules as rules } from '../../tasks/optimization.js';
import { DEFAULT_SEED } from '../../tasks/training-folder.js';

/** Options with a number, by their name on the command line. */
export type NumberOptions = Readonly<Record<string, NumberOption>>;

export interface NumberOption {
  /** Only for the help: an option that is not given is left to the task, which knows its defaults. */
  readonly default?: number;
  readonly describe: string;
  readonly rule: NumberRule;
}

/** The options as yargs wants them. */
export function asYargsOptions(
  options: NumberOptions,
): Record<string, { type: 'number'; requiresArg: true; describe: string }> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { describe, default: value }]) => [
      name,
      {
        type: 'number',
        requiresArg: true,
        describe: value === undefined ? describe : `${describe} (default ${value})`,
      } as const,
    ]),
  );
}

/** Throws UserError (exit code 2) at the first of `options` whose value in `argv` is not what its rule says. */
export function checkNumbers(
  options: Readonly<Record<string, Pick<NumberOption, 'rule'>>>,
  argv: Readonly<Record<string, unknown>>,
): void {
  for (const [name, { rule }] of Object.entries(options)) {
    requireFitting(`--${name}`, rule, argv[name]);
  }
}

/** What yargs gives for `optimizationOptions`. */
export type OptimizationArguments = {
  readonly [Name in keyof Omit<OptimizationRecipe, 'decay'>]: number | undefined;
} & { readonly stopAfter: number | undefined; readonly seed: number | undefined };

/** Options of how weights are fitted, with the defaults of the task. */
export function optimizationOptions(defaults: OptimizationRecipe): NumberOptions {
  return {
    epochs: { default: defaults.epochs, describe: 'Epochs at most', rule: rules.epochs },
    'stop-after': { describe: 'Stop after so many of them; --continue goes on', rule: NUMBER_RULES.count },
    patience: {
      default: defaults.patience,
      describe: 'Epochs without a better score before training ends',
      rule: rules.patience,
    },
    'learning-rate': { default: defaults.learningRate, describe: 'Peak learning rate', rule: rules.learningRate },
    'warm-up-steps': {
      default: defaults.warmUpSteps,
      describe: 'Steps until the peak',
      rule: rules.warmUpSteps,
    },
    'weight-decay': { default: defaults.weightDecay, describe: 'AdamW weight decay', rule: rules.weightDecay },
    'clip-norm': {
      default: defaults.clipNorm,
      describe: 'Largest norm of the gradients',
      rule: rules.clipNorm,
    },
    'average-decay': {
      default: defaults.averageDecay,
      describe: 'Decay of the moving average of the weights that is scored and saved; 0 for none',
      rule: rules.averageDecay,
    },
    seed: { default: DEFAULT_SEED, describe: 'Seed of everything random', rule: NUMBER_RULES.countFromZero },
  };
}

/** What the options say of the recipe. */
export function optimizationRecipe(argv: OptimizationArguments): Partial<OptimizationRecipe> {
  const { epochs, patience, learningRate, warmUpSteps, weightDecay, clipNorm, averageDecay } = argv;
  return given({ epochs, patience, learningRate, warmUpSteps, weightDecay, clipNorm, averageDecay });
}

/** An option with a text for a value. */
export const textOption = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** Where a training is kept. */
export const trainingFolderOptions = {
  output: { ...textOption('The checkpoint folder'), demandOption: true },
  continue: { type: 'boolean', default: false, describe: 'Go on with the training in the output folder' },
} as const;

/** A model to begin from, which decides what the options in `decided` would; for both see `requireUndecided`. */
export const startFromOption = (what: string) => ({ 'start-from': textOption(`${what} to begin from`) }) as const;

/** Throws UserError (exit code 2) when one of the options that `--start-from` decides is given beside it. */
export function requireUndecided(argv: Readonly<Record<string, unknown>>, decided: readonly string[]): void {
  const beside = argv['start-from'] === undefined ? undefined : decided.find((name) => argv[name] !== undefined);
  if (beside === undefined) return;
  throw new UserError(`--${beside}: is decided by --start-from (leave one of them out)`, { exitCode: 2 });
}

/** Where the embedding of words starts from. */
export const wordVectorsOption = {
  'word-vectors': {
    ...textOption('Start the embedding from vectors of train words, word2vec or GloVe'),
    alias: 'embeddings',
  },
} as const;
