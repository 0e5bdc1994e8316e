/**
 * Classifies clips with a trained checkpoint. Decoding of the next clips overlaps with the model's work on this one, and
 * memory does not grow with the number or the length of clips.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import { type ClipInput, DEFAULT_TIMEOUT_SECONDS, type DecodedVideo, startDecoder } from '../../media/video/index.js';
import { classifyClips } from '../../models/video-classifier/index.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES, requireBoolean, requireNumbers } from '../../shared/rules.js';
import { toTensors } from '../../training/parameters.js';
import { lifetimeOf, requireClips } from '../predictor.js';
import { likeliestLabels, type ScoredLabel } from '../scored-labels.js';
import { frameShape, frozenFrameEncoder } from '../encoder/clip-features.js';
import { decodeClips, FrameEncoder } from '../encoder/encode-clips.js';
import { frameEncodingOf, loadVideoModel, type VideoModel } from './model.js';
import {
  type ClipSampling,
  type FrameChoice,
  type Moment,
  samplingOf,
  type TimelineEntry,
  timelineOf,
} from './timeline.js';

export type { TimelineEntry } from './timeline.js';

/** What is said of one clip, or why nothing is. */
export type ClassifyResult =
  | {
      readonly video: string;
      readonly label: string;
      readonly probability: number;
      /** The most probable classes, the first included. */
      readonly top: readonly ScoredLabel[];
      readonly timeline?: readonly TimelineEntry[];
      /** What is missing where only a part of the clip could be decoded. */
      readonly partial?: string;
    }
  | { readonly video: string; readonly error: string };

/** How clips are classified. What is not given has its default. */
export interface ClassifyOptions extends FrameChoice {
  /** Classes to give; default 5. */
  readonly top?: number;
  /** Seconds that the decoding of a clip may take; default 60. */
  readonly timeout?: number;
  /** Aborting it ends the work: its reason is thrown. */
  readonly signal?: AbortSignal;
}

export const classifyDefaults = { top: 5, timeline: false, timeout: DEFAULT_TIMEOUT_SECONDS } as const;

/** What the numbers among the options must be. */
export const classifyRules = {
  frames: NUMBER_RULES.count,
  windows: NUMBER_RULES.count,
  top: NUMBER_RULES.count,
  timeout: NUMBER_RULES.aboveZero,
};

/** The probabilities of one clip. */
export interface ClipProbabilities {
  /** Of the classes. */
  readonly clip: Float32Array;
  /** Of the classes, for each frame. */
  readonly frames: readonly Float32Array[];
}

/** A classifier of clips, ready to use. */
export interface VideoClassifier {
  readonly labels: readonly string[];
  /**
   * What clips show, in their order; a clip that cannot be read gives an error and the others go on. Throws UserError,
   * when the first is asked for, for options or clips that make no sense, and after `dispose`.
   */
  classify(clips: Iterable<ClipInput>, options?: ClassifyOptions): AsyncGenerator<ClassifyResult>;
  /** Gives native memory back. */
  dispose(): void;
}

/**
 * Loads the classifier in `folder`. Throws UserError when it is missing, damaged, of another task or a newer format.
 *
 * @example
 * const classifier = await loadVideoClassifier('checkpoints/shapes');
 * for await (const result of classifier.classify(['clip.mp4'], { timeline: true })) {
 *   console.log('label' in result ? `${result.label} ${result.probability}` : result.error);
 * }
 * classifier.dispose();
 */
export async function loadVideoClassifier(folder: string): Promise<VideoClassifier> {
  return createVideoClassifier(await loadVideoModel(folder));
}

/** A classifier of a model that is loaded already. */
export function createVideoClassifier(model: VideoModel): VideoClassifier {
  startDecoder();
  const { labels, config } = model;
  const head = createHead(model);
  const frozen = frozenFrameEncoder(frameEncodingOf(model));
  const encoder = new FrameEncoder(frozen);
  const lifetime = lifetimeOf('video classifier', () => {
    encoder.dispose();
    frozen.dispose();
    head.dispose();
  });
  return {
    labels,
    async *classify(inputs, options = {}) {
      lifetime.requireAlive();
      requireNumbers(classifyRules, { ...options });
      requireBoolean('timeline', options.timeline);
      const clips = requireClips(inputs);
      const chosen = { ...classifyDefaults, ...given(options) };
      const { top, timeline, timeout, signal } = chosen;
      const seen = samplingOf(config, chosen);
      const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
      for await (const clip of decodeClips(frozen, clips, seen.samplings, limits)) {
        lifetime.requireAlive();
        if (clip.error !== undefined) {
          yield { video: clip.path, error: clip.error.reason };
          continue;
        }
        const answer = await lifetime.during(async () =>
          look(head, clip.video, await encoder.encode(clip.video), seen),
        );
        yield describe(clip.path, clip.video, answer, { labels, top, timeline });
      }
    },
    dispose: lifetime.dispose,
  };
}

export interface ClassifierHead {
  /** The probabilities of a clip from the features of its frames, those of the windows averaged. */
  classify(
    features: Float32Array,
    shape: { readonly windows: number; readonly frames: number },
  ): Promise<ClipProbabilities>;
  dispose(): void;
}

/** The classifier without its encoder, compiled. */
export function createHead(model: VideoModel): ClassifierHead {
  const { classifier: config } = model.config;
  const parameters = toTensors(model.classifier);
  const [height, width, channels] = frameShape(frameEncodingOf(model));
  const run = compile((features: tf.Tensor) => {
    const { clip, frames } = classifyClips(config, parameters, features);
    return [clip, frames];
  });
  return {
    async classify(features, { windows, frames }) {
      const [clip, perFrame] = tf.tidy(() => run(tf.tensor(features, [windows, frames, height * width, channels]))) as [
        tf.Tensor,
        tf.Tensor,
      ];
      const [ofWindows, ofFrames] = (await Promise.all([clip.data(), perFrame.data()])) as Float32Array[];
      tf.dispose([clip, perFrame]);
      const rows = rowsOf(ofWindows as Float32Array, config.classes);
      const mean = Float32Array.from({ length: config.classes }, (_, index) =>
        rows.reduce((sum, row) => sum + (row[index] as number) / rows.length, 0),
      );
      return { clip: mean, frames: rowsOf(ofFrames as Float32Array, config.classes) };
    },
    dispose() {
      run.dispose();
      tf.dispose(parameters);
    },
  };
}

function rowsOf(values: Float32Array, length: number): readonly Float32Array[] {
  return Array.from({ length: values.length / length }, (_, row) => values.slice(row * length, (row + 1) * length));
}

function describe(
  path: string,
  video: DecodedVideo,
  { clip, moments }: ClipAnswer,
  { labels, top, timeline }: { readonly labels: readonly string[]; readonly top: number; readonly timeline: boolean },
): ClassifyResult {
  const best = likeliestLabels(clip, labels, top);
  return {
    video: path,
    ...best[0],
    top: best,
    ...(timeline ? { timeline: timelineOf(moments, labels) } : {}),
    ...(video.partial === undefined ? {} : { partial: video.partial }),
  };
}

/** What is thought of a clip, and of its frames from one moment to the next. */
interface ClipAnswer {
  /** Probabilities of the classes. */
  readonly clip: Float32Array;
  readonly moments: readonly Moment[];
}

async function look(
  head: ClassifierHead,
  video: DecodedVideo,
  features: Float32Array,
  { frames, windows, samplings }: ClipSampling,
): Promise<ClipAnswer> {
  const inWindows = frames * windows;
  const size = features.length / video.frames.length;
  const answer = await head.classify(features.subarray(0, inWindows * size), { windows, frames });
  const others = video.frames.slice(inWindows);
  const [ofTimeline, shown] =
    samplings.length === 1
      ? [answer, video.frames]
      : [await head.classify(features.subarray(inWindows * size), { windows: 1, frames: others.length }), others];
  const moments = shown.map(({ time }, index) => ({ time, probabilities: ofTimeline.frames[index] as Float32Array }));
  return { clip: answer.clip, moments };
}
