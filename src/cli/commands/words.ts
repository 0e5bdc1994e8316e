/** `looksay words`: what word vectors know, one file a command. */
import type { CommandModule } from 'yargs';
import type { CommandContext } from '../context.js';
import { wordsAnalogyCommand } from './words-analogy.js';
import { wordsEvaluateCommand } from './words-evaluate.js';
import { wordsPlotCommand } from './words-plot.js';
import { wordsSimilarCommand } from './words-similar.js';

export function wordsCommand(context: CommandContext): CommandModule {
  return {
    command: 'words',
    describe: 'Ask word vectors: similar words, analogies, scores, a map',
    builder: (builder) =>
      builder
        .command(wordsSimilarCommand(context))
        .command(wordsAnalogyCommand(context))
        .command(wordsEvaluateCommand(context))
        .command(wordsPlotCommand(context))
        .demandCommand(1, 'name what to do: similar, analogy, evaluate or plot'),
    handler: () => undefined,
  };
}
