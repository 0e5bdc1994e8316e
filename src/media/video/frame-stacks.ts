/**
 * Frames of a clip in the company of those shortly before and after, as pictures that an encoder of photos can take: the
 * three channels hold grey at three times (Kim et al. 2022, "Capturing temporal information in a single frame: channel
 * sampling strategies for action recognition"), or how grey changes between them (Wang et al. 2016, "Temporal segment
 * networks", RGB differences), which shows movements and hides what stands still.
 */
import { assert } from '../../shared/assert.js';
import { GREY_WEIGHTS } from '../grey.js';
import type { FrameStack, ImagePreprocessing } from '../preprocessing.js';
import {
  type DecodedVideo,
  decodeVideo,
  type DecodeVideoOptions,
  MOST_FRAMES,
  type Sampler,
  type VideoFrame,
} from './frames.js';

const CHANNELS = 3;
/** Frames that are decoded for each that is asked for. */
const FRAMES_A_STACK = 3;
/** No change. */
const MIDDLE = 128;

/** The most frames that can be asked for at once: what stacks take beside them counts too. */
export function mostFrames({ stack }: Pick<ImagePreprocessing, 'stack'>): number {
  return stack === undefined ? MOST_FRAMES : Math.floor(MOST_FRAMES / FRAMES_A_STACK);
}

/** A frame, the one a gap before and the one a gap after, as values of grey. */
type GreyTriple = readonly [before: Uint8Array, now: Uint8Array, after: Uint8Array];

/**
 * As `decodeVideo`, where `preprocessing` asks for stacks with each frame in the company of its neighbours: at the ends of
 * the clip a neighbour is the first or last frame.
 */
export async function decodeFrames(
  path: string,
  preprocessing: ImagePreprocessing,
  sampler: Sampler,
  options: DecodeVideoOptions = {},
): Promise<DecodedVideo> {
  const { stack } = preprocessing;
  if (stack === undefined) return decodeVideo(path, preprocessing, sampler, options);
  let chosen: readonly number[] = [];
  let decoded: readonly number[] = [];
  const video = await decodeVideo(
    path,
    preprocessing,
    (span) => {
      chosen = sampler(span);
      const within = (time: number): number => Math.min(span.to, Math.max(span.from, time));
      const times = chosen.flatMap((time) => [within(time - stack.gap), time, within(time + stack.gap)]);
      decoded = times.sort((one, other) => one - other);
      return decoded;
    },
    options,
  );
  const greys = new Map(video.frames.map(({ pixels }) => [pixels, greyOf(pixels)]));
  const greyAt = (time: number): Uint8Array => greys.get(nearest(video.frames, decoded, time).pixels) as Uint8Array;
  const frames = chosen.map((time) => {
    const triple: GreyTriple = [greyAt(time - stack.gap), greyAt(time), greyAt(time + stack.gap)];
    return { time: nearest(video.frames, decoded, time).time, pixels: stackOf(triple, stack.kind) };
  });
  return { ...video, frames };
}

/** The frame that was decoded for the time nearest to `time`; `times` are those asked for, one a frame. */
function nearest(frames: readonly VideoFrame[], times: readonly number[], time: number): VideoFrame {
  let best = 0;
  times.forEach((candidate, index) => {
    if (Math.abs(candidate - time) < Math.abs((times[best] as number) - time)) best = index;
  });
  const frame = frames[best];
  assert(frame !== undefined, () => `${frames.length} frames for ${times.length} times`);
  return frame;
}

function greyOf(pixels: Uint8Array): Uint8Array {
  const grey = new Uint8Array(pixels.length / CHANNELS);
  for (let index = 0; index < grey.length; index++) {
    const at = index * CHANNELS;
    grey[index] =
      GREY_WEIGHTS[0] * (pixels[at] as number) +
      GREY_WEIGHTS[1] * (pixels[at + 1] as number) +
      GREY_WEIGHTS[2] * (pixels[at + 2] as number) +
      0.5;
  }
  return grey;
}

/** Written out, without an array a pixel: a clip has a million of them. */
function stackOf([before, now, after]: GreyTriple, kind: FrameStack['kind']): Uint8Array {
  const stacked = new Uint8ClampedArray(now.length * CHANNELS);
  for (let index = 0, at = 0; index < now.length; index++, at += CHANNELS) {
    const [past, present, future] = [before[index] as number, now[index] as number, after[index] as number];
    stacked[at] = kind === 'times' ? past : MIDDLE + present - past;
    stacked[at + 1] = kind === 'times' ? present : MIDDLE + future - present;
    stacked[at + 2] = kind === 'times' ? future : MIDDLE + future - past;
  }
  return new Uint8Array(stacked.buffer);
}
