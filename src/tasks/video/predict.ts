/**
 * Classifies clips with a trained checkpoint. Decoding of the next clips overlaps with the model's work on this one, and
 * memory does not grow with the number or the length of clips.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import {
  DEFAULT_TIMEOUT_SECONDS,
  type DecodedVideo,
  type FrameSampling,
  startDecoder,
  type VideoPath,
} from '../../media/video/index.js';
import { classifyClips } from '../../models/video-classifier/index.js';
import { likeliestPath } from '../../decoding/likeliest-path.js';
import { toTensors } from '../../training/parameters.js';
import { likeliestLabels, rounded, type ScoredLabel } from '../scored-labels.js';
import { frameShape, frozenFrameEncoder } from '../encoder/clip-features.js';
import { decodeClips, FrameEncoder } from '../encoder/encode-clips.js';
import { frameEncodingOf, loadVideoModel, type VideoModel, type VideoModelConfig, windowsOf } from './model.js';

/**
 * What a change of label in a timeline costs, in nats for each frame a second: frames that follow closely say much the same,
 * and so many of them as a second has must agree on something new. benchmarks/video.md has what others find.
 */
const CHANGE_COST = 3;
/** Frames a second of a timeline: of 4 and 8, 8 found more of the cuts (benchmarks/video.md). */
const TIMELINE_RATE = 8;
/** Half a minute at that rate; longer clips are looked at less often. */
const MOST_TIMELINE_FRAMES = 240;

/** What a frame is taken for, in view of those around it. */
export interface TimelineEntry extends ScoredLabel {
  /** Seconds from the beginning. */
  readonly time: number;
}

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

export interface ClassifyOptions {
  /** Frames a window; default: as many as in training. Given, a timeline has these and no others. */
  readonly frames?: number;
  /** Windows beside each other that cover the clip, whose probabilities are averaged; default: what the model says, else 1. */
  readonly windows?: number;
  /** Classes to give; default 5. */
  readonly top?: number;
  /** Whether to say what is seen when, by default at eight frames a second. */
  readonly timeline?: boolean;
  /** Seconds that the decoding of a clip may take; default 60. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export const classifyDefaults = { top: 5, timeline: false, timeout: DEFAULT_TIMEOUT_SECONDS } as const;

/** The probabilities of one clip. */
export interface ClipProbabilities {
  /** Of the classes. */
  readonly clip: Float32Array;
  /** Of the classes, for each frame. */
  readonly frames: readonly Float32Array[];
}

export interface VideoClassifier {
  readonly labels: readonly string[];
  /** What clips show, in their order; a clip that cannot be read gives an error and the others go on. */
  classify(paths: Iterable<string | VideoPath>, options?: ClassifyOptions): AsyncGenerator<ClassifyResult>;
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
  return {
    labels,
    async *classify(paths, options = {}) {
      const chosen = { ...classifyDefaults, ...options };
      const { top, timeline, timeout, signal } = chosen;
      const seen = samplingOf(config, chosen);
      const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
      for await (const clip of decodeClips(frozen, paths, seen.samplings, limits)) {
        if (signal?.aborted === true) return;
        if (clip.error !== undefined) {
          yield { video: clip.path, error: clip.error.reason };
          continue;
        }
        const features = await encoder.encode(clip.video);
        const answer = await look(head, clip.video, features, seen);
        yield describe(clip.path, clip.video, answer, { labels, top, timeline });
      }
    },
    dispose() {
      encoder.dispose();
      frozen.dispose();
      head.dispose();
    },
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

function timelineOf(moments: ClipAnswer['moments'], labels: readonly string[]): readonly TimelineEntry[] {
  const path = likeliestPath(
    moments.map(({ probabilities }) => probabilities),
    changeCost(moments),
  );
  return moments.map(({ time, probabilities }, index) => {
    const label = path[index] as number;
    return { time: rounded(time), label: labels[label] as string, probability: rounded(probabilities[label] ?? 0) };
  });
}

/** At which frames a clip is looked at. */
interface ClipSampling {
  /** Of a window. */
  readonly frames: number;
  readonly windows: number;
  /** The windows, and where it has frames of its own the timeline. */
  readonly samplings: readonly FrameSampling[];
}

/** A timeline takes as many frames as find a moment, whatever the clip's length, unless it is said how many. */
function samplingOf(config: VideoModelConfig, options: ClassifyOptions): ClipSampling {
  const { frames = config.frames, windows = windowsOf(config), timeline } = options;
  const isChosen = options.frames !== undefined || options.windows !== undefined;
  const ofTimeline = { rate: TIMELINE_RATE, atLeast: frames * windows, atMost: MOST_TIMELINE_FRAMES };
  const further = timeline === true && !isChosen ? [ofTimeline] : [];
  return { frames, windows, samplings: [{ frames, windows }, ...further] };
}

/** What is thought of a clip, and of its frames from one moment to the next. */
interface ClipAnswer {
  /** Probabilities of the classes. */
  readonly clip: Float32Array;
  readonly moments: readonly { readonly time: number; readonly probabilities: Float32Array }[];
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
  // A clip of fewer frames a second repeats them.
  return { clip: answer.clip, moments: moments.filter(({ time }, index) => time !== moments[index - 1]?.time) };
}

/** What a change costs where moments lie as far apart as these. */
function changeCost(moments: ClipAnswer['moments']): number {
  const seconds = (moments.at(-1)?.time ?? 0) - (moments[0]?.time ?? 0);
  return seconds > 0 ? (CHANGE_COST * (moments.length - 1)) / seconds : 0;
}
