/** `looksay words analogy`: a is to b as c is to what? */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import type { CommandContext } from '../context.js';
import { linesFormatOption } from './results.js';
import { asYargsOptions, checkNumbers } from './training-options.js';
import { countOf, countOption, loadIndex, type SearchArguments, vectorsOption } from './words-options.js';

interface AnalogyArguments extends SearchArguments {
  readonly a: string;
  readonly b: string;
  readonly c: string;
}

export function wordsAnalogyCommand(context: CommandContext): CommandModule<object, AnalogyArguments> {
  return {
    command: 'analogy <a> <b> <c>',
    describe: 'a is to b as c is to what? (man king woman)',
    builder: (builder) =>
      builder
        .positional('a', { type: 'string', describe: 'The first word of the pair that is known' })
        .positional('b', { type: 'string', describe: 'Its second word' })
        .positional('c', { type: 'string', describe: 'The first word of the other pair' })
        .options({ ...vectorsOption, ...linesFormatOption })
        .options(asYargsOptions(countOption)) as unknown as Argv<AnalogyArguments>,
    handler: (argv: ArgumentsCamelCase<AnalogyArguments>) => runAnalogy(argv, context),
  };
}

async function runAnalogy(argv: ArgumentsCamelCase<AnalogyArguments>, context: CommandContext): Promise<void> {
  checkNumbers(countOption, argv);
  const { a, b, c } = argv;
  const answers = (await loadIndex(argv.vectors)).analogous([a, b, c], countOf(argv));
  if (argv.format === 'jsonl') context.stdout.write(`${JSON.stringify({ a, b, c, answers })}\n`);
  else for (const { word, similarity } of answers) context.stdout.write(`${word}\t${similarity.toFixed(4)}\n`);
}
