/** `looksay generate --explain`: what a language model expects at each step, or where one of its cells is active. */
import { given } from '../../shared/given.js';
import { explainText, type ExplainedStep } from '../../tasks/text/explain.js';
import type { TextModel } from '../../tasks/text/model.js';
import type { CommandContext } from '../context.js';

export interface ExplainArguments {
  readonly prompt: string;
  readonly top: number | undefined;
  readonly neuron: number | undefined;
  readonly layer: number | undefined;
}

export const DEFAULT_TOP = 5;

/** Writes a line a step; of one cell, on a terminal, the text coloured by it. */
export async function runExplain(
  model: TextModel,
  { prompt, top = DEFAULT_TOP, neuron, layer }: ExplainArguments,
  { stdout, signal }: CommandContext,
): Promise<void> {
  const steps = await explainText(model, prompt, { top, signal, ...given({ neuron, layer }) });
  if (neuron === undefined) for (const step of steps) stdout.write(expectationLine(step));
  else if (stdout.isTTY === true) stdout.write(`${steps.slice(1).map(coloured).join('')}\n`);
  else for (const step of steps) stdout.write(`${shown(step.unit)}\t${(step.activation ?? 0).toFixed(4)}\n`);
}

/** Quoted when it is no plain word: white space and controls show. */
function shown(unit: string): string {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u.test(unit) ? unit : JSON.stringify(unit);
}

function expectationLine({ unit, next }: ExplainedStep): string {
  const expected = next.map((each) => `${shown(each.unit)} ${each.probability.toFixed(3)}`);
  return `${[shown(unit), ...expected].join('\t')}\n`;
}

/** Green where the cell is on, red where it is off, as in the paper; controls are shown as symbols. */
function coloured({ unit, activation = 0 }: ExplainedStep): string {
  const level = Math.round(200 * Math.min(1, Math.abs(activation)));
  const background = activation > 0 ? `0;${level};0` : `${level};0;0`;

  const visible = unit.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '\uFFFD').replaceAll('\n', '⏎\n');
  return `\x1b[48;2;${background}m\x1b[38;2;255;255;255m${visible}\x1b[0m`;
}
