/** `looksay generate`: writes text with a language model. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { warn } from '../../shared/log.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  generateDefaults,
  type GenerateOptions,
  generateRules,
  loadTextGenerator,
  type TextGenerator,
} from '../../tasks/text/generate.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { DEFAULT_TOP, runExplain } from './generate-explain.js';
import { runInteractive } from './generate-interactive.js';
import { asYargsOptions, checkNumbers, type NumberOptions } from './training-options.js';

interface GenerateArguments extends BackendArguments {
  readonly checkpoint: string;
  readonly prompt: string;
  readonly length: number | undefined;
  readonly temperature: number | undefined;
  readonly topK: number | undefined;
  readonly topP: number | undefined;
  readonly count: number | undefined;
  readonly seed: number | undefined;
  readonly stop: string | undefined;
  readonly interactive: boolean;
  readonly explain: boolean;
  readonly top: number | undefined;
  readonly neuron: number | undefined;
  readonly layer: number | undefined;
}

const NUMBERS: NumberOptions = {
  length: {
    default: generateDefaults.length,
    describe: 'Units (characters or words) at most',
    rule: generateRules.length,
  },
  temperature: {
    default: generateDefaults.temperature,
    describe: 'Below 1 is bolder, above 1 more varied; 0 takes the likeliest',
    rule: generateRules.temperature,
  },
  'top-k': { describe: 'Only the so many likeliest units', rule: generateRules.topK },
  'top-p': {
    default: generateDefaults.topP,
    describe: 'Only the likeliest units whose probabilities sum to this',
    rule: generateRules.topP,
  },
  count: { default: generateDefaults.count, describe: 'Different texts, one a line', rule: generateRules.count },
  top: { default: DEFAULT_TOP, describe: '--explain: likeliest units to show', rule: NUMBER_RULES.count },
  neuron: { describe: '--explain: show where this cell, from 0, is active', rule: NUMBER_RULES.countFromZero },
  layer: { describe: '--neuron: its layer, from 0 (default: the topmost)', rule: NUMBER_RULES.countFromZero },
  seed: { default: generateDefaults.seed, describe: 'The same seed writes the same', rule: NUMBER_RULES.countFromZero },
};

export function generateCommand(context: CommandContext): CommandModule<object, GenerateArguments> {
  return {
    command: 'generate',
    describe: 'Write text with a language model',
    builder: (builder) =>
      builder
        .options({
          checkpoint: {
            type: 'string',
            requiresArg: true,
            demandOption: true,
            describe: 'Folder of looksay train text',
          },
          prompt: { type: 'string', default: '', describe: 'What to continue' },
          interactive: {
            type: 'boolean',
            default: false,
            describe: 'Continue each line that is typed; a number takes one of the alternatives',
          },
          explain: {
            type: 'boolean',
            default: false,
            describe: 'Write no text: show what the model expects after each unit of the prompt',
          },
          stop: { type: 'string', requiresArg: true, describe: 'End a text before this' },
        })
        .options(asYargsOptions(NUMBERS))
        .options(backendOptions) as unknown as Argv<GenerateArguments>,
    handler: (argv: ArgumentsCamelCase<GenerateArguments>) => runGenerate(argv, context),
  };
}

async function runGenerate(argv: ArgumentsCamelCase<GenerateArguments>, context: CommandContext): Promise<void> {
  checkNumbers(NUMBERS, argv);
  refuseIdle(argv);
  const { length, temperature, topK, topP, count, seed, stop } = argv;
  const options = { ...given({ length, temperature, topK, topP, count, seed, stop }), signal: context.signal };
  await selectBackend(argv);
  const generator = await loadTextGenerator(argv.checkpoint);
  try {
    if (argv.interactive) {
      const onPrompt = (prompt: string): void => warnOfUnknown(generator, prompt);
      await runInteractive(generator, { prompt: argv.prompt, options, escape: escapeBreaks, onPrompt }, context);
      return;
    }
    warnOfUnknown(generator, argv.prompt);
    if (argv.explain) await runExplain(generator.model, argv, context);
    else if ((count ?? 1) === 1) await stream(generator, argv.prompt, options, context);
    else await writeLines(generator, argv.prompt, options, context);
  } finally {
    generator.dispose();
  }
  context.signal.throwIfAborted();
}

/** Throws UserError for options that would have no effect. */
function refuseIdle({ explain, interactive, neuron, layer, top }: GenerateArguments): void {
  const wrong = (message: string): UserError => new UserError(message, { exitCode: 2 });
  if (explain && interactive) throw wrong('--explain and --interactive: choose one of them');
  if (!explain && (neuron ?? layer ?? top) !== undefined) {
    throw wrong('--top, --neuron, --layer: have a meaning with --explain only');
  }
  if (layer !== undefined && neuron === undefined) throw wrong('--layer: has a meaning with --neuron only');
}

function warnOfUnknown(generator: TextGenerator, prompt: string): void {
  const unknown = generator.unknownIn(prompt);
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 10).map((unit) => JSON.stringify(unit));
  const more = unknown.length > shown.length ? ` and ${unknown.length - shown.length} more` : '';
  warn(`the model has never seen ${shown.join(', ')}${more}: passed over in the prompt`);
}

async function stream(
  generator: TextGenerator,
  prompt: string,
  options: Partial<GenerateOptions>,
  { stdout }: CommandContext,
): Promise<void> {
  const shown = (text: string): string => (stdout.isTTY === true ? withoutControls(text) : text);
  stdout.write(shown(prompt));
  await generator.generate(prompt, { ...options, onText: (text) => void stdout.write(shown(text)) });
  stdout.write('\n');
}

/** What a terminal would obey is shown as a symbol: a model writes whatever its text had. */
function withoutControls(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\uFFFD');
}

async function writeLines(
  generator: TextGenerator,
  prompt: string,
  options: Partial<GenerateOptions>,
  context: CommandContext,
): Promise<void> {
  const { count = 1 } = options;
  const texts = await generator.generate(prompt, options);
  for (const text of texts) context.stdout.write(`${escapeBreaks(prompt + text)}\n`);
  if (texts.length < count && !context.signal.aborted) {
    context.exitCode = 1;
    throw new UserError(
      `found only ${texts.length} different texts of ${count} (raise --temperature, --top-p or --length)`,
    );
  }
}

/** One line: line breaks, other controls and backslashes escaped as in JSON. */
function escapeBreaks(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')

    .replace(
      /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g,
      (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}
