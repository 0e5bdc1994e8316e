/** Scores a classifier of texts on texts whose classes are known, beside a bag of words. */
import type { LabelledText } from '../../datasets/texts/index.js';
import {
  type ClassificationScores,
  type ClassScores,
  macroF1,
  ranked,
  scoreClasses,
  scoreClassification,
} from '../../metrics/classification.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { requireChoice, requireStringsOf } from '../../shared/rules.js';
import { describeHeldOut, SPLIT_PARTS, splitItems, type SplitPart } from '../held-out.js';
import { bagOfWordsProbabilities } from './baseline.js';
import { fingerprintOfLabelled, knownOnly, type LabelledTextSource, readSource } from './data.js';
import { loadSentimentModel, type SentimentModel } from './model.js';
import { createHead } from './predict.js';
import { encodeText } from './tokens.js';

/** Which classifier is scored on which texts. */
export interface EvaluateSentimentOptions {
  readonly checkpoint: string;
  readonly source: LabelledTextSource;
  /** Default: what was held out, when `source` is what the model was trained on; otherwise all. */
  readonly part?: SplitPart;
  /**
   * Trains a bag of words to set beside the model. Of the data that the model was trained on, only what was not held out is
   * taken.
   */
  readonly trainSource?: LabelledTextSource;
  readonly signal?: AbortSignal;
}

/** Scores of one way of judging. */
export interface SentimentScores extends ClassificationScores {
  readonly name: string;
  /** The mean of the classes' F1. */
  readonly macroF1: number;
  /** By number, as `labels`. */
  readonly classes: readonly ClassScores[];
}

/** The scores of a classifier of texts, and of a bag of words where one was asked for. */
export interface SentimentEvaluation {
  /** What was scored, in words. */
  readonly part: string;
  readonly texts: number;
  readonly labels: readonly string[];
  readonly scores: SentimentScores;
  readonly baseline?: SentimentScores;
  readonly predictions: readonly { readonly text: string; readonly right: string; readonly said: string }[];
}

/** Judges the texts and scores what is said. Throws UserError when there is nothing to score, and for a part that is none. */
export async function evaluateSentiment(options: EvaluateSentimentOptions): Promise<SentimentEvaluation> {
  const { source, trainSource, signal } = options;
  requireStringsOf('source', ['path'], source);
  requireChoice('part', SPLIT_PARTS, options.part);
  const model = await loadSentimentModel(options.checkpoint);
  const { labels } = model;
  const all = (await readSource(source)).texts;
  const part = options.part ?? (isTrainingData(all, model) ? 'held-out' : 'all');
  const texts = knownOnly(chosenTexts(all, part, model), labels);
  const rows = await judge(model, texts, signal);
  const scores = scoresOf('this classifier', rows, texts, labels);
  const baseline = trainSource === undefined ? undefined : await baselineScores(trainSource, texts, model, signal);
  const { split } = model.config;
  return {
    part: part === 'held-out' ? `held out: ${describeHeldOut(split)}` : part,
    texts: texts.length,
    labels,
    scores,
    ...(baseline === undefined ? {} : { baseline }),
    predictions: texts.map(({ text, label }, index) => ({
      text,
      right: label,
      said: labels[ranked(rows[index] as Float32Array)[0] as number] as string,
    })),
  };
}

function isTrainingData(texts: readonly LabelledText[], { config }: SentimentModel): boolean {
  return config.split.kind !== 'none' && fingerprintOfLabelled(texts) === config.data;
}

function chosenTexts(
  texts: readonly LabelledText[],
  part: SplitPart,
  { config: { split } }: SentimentModel,
): readonly LabelledText[] {
  switch (part) {
    case 'all':
      return texts;
    case 'train':
      return splitItems(texts, split).train;
    case 'held-out':
      if (split.kind !== 'none') return splitItems(texts, split).heldOut;
      throw new UserError('nothing of its data was held out when this model was trained (score all with --part all)', {
        exitCode: 2,
      });
  }
}

/** The probabilities of the classes; a text without a word is as likely of each. */
async function judge(
  model: SentimentModel,
  texts: readonly LabelledText[],
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const { config, vocabulary, labels } = model;
  const all = texts.map(({ text }) => encodeText(text, config, vocabulary));
  const judged = all.filter((ids) => ids.length > 0);
  if (judged.length < all.length) warn(`${all.length - judged.length} texts have no word; each class is as likely`);
  const head = createHead(model);
  const progress = startProgress('judging', judged.length);
  try {
    const rows = await head.classify(judged, {
      onProgress: (count) => progress.advance(count),
      ...(signal === undefined ? {} : { signal }),
    });
    let next = 0;
    const even = new Float32Array(labels.length).fill(1 / labels.length);
    return all.map((ids) => (ids.length > 0 ? (rows[next++] as Float32Array) : even));
  } finally {
    progress.stop();
    head.dispose();
  }
}

function scoresOf(
  name: string,
  rows: readonly Float32Array[],
  texts: readonly LabelledText[],
  labels: readonly string[],
): SentimentScores {
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const scores = scoreClassification(
    rows,
    texts.map(({ label }) => numbers.get(label) as number),
    labels.length,
  );
  return { name, ...scores, macroF1: macroF1(scores.confusion), classes: scoreClasses(scores.confusion) };
}

async function baselineScores(
  trainSource: LabelledTextSource,
  texts: readonly LabelledText[],
  model: SentimentModel,
  signal: AbortSignal | undefined,
): Promise<SentimentScores> {
  const { labels, config } = model;
  const all = (await readSource(trainSource)).texts;
  const train = knownOnly(isTrainingData(all, model) ? splitItems(all, config.split).train : all, labels);
  const name = `a bag of words (logistic regression on ${train.length} texts)`;
  return scoresOf(name, await bagOfWordsProbabilities(train, texts, labels, signal), texts, labels);
}
