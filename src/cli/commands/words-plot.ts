/** `looksay words plot`: a map of words as an HTML page. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { writeFileAtomically } from '../../shared/files.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import { requireNewFile, writeOutputFile } from '../../tasks/output.js';
import { DEFAULT_SEED } from '../../tasks/training-folder.js';
import { readWords } from '../../tasks/words/question-files.js';
import { plotWords, type WordsProjection, WORDS_PROJECTIONS } from '../../tasks/words/plot.js';
import type { CommandContext } from '../context.js';
import { overwriteOption } from './results.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';
import { loadIndex, vectorsOption } from './words-options.js';

interface PlotArguments {
  readonly vectors: string;
  readonly words: string[];
  readonly file: string | undefined;
  readonly top: number | undefined;
  readonly projection: WordsProjection | undefined;
  readonly seed: number | undefined;
  readonly title: string | undefined;
  readonly output: string;
  readonly overwrite: boolean;
}

const DEFAULT_TOP = 200;

const NUMBERS: NumberOptions = {
  top: { default: DEFAULT_TOP, describe: 'Without words: so many of the first ones', rule: NUMBER_RULES.lengthFromTwo },
  seed: { default: DEFAULT_SEED, describe: 'Seed of the projection', rule: NUMBER_RULES.countFromZero },
};

export function wordsPlotCommand(context: CommandContext): CommandModule<object, PlotArguments> {
  return {
    command: 'plot [words...]',
    describe: 'A map of words as an HTML page',
    builder: plotOptions,
    handler: (argv: ArgumentsCamelCase<PlotArguments>) => runPlot(argv, context),
  };
}

function plotOptions<T>(builder: Argv<T>): Argv<PlotArguments> {
  return builder
    .positional('words', { type: 'string', array: true, default: [] as string[], describe: 'The words to show' })
    .options({
      ...vectorsOption,
      output: { type: 'string', requiresArg: true, demandOption: true, describe: 'The HTML file to write' },
      ...overwriteOption,
      file: { type: 'string', requiresArg: true, describe: 'A text file with more words to show' },
      projection: { choices: WORDS_PROJECTIONS, describe: 'Default: umap, for few words pca' },
      title: { type: 'string', requiresArg: true, describe: 'Default: the name of the vectors' },
    })
    .options(asYargsOptions(NUMBERS)) as unknown as Argv<PlotArguments>;
}

async function runPlot(argv: ArgumentsCamelCase<PlotArguments>, context: CommandContext): Promise<void> {
  checkNumbers(NUMBERS, argv);
  requireNewFile(argv.output, argv);
  const index = await loadIndex(argv.vectors);
  const chosen = [...argv.words, ...(argv.file === undefined ? [] : await readWords(argv.file))];
  const words = chosen.length > 0 ? chosen : index.words.slice(0, argv.top ?? DEFAULT_TOP);
  const page = await plotWords({
    index,
    words,
    seed: argv.seed ?? DEFAULT_SEED,
    title: argv.title ?? argv.vectors,
    signal: context.signal,
    ...given({ projection: argv.projection }),
  });
  await writeOutputFile(argv.output, () => writeFileAtomically(argv.output, page));
  context.stdout.write(`${argv.output}\n`);
}
