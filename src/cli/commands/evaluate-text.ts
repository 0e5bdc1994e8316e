/** `looksay evaluate text`: how well a language model predicts a text. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { given } from '../../shared/given.js';
import { SPLIT_PARTS, type SplitPart } from '../../tasks/held-out.js';
import { evaluateText, evaluateTextRules, type TextEvaluation } from '../../tasks/text/evaluate.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';
import { type TextArguments, textOptions, textSourceOf } from './text-options.js';

interface EvaluateTextArguments extends BackendArguments, TextArguments {
  readonly checkpoint: string;
  readonly part: SplitPart | undefined;
  readonly chunk: number | undefined;
  readonly format: 'text' | 'json';
}

const NUMBERS: NumberOptions = {
  chunk: {
    describe: 'Start from nothing every so many units, as train text --chunk does; default: read on',
    rule: evaluateTextRules.chunk,
  },
};

export function evaluateTextCommand(context: CommandContext): CommandModule<object, EvaluateTextArguments> {
  return {
    command: 'text',
    describe: 'Score a language model: nats and bits per character, perplexity per word',
    builder: (builder) =>
      builder.options({
        ...textOptions,
        checkpoint: {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Folder of looksay train text',
        },
        part: {
          choices: SPLIT_PARTS,
          describe: 'Default: of the training text what was held out, of others all',
        },
        ...asYargsOptions(NUMBERS),
        format: { choices: ['text', 'json'] as const, default: 'text', describe: 'Tab-separated text, or JSON' },
        ...backendOptions,
      }) as unknown as Argv<EvaluateTextArguments>,
    handler: (argv: ArgumentsCamelCase<EvaluateTextArguments>) => runEvaluateText(argv, context),
  };
}

async function runEvaluateText(
  argv: ArgumentsCamelCase<EvaluateTextArguments>,
  context: CommandContext,
): Promise<void> {
  checkNumbers(NUMBERS, argv);
  await selectBackend(argv);
  const evaluation = await evaluateText({
    checkpoint: argv.checkpoint,
    source: textSourceOf(argv),
    ...given({ part: argv.part, chunk: argv.chunk }),
    signal: context.signal,
  });
  context.stdout.write(argv.format === 'json' ? `${JSON.stringify(evaluation)}\n` : linesOf(evaluation));
}

function linesOf(evaluation: TextEvaluation): string {
  const { part, unit, natsPerCharacter, bitsPerCharacter, natsPerUnit, perplexityPerWord, natsPerEnd } = evaluation;
  const rows: [string, string][] = [
    ['nats per character', natsPerCharacter.toFixed(4)],
    ['bits per character', bitsPerCharacter.toFixed(4)],
    ...(unit === 'word' ? ([['nats per unit', natsPerUnit.toFixed(4)]] as [string, string][]) : []),
    ['perplexity per word', perplexityPerWord.toFixed(2)],
    ['nats per end of a document', natsPerEnd.toFixed(4)],
    ['documents', String(evaluation.documents)],
    ['characters', String(evaluation.characters)],
    ['words', String(evaluation.words)],
    ['unknown units', `${evaluation.unknownUnits} of ${evaluation.units}`],
    ['part', part],
  ];
  return rows.map(([name, value]) => `${name}\t${value}\n`).join('');
}
