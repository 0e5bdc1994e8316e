/**
 * When in a clip what is seen: at which frames a timeline looks, and the likeliest path through what they are taken for.
 */
import { likeliestPath } from '../../decoding/likeliest-path.js';
import type { FrameSampling } from '../../media/video/index.js';
import { rounded, type ScoredLabel } from '../scored-labels.js';
import { type VideoModelConfig, windowsOf } from './model.js';

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

/** The probabilities of the classes at a moment, in seconds. */
export interface Moment {
  readonly time: number;
  readonly probabilities: Float32Array;
}

/** At which frames a clip is looked at. */
export interface ClipSampling {
  /** Of a window. */
  readonly frames: number;
  readonly windows: number;
  /** The windows, and where it has frames of its own the timeline. */
  readonly samplings: readonly FrameSampling[];
}

/** Which frames of clips are looked at, and whether for a timeline. */
export interface FrameChoice {
  /** Frames a window; default: as many as in training. Given, a timeline has these and no others. */
  readonly frames?: number;
  /** Windows beside each other that cover the clip, whose probabilities are averaged; default: what the model says, else 1. */
  readonly windows?: number;
  /** Whether to say what is seen when, by default at eight frames a second. */
  readonly timeline?: boolean;
}

/** A timeline takes as many frames as find a moment, whatever the clip's length, unless it is said how many. */
export function samplingOf(config: VideoModelConfig, options: FrameChoice): ClipSampling {
  const { frames = config.frames, windows = windowsOf(config), timeline } = options;
  const isChosen = options.frames !== undefined || options.windows !== undefined;
  const ofTimeline = { rate: TIMELINE_RATE, atLeast: frames * windows, atMost: MOST_TIMELINE_FRAMES };
  const further = timeline === true && !isChosen ? [ofTimeline] : [];
  return { frames, windows, samplings: [{ frames, windows }, ...further] };
}

/** What is seen at each of `moments`, in view of those around it; a moment that repeats is told once. */
export function timelineOf(all: readonly Moment[], labels: readonly string[]): readonly TimelineEntry[] {
  const moments = all.filter(({ time }, index) => time !== all[index - 1]?.time);
  const path = likeliestPath(
    moments.map(({ probabilities }) => probabilities),
    changeCost(moments),
  );
  return moments.map(({ time, probabilities }, index) => {
    const label = path[index] as number;
    return { time: rounded(time), label: labels[label] as string, probability: rounded(probabilities[label] ?? 0) };
  });
}

/** What a change costs where moments lie as far apart as these. */
function changeCost(moments: readonly Moment[]): number {
  const seconds = (moments.at(-1)?.time ?? 0) - (moments[0]?.time ?? 0);
  return seconds > 0 ? (CHANGE_COST * (moments.length - 1)) / seconds : 0;
}
