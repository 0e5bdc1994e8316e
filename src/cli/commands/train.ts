/** `looksay train`: the family of training commands, one file each. */
import type { CommandModule } from 'yargs';
import type { CommandContext } from '../context.js';
import { trainCaptionCommand } from './train-caption.js';
import { trainSentimentCommand } from './train-sentiment.js';
import { trainTextCommand } from './train-text.js';
import { trainVideoCommand } from './train-video.js';
import { trainWordsCommand } from './train-words.js';

export function trainCommand(context: CommandContext): CommandModule {
  return {
    command: 'train',
    describe: 'Train a model on your own data',
    builder: (builder) =>
      builder
        .command(trainCaptionCommand(context))
        .command(trainSentimentCommand(context))
        .command(trainTextCommand(context))
        .command(trainVideoCommand(context))
        .command(trainWordsCommand(context))
        .demandCommand(1, 'name what to train: caption, sentiment, text, video or words'),
    handler: () => undefined,
  };
}
