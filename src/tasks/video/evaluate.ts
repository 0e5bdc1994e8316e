/** Scores a video classifier, beside the average of its frames' own predictions and, where there is one, a baseline. */
import type { LabelledClip } from '../../datasets/clips/index.js';
import { type ClassificationScores, scoreClassification } from '../../metrics/classification.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { Random } from '../../shared/random.js';
import { NUMBER_RULES, requireNumbers, requireString, requireStrings } from '../../shared/rules.js';
import { groupBy, splitByNames } from '../../datasets/clips/index.js';
import { type ClipSource, readSource } from './data.js';
import { frozenFrameEncoder } from '../encoder/clip-features.js';
import { decodeClips, FrameEncoder } from '../encoder/encode-clips.js';
import { frameEncodingOf, loadVideoModel, type VideoModel, windowsOf } from './model.js';
import { type ClipProbabilities, classifyRules, createHead } from './predict.js';

/** Which classifier is scored on which clips. */
export interface EvaluateVideoOptions extends ClipSource {
  readonly checkpoint: string;
  /** A classifier to score on the same clips, such as one of `--order none`. */
  readonly baseline?: string;
  /** Windows a clip whose probabilities are averaged; default: what the model says, else 1. */
  readonly windows?: number;
  readonly groupPattern?: string;
  /** Score the clips of these groups alone. */
  readonly groups?: readonly string[];
  /** Shuffle each clip's frames by this seed: what a model scores then, it does not owe to their order. */
  readonly shuffleSeed?: number;
  /** Seconds that the decoding of a clip may take; default 60. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** What the numbers among the options must be. */
export const evaluateVideoRules = {
  windows: classifyRules.windows,
  shuffleSeed: NUMBER_RULES.countFromZero,
  timeout: classifyRules.timeout,
};

/** Scores of one way of classifying. */
export interface NamedClassificationScores {
  readonly name: string;
  readonly scores: ClassificationScores;
}

/** A clip that could not be classified, and why. */
export interface FailedClip {
  readonly video: string;
  readonly error: string;
}

/** The scores of a video classifier, beside those of baselines. */
export interface VideoEvaluation {
  /** Clips that were scored. */
  readonly clips: number;
  /** Clips that were not, because they could not be decoded: how many, and which. */
  readonly failed: number;
  readonly failures: readonly FailedClip[];
  readonly labels: readonly string[];
  readonly scores: ClassificationScores;
  readonly baselines: readonly NamedClassificationScores[];
  readonly predictions: readonly { readonly video: string; readonly right: string; readonly said: string }[];
}

/**
 * Classifies the labelled clips and scores what is said; one that cannot be decoded is named and not scored. Throws
 * UserError when there is nothing to score, and for options that make no sense.
 */
export async function evaluateVideoClassifier(options: EvaluateVideoOptions): Promise<VideoEvaluation> {
  requireString('data', options.data);
  requireNumbers(evaluateVideoRules, { ...options });
  if (options.groups !== undefined) requireStrings('groups', options.groups);
  const model = await loadVideoModel(options.checkpoint);
  const clips = clipsToScore(options, model);
  const { found, failures } = await classifyAll(model, clips, options);
  if (found.length === 0) throw new UserError(`${options.data}: no clip could be decoded`);
  const labels = found.map(({ clip }) => model.labels.indexOf(clip.label));
  const classes = model.labels.length;
  const scores = scoreClassification(
    found.map(({ probabilities }) => probabilities.clip),
    labels,
    classes,
  );
  const averages = found.map(({ probabilities }) => meanOf(probabilities.frames));
  const baselines: NamedClassificationScores[] = [
    { name: 'the average of what it says after each frame', scores: scoreClassification(averages, labels, classes) },
  ];
  if (options.baseline !== undefined) {
    baselines.push({ name: options.baseline, scores: await scoreBaseline(options.baseline, model, options) });
  }
  const predictions = found.map(({ clip, probabilities }) => ({
    video: clip.path,
    right: clip.label,
    said: model.labels[probabilities.clip.indexOf(Math.max(...probabilities.clip))] as string,
  }));
  return {
    clips: found.length,
    failed: failures.length,
    failures,
    labels: model.labels,
    scores,
    baselines,
    predictions,
  };
}

async function scoreBaseline(
  checkpoint: string,
  { labels }: VideoModel,
  options: EvaluateVideoOptions,
): Promise<ClassificationScores> {
  const model = await loadVideoModel(checkpoint);
  if (model.labels.join('\0') !== labels.join('\0')) {
    throw new UserError(
      `${checkpoint}: expected the same classes (${labels.join(', ')}), found ${model.labels.join(', ')}`,
    );
  }
  const { found } = await classifyAll(model, clipsToScore(options, model), options);
  return scoreClassification(
    found.map(({ probabilities }) => probabilities.clip),
    found.map(({ clip }) => labels.indexOf(clip.label)),
    labels.length,
  );
}

function clipsToScore(options: EvaluateVideoOptions, { labels }: VideoModel): readonly LabelledClip[] {
  const { clips } = readSource(options);
  const { groups, groupPattern } = options;
  const chosen =
    groups === undefined
      ? clips
      : splitByNames(clips, groupBy(groupPattern, clips), { names: groups, option: '--groups' }).validation;
  const known = chosen.filter(({ label }) => labels.includes(label));
  const strangers = new Set(chosen.filter((clip) => !known.includes(clip)).map(({ label }) => label));
  if (strangers.size > 0) warn(`left out: classes that the model does not know: ${[...strangers].join(', ')}`);
  if (known.length > 0) return known;
  throw new UserError(`${options.data}: no clip has a label of this model's (${labels.join(', ')})`);
}

interface ClassifiedClip {
  readonly clip: LabelledClip;
  readonly probabilities: ClipProbabilities;
}

interface ClassifiedClips {
  readonly found: readonly ClassifiedClip[];
  readonly failures: readonly FailedClip[];
}

async function classifyAll(
  model: VideoModel,
  clips: readonly LabelledClip[],
  { windows = windowsOf(model.config), shuffleSeed, timeout, signal }: EvaluateVideoOptions,
): Promise<ClassifiedClips> {
  const { frames } = model.config;
  const random = shuffleSeed === undefined ? undefined : new Random(shuffleSeed);
  const head = createHead(model);
  const frozen = frozenFrameEncoder(frameEncodingOf(model));
  const encoder = new FrameEncoder(frozen);
  const progress = startProgress('classifying', clips.length);
  const found: ClassifiedClip[] = [];
  const failures: FailedClip[] = [];
  const limits = { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
  let position = 0;
  try {
    for await (const decoded of decodeClips(
      frozen,
      clips.map(({ path }) => path),
      [{ frames, windows }],
      limits,
    )) {
      const clip = clips[position++] as LabelledClip;
      progress.advance(1);
      if (decoded.error !== undefined) {
        warn(`${decoded.error.message}; not scored`);
        failures.push({ video: clip.path, error: decoded.error.reason });
        continue;
      }
      const { video } = decoded;
      const seen = random === undefined ? video : { frames: random.shuffled(video.frames) };
      const probabilities = await head.classify(await encoder.encode(seen), { windows, frames });
      found.push({ clip, probabilities });
    }
    return { found, failures };
  } finally {
    progress.stop();
    encoder.dispose();
    frozen.dispose();
    head.dispose();
  }
}

function meanOf(rows: readonly Float32Array[]): Float32Array {
  const [first] = rows;
  return Float32Array.from(first ?? [], (_, index) =>
    rows.reduce((sum, row) => sum + (row[index] as number) / rows.length, 0),
  );
}
