/**
 * `looksay generate --interactive`: continues what the user types. Each line is added to the text so far; the model offers
 * ways to go on, and a number takes one of them.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { GenerateOptions, TextGenerator } from '../../tasks/text/generate.js';
import type { CommandContext } from '../context.js';

const DEFAULT_ALTERNATIVES = 3;

export interface InteractiveOptions {
  readonly prompt: string;
  readonly options: Partial<GenerateOptions>;
  /** One line, without line breaks. */
  readonly escape: (text: string) => string;
  readonly onPrompt: (prompt: string) => void;
}

/** Reads lines until the input ends. */
export async function runInteractive(
  generator: TextGenerator,
  { prompt, options, escape, onPrompt }: InteractiveOptions,
  { stdin, stdout, signal }: CommandContext,
): Promise<void> {
  const { count = options.temperature === 0 ? 1 : DEFAULT_ALTERNATIVES, seed = 1 } = options;
  let [text, round] = [prompt, 0];
  let alternatives: readonly string[] = [];
  const offer = async (): Promise<void> => {
    onPrompt(text);
    alternatives = await generator.generate(text, { ...options, count, seed: seed + round++ });
    alternatives.forEach((each, index) => stdout.write(`${index + 1}\t${escape(each)}\n`));
  };
  if (prompt !== '') await offer();
  for await (const line of createInterface({ input: Readable.from(stdin), crlfDelay: Infinity })) {
    if (signal.aborted) break;
    const taken = /^\d+$/.test(line) ? alternatives[Number(line) - 1] : undefined;
    text += taken ?? line;
    if (taken !== undefined) stdout.write(`\t${escape(text)}\n`);
    await offer();
  }
}
