/** `looksay words similar`: the words nearest to each of some words. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { messageOf, UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import type { Neighbour } from '../../tasks/words/word-index.js';
import type { CommandContext } from '../context.js';
import { linesFormatOption } from './results.js';
import { asYargsOptions, checkNumbers } from './training-options.js';
import { countOf, countOption, loadIndex, type SearchArguments, vectorsOption } from './words-options.js';

interface SimilarArguments extends SearchArguments {
  readonly words: string[];
}

export function wordsSimilarCommand(context: CommandContext): CommandModule<object, SimilarArguments> {
  return {
    command: 'similar <words...>',
    describe: 'The words nearest to a word, by cosine',
    builder: (builder) =>
      builder
        .positional('words', { type: 'string', array: true, describe: 'One word or several' })
        .options({ ...vectorsOption, ...linesFormatOption })
        .options(asYargsOptions(countOption)) as unknown as Argv<SimilarArguments>,
    handler: (argv: ArgumentsCamelCase<SimilarArguments>) => runSimilar(argv, context),
  };
}

type Answer = { readonly neighbours: readonly Neighbour[] } | { readonly error: string };

async function runSimilar(argv: ArgumentsCamelCase<SimilarArguments>, context: CommandContext): Promise<void> {
  checkNumbers(countOption, argv);
  const index = await loadIndex(argv.vectors);
  const answerTo = (word: string): Answer => {
    try {
      return { neighbours: index.similar(word, countOf(argv)) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { error: messageOf(error) };
    }
  };
  for (const word of argv.words) {
    const answer = answerTo(word);
    if ('error' in answer) {
      context.exitCode = 1;
      warn(answer.error);
    }
    if (argv.format === 'jsonl') context.stdout.write(`${JSON.stringify({ word, ...answer })}\n`);
    else if ('neighbours' in answer) context.stdout.write(linesOf(word, answer.neighbours));
  }
}

function linesOf(word: string, neighbours: readonly Neighbour[]): string {
  return neighbours.map((neighbour) => `${word}\t${neighbour.word}\t${neighbour.similarity.toFixed(4)}\n`).join('');
}
