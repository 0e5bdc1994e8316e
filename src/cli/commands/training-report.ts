/** How every `looksay train` command tells what a training came to. */
import { note } from '../../shared/log.js';
import type { CommandContext } from '../context.js';

/** What each training gives back. */
interface Trained {
  readonly checkpoint: string;
  readonly ending: string;
}

/** One JSON line on stdout with the fields of `line`, and how to go on where the training was interrupted. */
export function reportTraining<T extends Trained>({ stdout }: Pick<CommandContext, 'stdout'>, line: T): void {
  if (line.ending === 'interrupted') note(`${line.checkpoint}: stopped; go on with --continue`);
  stdout.write(`${JSON.stringify(line)}\n`);
}
