/** Writes on from a prompt: a language model's step under the sampler that captioning has, one text or several at once. */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import { createSampler } from '../../decoding/index.js';
import { languageModelHidden, startLanguageModel, stepLanguageModel } from '../../models/language-model/index.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES, requireNumbers, requireString } from '../../shared/rules.js';
import { normalizeText, splitText } from '../../text/tokenizer.js';
import { END_ID, START_ID, UNKNOWN_ID, UNSAID_IDS } from '../../text/vocabulary.js';
import { toTensors } from '../../training/parameters.js';
import { lifetimeOf } from '../predictor.js';
import { loadTextModel, type TextModel } from './model.js';

/** How texts are written. */
export interface GenerateOptions {
  /** Units to write at most. */
  readonly length: number;
  /** Below 1 is bolder, above 1 more varied; 0 always takes the likeliest. */
  readonly temperature: number;
  /** Only the so many likeliest units. Default: all. */
  readonly topK?: number;
  /** Only the fewest likeliest units whose probabilities sum to this, in (0, 1]. */
  readonly topP: number;
  /** Different texts to write. */
  readonly count: number;
  readonly seed: number;
  /** A text ends before this. */
  readonly stop?: string;
  /** Aborting it ends the text under way, which is given as far as it is written; with none under way its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told of each piece of a single text as it is written. */
  readonly onText?: (text: string) => void;
}

/** The one place where the defaults of writing stand. */
export const generateDefaults: GenerateOptions = { length: 200, temperature: 1, topP: 1, count: 1, seed: 1 };

/** What the numbers among the options must be. */
export const generateRules = {
  length: NUMBER_RULES.count,
  temperature: NUMBER_RULES.fromZero,
  topK: NUMBER_RULES.count,
  topP: NUMBER_RULES.upToOne,
  count: NUMBER_RULES.count,
  seed: NUMBER_RULES.whole,
};

/** A language model, ready to write. */
export interface TextGenerator {
  readonly model: TextModel;
  /**
   * Different continuations of `prompt`, without it: `count` of them, or fewer when no more were found.
   * Throws UserError for options out of range, and after `dispose`.
   */
  generate(prompt: string, options?: Partial<GenerateOptions>): Promise<string[]>;
  /** The units of `prompt` that the model has never seen: they are passed over. */
  unknownIn(prompt: string): string[];
  dispose(): void;
}

/** Rows that are drawn at once. */
const ROWS = 64;
/** Draws for each text that is wanted. */
const MOST_ROUNDS = 10;
/** Steps of a prompt that are one graph. */
const WINDOW = 64;

/**
 * The language model in `folder`, ready to write.
 *
 * @example
 * const generator = await loadTextGenerator('checkpoints/shakespeare');
 * const [text] = await generator.generate('ROMEO:', { length: 300, temperature: 0.8 });
 * generator.dispose();
 */
export async function loadTextGenerator(folder: string): Promise<TextGenerator> {
  return createTextGenerator(await loadTextModel(folder));
}

export function createTextGenerator(model: TextModel): TextGenerator {
  const parameters = toTensors(model.weights);
  const lifetime = lifetimeOf('text generator', () => tf.dispose(parameters));
  return {
    model,
    unknownIn: (prompt) => [...new Set(unitsOf(model, prompt).filter((unit) => !isKnown(model, unit)))],
    async generate(prompt, chosen = {}) {
      lifetime.requireAlive();
      requireString('prompt', prompt);
      requireOptions(chosen);
      const options = withComposedStop({ ...generateDefaults, ...given(chosen) });
      return lifetime.during(() => writeOn({ model, parameters }, prompt, options));
    },
    dispose: lifetime.dispose,
  };
}

function unitsOf({ config }: TextModel, text: string): string[] {
  return [...splitText(normalizeText(text), config.unit)];
}

function isKnown({ vocabulary }: TextModel, unit: string): boolean {
  return vocabulary.idOf(unit) !== UNKNOWN_ID;
}

/** START and the units of the prompt that the model knows. */
export function promptTokens(model: TextModel, prompt: string): number[] {
  const known = unitsOf(model, prompt).filter((unit) => isKnown(model, unit));
  return [START_ID, ...model.vocabulary.encode(known)];
}

function requireOptions(options: Partial<GenerateOptions>): void {
  requireNumbers(generateRules, { ...options });
  const { temperature, count = 1, stop } = options;
  if (temperature === 0 && count > 1) {
    throw new UserError('temperature 0 always writes the same text: ask for one, or raise the temperature', {
      exitCode: 2,
    });
  }
  if (stop === undefined) return;
  requireString('stop', stop);
  if (stop === '') throw new UserError('stop: expected some text, got none', { exitCode: 2 });
}

/** The stop text as the model writes it: what it was trained on was composed (NFC). */
function withComposedStop(options: GenerateOptions): GenerateOptions {
  return options.stop === undefined ? options : { ...options, stop: normalizeText(options.stop) };
}

/** The state after `tokens`. */
function readPrompt(model: TextModel, parameters: Record<string, tf.Tensor>, tokens: readonly number[]): tf.Tensor[] {
  const { model: config } = model.config;
  let state = startLanguageModel(config, 1);
  for (let from = 0; from < tokens.length; from += WINDOW) {
    const window = tokens.slice(from, from + WINDOW);
    const next = tf.tidy(() => {
      const input = tf.tensor2d(window, [window.length, 1], 'int32');
      return [...languageModelHidden(config, parameters, { tokens: input, state }).state];
    });
    tf.dispose(state);
    state = next;
  }
  return state;
}

interface Loaded {
  readonly model: TextModel;
  readonly parameters: Record<string, tf.Tensor>;
}

interface Start extends Loaded {
  /** What the model remembers of the prompt but for its last token, which is `startId`. */
  readonly state: readonly tf.Tensor[];
  readonly startId: number;
}

async function writeOn({ model, parameters }: Loaded, prompt: string, options: GenerateOptions): Promise<string[]> {
  const tokens = promptTokens(model, prompt);
  const state = readPrompt(model, parameters, tokens.slice(0, -1));
  try {
    return await drawTexts({ model, parameters, state, startId: tokens.at(-1) as number }, options);
  } finally {
    tf.dispose(state);
  }
}

async function drawTexts(start: Start, options: GenerateOptions): Promise<string[]> {
  const { count } = options;
  const texts = new Set<string>();
  const rows = Math.min(ROWS, count);
  const rounds = count === 1 ? 1 : Math.ceil(count / rows) * MOST_ROUNDS;
  for (let round = 0; round < rounds && texts.size < count; round++) {
    options.signal?.throwIfAborted();
    for (const text of await drawRows(start, options, { rows, seed: options.seed + round * 0x9e3779b1 })) {
      if (texts.size < count) texts.add(text);
    }
  }
  return [...texts];
}

async function drawRows(
  { model, parameters, state, startId }: Start,
  options: GenerateOptions,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): Promise<string[]> {
  const { temperature, topK, topP, length, count, stop, signal, onText } = options;
  const writers = Array.from({ length: rows }, () => new Writer(stop, count === 1 ? onText : undefined));
  const sampler = createSampler({
    step: (tokens, { perRow, perImage }) => {
      const step = stepLanguageModel(model.config.model, parameters, tokens, perRow);
      return { logits: step.logits, state: { perRow: step.state, perImage } };
    },
    startId,
    endId: END_ID,
    suppressedIds: UNSAID_IDS,
    maximumLength: length,
    seed,
    candidates: rows,
    temperature: temperature === 0 ? 1 : temperature,
    ...(temperature === 0 ? { topK: 1 } : topK === undefined ? {} : { topK }),
    topP,
    onToken: (token, row) => {
      const ended = (writers[row] as Writer).add(model.vocabulary.tokenOf(token));
      return ended || signal?.aborted === true;
    },
    compile,
  });
  try {
    await sampler.decode({ perRow: state, perImage: [] }, 1);
  } finally {
    sampler.dispose();
  }
  return writers.map((writer) => writer.finish());
}

/** A text under way, which holds back what may be the beginning of the stop text. */
class Writer {
  #text = '';
  #told = 0;
  #ended = false;

  constructor(
    private readonly stop: string | undefined,
    private readonly onText: ((text: string) => void) | undefined,
  ) {}

  /** Whether the text has ended. */
  add(unit: string): boolean {
    const from = Math.max(0, this.#text.length - (this.stop?.length ?? 0));
    this.#text += unit;
    const at = this.stop === undefined ? -1 : this.#text.indexOf(this.stop, from);
    if (at >= 0) {
      this.#text = this.#text.slice(0, at);
      this.#ended = true;
    }
    this.#tell(this.#ended ? this.#text.length : this.#text.length - this.#heldBack());
    return this.#ended;
  }

  finish(): string {
    this.#tell(this.#text.length);
    return this.#text;
  }

  /** Characters at the end with which the stop text begins. */
  #heldBack(): number {
    const { stop = '' } = this;
    for (let length = Math.min(stop.length - 1, this.#text.length); length > 0; length--) {
      if (this.#text.endsWith(stop.slice(0, length))) return length;
    }
    return 0;
  }

  #tell(to: number): void {
    if (to > this.#told) this.onText?.(this.#text.slice(this.#told, to));
    this.#told = Math.max(this.#told, to);
  }
}
