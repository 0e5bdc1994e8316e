/** Wrong usage is said with the option as it was written and the help of the command that was meant. */
import { expect, test } from 'vitest';
import { run } from './run.js';

test.each([
  [
    [],
    'name a command: caption, classify, train, evaluate, generate, sentiment, words, prepare, encoder or cache (see looksay --help)',
  ],
  [['capton', 'x'], 'Did you mean caption? (see looksay --help)'],
  [['nothing', '--quiet'], 'unknown argument nothing (see looksay --help)'],
  [
    ['caption', 'x', '--beam-widht', '5'],
    'unknown argument --beam-widht; did you mean --beam-width? (see looksay caption --help)',
  ],
  [
    ['caption', 'x', '--beamwidth=5', '--no-quite', '--something', '-z'],
    'unknown arguments --beamwidth, --no-quite, --something, -z; did you mean --beam-width, --no-quiet? (see looksay caption --help)',
  ],
  [['train'], 'name what to train: caption, sentiment, text, video or words (see looksay train --help)'],
  [['train', 'captoin'], 'Did you mean caption? (see looksay train --help)'],
  [['train', 'nothing', '--quiet'], 'unknown argument nothing (see looksay train --help)'],
  [
    ['train', 'text', 'extra', '--text', 'x', '--output', 'y'],
    'unknown argument extra (see looksay train text --help)',
  ],
  [
    ['train', 'text', '--text', 'x', '--output', 'y', '--cell', 'GRU'],
    '--cell: expected one of rnn, lstm, gru, feed-forward, got "GRU" (see looksay train text --help)',
  ],
  [['generate'], '--checkpoint: is required (see looksay generate --help)'],
  [['train', 'video', '--quiet'], '--data, --output: are required (see looksay train video --help)'],
  [
    ['train', 'words', '--txt=a', '--output', 'b'],
    '--text: is required; did you mean --text by --txt? (see looksay train words --help)',
  ],
  [['caption', 'x', '--threads'], '--threads: needs a value (see looksay caption --help)'],
  [['words', 'analogy', 'a'], 'name the words that the command is to work on (see looksay words analogy --help)'],
])('%j', async (argv, message) => {
  expect(await run(argv)).toEqual({ code: 2, out: '', err: `looksay: ${message}\n` });
});

test('-h is --help', async () => {
  const help = await run(['caption', '--help']);
  expect(help.out).toContain('--beam-width');
  expect(await run(['caption', '-h'])).toEqual(help);
});
