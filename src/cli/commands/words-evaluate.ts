/** `looksay words evaluate`: how many analogies word vectors get right, and how well they order pairs of words. */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { type AnalogyScore, evaluateWords, type WordsEvaluation } from '../../tasks/words/evaluate.js';
import { loadWordVectors } from '../../tasks/words/vectors.js';
import { type BackendArguments, backendOptions, selectBackend } from '../backend-options.js';
import type { CommandContext } from '../context.js';
import { vectorsOption } from './words-options.js';

interface EvaluateArguments extends BackendArguments {
  readonly vectors: string;
  readonly analogies: string[];
  readonly similarities: string[];
  readonly format: 'text' | 'json';
}

export function wordsEvaluateCommand(context: CommandContext): CommandModule<object, EvaluateArguments> {
  return {
    command: 'evaluate',
    describe: 'Score word vectors by analogy questions and by rated pairs of words',
    builder: evaluateOptions,
    handler: (argv: ArgumentsCamelCase<EvaluateArguments>) => runEvaluate(argv, context),
  };
}

function evaluateOptions<T>(builder: Argv<T>): Argv<EvaluateArguments> {
  const files = (describe: string) =>
    ({ type: 'string', array: true, requiresArg: true, default: [] as string[], describe }) as const;
  return builder.options({
    ...vectorsOption,
    analogies: files('Analogy questions (questions-words.txt); may be repeated'),
    similarities: files('Pairs of words with a rating (WordSim-353, SimLex-999, MEN); may be repeated'),
    format: { choices: ['text', 'json'] as const, default: 'text', describe: 'A table, or JSON' },
    ...backendOptions,
  }) as unknown as Argv<EvaluateArguments>;
}

async function runEvaluate(argv: ArgumentsCamelCase<EvaluateArguments>, context: CommandContext): Promise<void> {
  const { vectors: where, analogies, similarities } = argv;
  if (analogies.length + similarities.length === 0) {
    throw new UserError('name what to score by: --analogies FILE or --similarities FILE', { exitCode: 2 });
  }
  await selectBackend(argv);
  const vectors = await loadWordVectors(where);
  const evaluation = await evaluateWords({ vectors, where, analogies, similarities, signal: context.signal });
  if (!hasScores(evaluation)) context.exitCode = 1;
  context.stdout.write(argv.format === 'json' ? `${JSON.stringify(evaluation)}\n` : tableOf(evaluation));
}

/** Whether any question or pair had vectors for its words. */
function hasScores({ analogies, similarities }: WordsEvaluation): boolean {
  return analogies.some(({ total }) => total.answered > 0) || similarities.some(({ compared }) => compared > 0);
}

/** Scores for people, one a row. */
function tableOf({ analogies, similarities }: WordsEvaluation): string {
  const lines: string[] = [];
  for (const { file, sections, total } of analogies) {
    lines.push(
      `${'accuracy'.padStart(8)}${'right'.padStart(8)}${'answered'.padStart(10)}${'asked'.padStart(8)}  ${file}`,
    );
    for (const score of [...sections, total]) lines.push(analogyLine(score));
  }
  for (const { file, rho, compared, pairs } of similarities) {
    lines.push(`${'rho'.padStart(8)}${'compared'.padStart(18)}${'pairs'.padStart(8)}  ${file}`);
    lines.push(`${shown(rho, 4).padStart(8)}${String(compared).padStart(18)}${String(pairs).padStart(8)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function analogyLine({ section, accuracy, right, answered, questions }: AnalogyScore): string {
  const percent = Number.isNaN(accuracy) ? '–' : `${shown(100 * accuracy, 2)} %`;
  return `${percent.padStart(8)}${String(right).padStart(8)}${String(answered).padStart(10)}${String(questions).padStart(8)}  ${section}`;
}

const shown = (value: number, digits: number): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));
