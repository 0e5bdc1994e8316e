/** The options that name labelled clips: the same for training and evaluation. */
import { UserError } from '../../shared/errors.js';

export const clipSourceOptions = {
  data: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'A folder with a folder a class, a CSV (path,label), or a list of UCF101',
  },
  root: { type: 'string', requiresArg: true, describe: 'Where the paths of a CSV or list start (default: beside it)' },
  'group-pattern': {
    type: 'string',
    requiresArg: true,
    describe: "What in a file name tells the recording, in parentheses: 'g(\\d+)'",
  },
} as const;

/** `a,b,c` as a list. Throws UserError when nothing is in it. */
export function listOf(option: string, text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new UserError(`--${option}: expected names with commas between them`, { exitCode: 2 });
  return names;
}
