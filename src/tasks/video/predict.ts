/**
 * Classifies clips with a trained checkpoint. Decoding of the next clips overlaps with the model's work on this one, and
 * memory does not grow with the number or the length of clips.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import { DEFAULT_TIMEOUT_SECONDS, type DecodedVideo, startDecoder, type VideoPath } from '../../media/video/index.js';
import { classifyClips } from '../../models/video-classifier/index.js';
import { likeliestPath } from '../../decoding/likeliest-path.js';
import { toTensors } from '../../training/parameters.js';
import { likeliestLabels, rounded, type ScoredLabel } from '../scored-labels.js';
import { frameShape, frozenFrameEncoder } from '../encoder/clip-features.js';
import { decodeClips, FrameEncoder } from '../encoder/encode-clips.js';
import { frameEncodingOf, loadVideoModel, type VideoModel, windowsOf } from './model.js';

/**
 * What a change of label in a timeline costs, in nats for each frame a second: frames that follow closely say much the same,
 * and so many of them as a second has must agree on something new. (Of 1, 2, 3, 5, 8 and 12 nats at 4 frames a second, 12
 * found most cuts between joined clips: see benchmarks/video.md.)
 */
const CHANGE_COST = 3;

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
  /** Frames a window; default: as many as in training. */
  readonly frames?: number;
  /** Windows beside each other that cover the clip, whose probabilities are averaged; default: what the model says, else 1. */
  readonly windows?: number;
  /** Classes to give; default 5. */
  readonly top?: number;
  /** Whether to say what each frame is taken for. */
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
      const { frames = config.frames, windows = windowsOf(config), top, timeline, timeout, signal } = chosen;
      const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
      for await (const clip of decodeClips(frozen, paths, { frames, windows }, limits)) {
        if (signal?.aborted === true) return;
        if (clip.error !== undefined) {
          yield { video: clip.path, error: clip.error.reason };
          continue;
        }
        const features = await encoder.encode(clip.video);
        const probabilities = await head.classify(features, { windows, frames });
        yield describe(clip.path, clip.video, probabilities, { labels, top, timeline });
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
  { clip, frames }: ClipProbabilities,
  { labels, top, timeline }: { readonly labels: readonly string[]; readonly top: number; readonly timeline: boolean },
): ClassifyResult {
  const best = likeliestLabels(clip, labels, top);
  return {
    video: path,
    ...best[0],
    top: best,
    ...(timeline
      ? {
          timeline: likeliestPath(frames, changeCost(video.frames)).map((label, index) => ({
            time: rounded(video.frames[index]?.time ?? 0),
            label: labels[label] as string,
            probability: rounded(frames[index]?.[label] ?? 0),
          })),
        }
      : {}),
    ...(video.partial === undefined ? {} : { partial: video.partial }),
  };
}

/** What a change costs where frames lie as far apart as these. */
function changeCost(frames: DecodedVideo['frames']): number {
  const seconds = (frames.at(-1)?.time ?? 0) - (frames[0]?.time ?? 0);
  return seconds > 0 ? (CHANGE_COST * (frames.length - 1)) / seconds : 0;
}
