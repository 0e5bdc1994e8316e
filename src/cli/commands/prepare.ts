/** `looksay prepare`: makes a data set ready to train on, from the archives that its publisher gives out. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { given } from '../../shared/given.js';
import { note } from '../../shared/log.js';
import { countUpTo, NUMBER_RULES } from '../../shared/rules.js';
import { describePreparation, preparationRecipes, prepareDataset, type PrepareOptions } from '../../tasks/prepare.js';
import { type CommandContext, STDIN_ARGUMENT } from '../context.js';
import { listOf } from './clip-sources.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';

interface PrepareArguments {
  readonly set: string;
  readonly sources: string[];
  readonly output: string;
  readonly train: number | undefined;
  readonly val: number | undefined;
  readonly test: number | undefined;
  readonly seed: number | undefined;
  readonly split: number | undefined;
  readonly resplit: boolean | undefined;
  readonly categories: string | undefined;
  readonly captions: string | undefined;
  readonly column: string | undefined;
  readonly classes: string | undefined;
}

const NUMBERS: NumberOptions = {
  train: { describe: 'Photos of the train part at most', rule: NUMBER_RULES.countFromZero },
  val: { describe: 'Photos of the val part at most', rule: NUMBER_RULES.countFromZero },
  test: { describe: 'Photos of the test part at most', rule: NUMBER_RULES.countFromZero },
  seed: { default: 1, describe: 'Seed of what is drawn', rule: NUMBER_RULES.countFromZero },
  split: { describe: 'Which of the official splits: 1, 2 or 3', rule: countUpTo(3) },
};

const options = {
  output: { type: 'string', requiresArg: true, demandOption: true, describe: 'The folder to make the set in' },
  resplit: { type: 'boolean', describe: "Draw the parts anew instead of taking the publisher's" },
  categories: {
    type: 'string',
    requiresArg: true,
    describe: "Only photos that show one of these, with commas between (COCO's categories and supercategories)",
  },
  captions: { type: 'string', requiresArg: true, describe: 'The captions file, where there are several' },
  column: { type: 'string', requiresArg: true, describe: 'The column with the texts' },
  classes: { type: 'string', requiresArg: true, describe: 'Only these classes, with commas between' },
} as const;

export function prepareCommand(context: CommandContext): CommandModule<object, PrepareArguments> {
  return {
    command: 'prepare <set> [sources...]',
    describe: "Make a data set ready to train on, from its publisher's archives",
    builder: prepareOptions,
    handler: (argv: ArgumentsCamelCase<PrepareArguments>) => runPrepare(argv, context),
  };
}

function prepareOptions<T>(builder: Argv<T>): Argv<PrepareArguments> {
  return builder
    .positional('set', { type: 'string', describe: 'Which set: see below' })
    .positional('sources', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Archives (zip, tar, tar.gz), folders of what was in them, or single files, in any order',
    })
    .options(options)
    .options(asYargsOptions(NUMBERS))
    .updateStrings({ 'Examples:': 'Sets and their sources:' })
    .example(preparationRecipes.map(({ name, sources, options: taken }) => [name, sources + optionsNote(taken)]))
    .epilogue('The same command goes on where a run was stopped.') as unknown as Argv<PrepareArguments>;
}

const optionsNote = (options: readonly string[]): string =>
  options.length === 0 ? '' : `; takes ${options.map((option) => `--${option}`).join(', ')}`;

async function runPrepare(argv: ArgumentsCamelCase<PrepareArguments>, context: CommandContext): Promise<void> {
  const { set, sources, output } = argv;
  const { signal, stdout } = context;
  try {
    const summary = await prepareDataset({
      ...{ set, output, signal, options: optionsOf(argv) },
      sources: sources.map((source) => (source === STDIN_ARGUMENT ? '-' : source)),
    });
    note(describePreparation(summary).trimEnd());
    stdout.write(`${JSON.stringify(summary)}\n`);
  } finally {
    if (signal.aborted) note('the same command goes on from here');
  }
}

/** What is asked for. Throws UserError (exit code 2) for numbers and lists that make no sense. */
function optionsOf(argv: ArgumentsCamelCase<PrepareArguments>): PrepareOptions {
  checkNumbers(NUMBERS, argv);
  const { train, val, test, seed, split, resplit, captions, column } = argv;
  const namesIn = (option: 'categories' | 'classes'): readonly string[] | undefined => {
    const text = argv[option];
    return text === undefined ? undefined : listOf(option, text);
  };
  const [categories, classes] = [namesIn('categories'), namesIn('classes')];
  return given({ train, val, test, seed, split, resplit, captions, column, categories, classes });
}
