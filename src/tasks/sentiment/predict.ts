/** Judges texts with a trained checkpoint; memory does not grow with their number, nor the work with their length. */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import { classifyTexts } from '../../models/sentiment/index.js';
import { given } from '../../shared/given.js';
import { groupsOf } from '../../shared/groups.js';
import { NUMBER_RULES, requireNumbers, requireString, requireStrings } from '../../shared/rules.js';
import { LostCharacters, requireUtf8File } from '../../text/encoding.js';
import { LONGEST_LINE, readLines } from '../../text/lines.js';
import { toTensors } from '../../training/parameters.js';
import { lifetimeOf } from '../predictor.js';
import { likeliestLabels, type ScoredLabel } from '../scored-labels.js';
import { classifyAll, type ClassifyIds } from './classify.js';
import { explainText, type SentimentExplanation } from './explain.js';
import { loadSentimentModel, type SentimentModel } from './model.js';
import { encodeText } from './tokens.js';

/** What is said of one text, or why nothing is. */
export type SentimentAnswer =
  | (ScoredLabel & {
      /** The most probable classes, the first included. */
      readonly top: readonly ScoredLabel[];
    })
  | { readonly error: string };

/** What is said of one line of a file, counted from 1. */
export type SentimentResult =
  | (ScoredLabel & { readonly line: number; readonly text: string; readonly top: readonly ScoredLabel[] })
  | { readonly line: number; readonly error: string };

/** How much is said of each text. */
export interface SentimentOptions {
  /** Classes to give for each text; default 5. */
  readonly top?: number;
  /** Aborting it ends the work: its reason is thrown. */
  readonly signal?: AbortSignal;
}

export const sentimentPredictionDefaults = { top: 5 } as const;

/** What the numbers among the options must be. */
export const sentimentRules = { top: NUMBER_RULES.count };

/** A classifier of texts, ready to use. Its methods throw UserError for what makes no sense, and after `dispose`. */
export interface SentimentClassifier {
  readonly model: SentimentModel;
  readonly labels: readonly string[];
  /** What each of `texts` is judged as, in their order; a text without a word gives an error. */
  classify(texts: readonly string[], options?: SentimentOptions): Promise<SentimentAnswer[]>;
  /** The same for each line of a file (given by its path) or a stream, as they come, empty lines too. */
  classifyLines(
    source: string | AsyncIterable<Uint8Array | string>,
    options?: SentimentOptions,
  ): AsyncGenerator<SentimentResult>;
  /** Why a text is judged so. Throws UserError when it has no word. */
  explain(text: string, options?: Pick<SentimentOptions, 'signal'>): Promise<SentimentExplanation>;
  /** Gives native memory back. */
  dispose(): void;
}

/** Lines that are judged together, and milliseconds for which more are waited for. */
const GROUP = { most: 1_024, patience: 20 };
const NO_WORDS = 'has no words to judge';

/**
 * Loads the classifier in `folder`. Throws UserError when it is missing, damaged, of another task or a newer format.
 *
 * @example
 * const classifier = await loadSentimentClassifier('checkpoints/sentiment');
 * const [answer] = await classifier.classify(['this movie is awesome']);
 * if ('label' in answer) console.log(answer.label, answer.probability);
 * classifier.dispose();
 */
export async function loadSentimentClassifier(folder: string): Promise<SentimentClassifier> {
  return createSentimentClassifier(await loadSentimentModel(folder));
}

/** A classifier of a model that is loaded already. */
export function createSentimentClassifier(model: SentimentModel): SentimentClassifier {
  const { labels, config, vocabulary } = model;
  const head = createHead(model);
  const lifetime = lifetimeOf('sentiment classifier', head.dispose);
  const judge: ClassifyIds = (texts, options) => lifetime.during(() => head.classify(texts, options));
  const classify = async (texts: readonly string[], options: SentimentOptions = {}): Promise<SentimentAnswer[]> => {
    lifetime.requireAlive();
    requireStrings('texts', texts);
    requireNumbers(sentimentRules, { ...options });
    const { top, signal } = { ...sentimentPredictionDefaults, ...given(options) };
    const all = texts.map((text) => encodeText(text, config, vocabulary));
    const judged = all.filter((ids) => ids.length > 0);
    const rows = await judge(judged, signal === undefined ? {} : { signal });
    let next = 0;
    return all.map((ids) => {
      if (ids.length === 0) return { error: NO_WORDS };
      const best = likeliestLabels(rows[next++] as Float32Array, labels, top);
      return { ...best[0], top: best };
    });
  };
  return {
    model,
    labels,
    classify,
    async *classifyLines(source, options = {}) {
      lifetime.requireAlive();
      requireNumbers(sentimentRules, { ...options });
      if (typeof source === 'string') await requireUtf8File(source);
      const name = typeof source === 'string' ? source : 'stdin';
      const lost = new LostCharacters();
      for await (const lines of groupsOf(readLines(source, { skipLong: true }), GROUP)) {
        const answers = await classify(
          lines.map(({ text }) => text),
          options,
        );
        for (const [index, { number, text, tooLong }] of lines.entries()) {
          const answer = answers[index] as SentimentAnswer;
          lost.add(text, `${name}:${number}`);
          if (tooLong === true) yield { line: number, error: `is longer than ${LONGEST_LINE} characters` };
          else if ('error' in answer) yield { line: number, error: answer.error };
          else yield { line: number, text, ...answer };
        }
      }
      lost.warn();
    },
    async explain(text, options = {}) {
      lifetime.requireAlive();
      requireString('text', text);
      return explainText(model, judge, text, options);
    },
    dispose: lifetime.dispose,
  };
}

export interface SentimentHead {
  readonly classify: ClassifyIds;
  readonly dispose: () => void;
}

/** The model, compiled. */
export function createHead({ config: { model }, weights }: SentimentModel): SentimentHead {
  const parameters = toTensors(weights);
  const run = compile((tokens: tf.Tensor, lengths: tf.Tensor) => classifyTexts(model, parameters, { tokens, lengths }));
  return {
    classify: (texts, options) => classifyAll(model, run, texts, options),
    dispose: () => {
      run.dispose();
      tf.dispose(parameters);
    },
  };
}
