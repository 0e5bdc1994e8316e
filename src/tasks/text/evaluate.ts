/** Scores a language model on a text: how many nats and bits each unit costs it. */
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../shared/errors.js';
import { isObject } from '../../shared/fields.js';
import { warn } from '../../shared/log.js';
import { NUMBER_RULES, requireChoice, requireNumbers, requireStringsOf } from '../../shared/rules.js';
import { parseJson, readText, requireObject } from '../../training/json-files.js';
import { toTensors } from '../../training/parameters.js';
import { fingerprintOf } from '../fingerprint.js';
import { describeHeldOut, type HeldOut, SPLIT_PARTS, type SplitPart } from '../held-out.js';
import { encodeText, readTextDocuments, splitTexts, type TextSource } from './corpus.js';
import { SETTINGS_FILE } from '../training-folder.js';
import { loadTextModel } from './model.js';
import { scoreSequences } from './score.js';

/** Which language model is scored on which text. */
export interface EvaluateTextOptions {
  readonly checkpoint: string;
  readonly source: TextSource;
  /** Default: of the text that the model was trained on what was held out, of others all. */
  readonly part?: SplitPart;
  /** Start from nothing every so many units. Default: documents are read as a whole. */
  readonly chunk?: number;
  readonly signal?: AbortSignal;
}

/** How well a language model predicts a text: natural logarithms (nats), the lower the better. */
export interface TextEvaluation {
  /** What was scored, in words. */
  readonly part: string;
  readonly unit: 'char' | 'word';
  readonly documents: number;
  readonly characters: number;
  /** Stretches without white space. */
  readonly words: number;
  readonly units: number;
  /** Units that the vocabulary does not have. */
  readonly unknownUnits: number;
  /** Of the text itself: without the ends of documents. */
  readonly natsPerCharacter: number;
  readonly bitsPerCharacter: number;
  readonly natsPerUnit: number;
  /** e to the nats of a word, the white space and punctuation around it included. */
  readonly perplexityPerWord: number;
  /** Of the end of a document, on average. */
  readonly natsPerEnd: number;
}

/** What the numbers among the options must be. */
export const evaluateTextRules = { chunk: NUMBER_RULES.count };

/** Scores the language model in `checkpoint`. Throws UserError for what the user can mend. */
export async function evaluateText(options: EvaluateTextOptions): Promise<TextEvaluation> {
  const { source, signal } = options;
  requireStringsOf('source', ['path'], source);
  requireChoice('part', SPLIT_PARTS, options.part);
  requireNumbers(evaluateTextRules, { ...options });
  const { config, vocabulary, weights } = await loadTextModel(options.checkpoint);
  const all = await readTextDocuments(source, signal);
  const { split, unit, model } = config;
  const known = options.part === 'all' ? undefined : await isTrainingText(options.checkpoint, all);
  const part = options.part ?? (known === false || split.kind === 'none' ? 'all' : 'held-out');
  if (part !== 'all') warnOfText(options, known);
  if (part === 'held-out' && split.kind === 'none') {
    throw new UserError('nothing was held out when this model was trained (score all of a text with --part all)', {
      exitCode: 2,
    });
  }
  const texts = chosen(all, part, split);
  const parameters = toTensors(weights);
  try {
    const sequences = texts.map((text) => encodeText(text, unit, vocabulary));
    const { nats, units, unknown, endNats, ends } = await scoreSequences(model, parameters, sequences, options);
    const characters = texts.reduce((sum, text) => sum + codePoints(text), 0);
    const words = texts.reduce((sum, text) => sum + countWords(text), 0);
    return {
      part: part === 'held-out' ? `held out: ${describeHeldOut(split)}` : part,
      unit,
      documents: texts.length,
      characters,
      words,
      units,
      unknownUnits: unknown,
      natsPerCharacter: nats / characters,
      bitsPerCharacter: nats / characters / Math.LN2,
      natsPerUnit: nats / units,
      perplexityPerWord: Math.exp(nats / Math.max(1, words)),
      natsPerEnd: endNats / Math.max(1, ends),
    };
  } finally {
    tf.dispose(parameters);
  }
}

/** Warns when the parts of the text may not be those of training. */
function warnOfText({ source: { path }, checkpoint }: EvaluateTextOptions, known: boolean | undefined): void {
  if (known === false) {
    warn(`${path}: is not the text that the model was trained on: what was held out of that is not known here`);
  } else if (known === undefined) {
    warn(
      `${checkpoint}: does not say which text it was trained on: what was held out is right only if that is ${path} ` +
        '(score all of another text with --part all)',
    );
  }
}

/** Whether the settings beside the model name these texts; undefined where there are none. */
async function isTrainingText(checkpoint: string, texts: readonly string[]): Promise<boolean | undefined> {
  const path = join(checkpoint, SETTINGS_FILE);
  if (!existsSync(path)) return undefined;
  const { text } = requireObject(path, parseJson(path, await readText(path, 'choose a checkpoint folder')));
  return isObject(text) && typeof text['sha256'] === 'string' ? text['sha256'] === fingerprintOf(texts) : undefined;
}

function chosen(texts: readonly string[], part: SplitPart, split: HeldOut): readonly string[] {
  switch (part) {
    case 'all':
      return texts.filter((text) => text !== '');
    case 'train':
      return splitTexts(texts, split).train;
    case 'held-out':
      return splitTexts(texts, split).heldOut;
  }
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function countWords(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/\S+/gu)) count++;
  return count;
}
