/** `looksay cache`: what trainings keep in the cache directory, and its removal. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { counted } from '../../shared/counted.js';
import { note } from '../../shared/log.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import { clearFeatures, featureDirectory, keptFeatures, type KeptFeatures } from '../../tasks/encoder/index.js';
import type { CommandContext } from '../context.js';
import { type LinesArguments, linesFormatOption } from './results.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';

const clearOptions: NumberOptions = {
  'unused-days': { default: 0, describe: 'Only what was not used for so many days', rule: NUMBER_RULES.fromZero },
};

interface ClearArguments extends LinesArguments {
  readonly unusedDays: number | undefined;
}

export function cacheCommand(context: CommandContext): CommandModule {
  return {
    command: 'cache',
    describe: 'List or clear what trainings keep of photos and clips',
    builder: (builder) =>
      builder
        .command({
          command: 'list',
          describe: 'What is kept: an encoder a line, used longest ago first',
          builder: (list: Argv) => list.options(linesFormatOption),
          handler: (argv: ArgumentsCamelCase<LinesArguments>) => runList(argv, context),
        })
        .command({
          command: 'clear',
          describe: 'Remove it; the next training encodes its photos anew',
          builder: (clear: Argv) =>
            clear.options(asYargsOptions(clearOptions)).options(linesFormatOption) as unknown as Argv<ClearArguments>,
          handler: (argv: ArgumentsCamelCase<ClearArguments>) => runClear(argv, context),
        })
        .demandCommand(1, 'name what to do: list or clear'),
    handler: () => undefined,
  };
}

async function runList(argv: LinesArguments, context: CommandContext): Promise<void> {
  const kept = await keptFeatures();
  report(kept, argv, context);
  note(`${featureDirectory()}: ${sizeText(sumOf(kept))} (LOOKSAY_CACHE chooses another place)`);
}

async function runClear(argv: ArgumentsCamelCase<ClearArguments>, context: CommandContext): Promise<void> {
  checkNumbers(clearOptions, argv);
  const removed = await clearFeatures(argv.unusedDays);
  report(removed, argv, context);
  note(`removed ${sizeText(sumOf(removed))}`);
}

function report(kept: readonly KeptFeatures[], { format }: LinesArguments, { stdout }: CommandContext): void {
  for (const { folder, files, bytes, lastUsed } of kept) {
    const date = lastUsed.toISOString();
    const text = [sizeText(bytes), counted(files, 'file'), date.slice(0, 10), folder].join('\t');
    stdout.write(`${format === 'jsonl' ? JSON.stringify({ folder, files, bytes, lastUsed: date }) : text}\n`);
  }
}

const sumOf = (kept: readonly KeptFeatures[]): number => kept.reduce((sum, { bytes }) => sum + bytes, 0);

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size for people, to three digits: `26 bytes`, `1.23 GB`. */
function sizeText(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${UNITS[unit]}`;
}
