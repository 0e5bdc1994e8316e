/**
 * Frames of a clip in the company of those shortly before and after, as pictures that an encoder of photos can take: the
 * three channels hold grey at three times (Kim et al. 2022, "Capturing temporal information in a single frame: channel
 * sampling strategies for action recognition"), or how grey changes between them (Wang et al. 2016, "Temporal segment
 * networks", RGB differences), which shows movements and hides what stands still.
 */
import { defined } from '../../shared/assert.js';
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
  const video = await decodeVideo(
    path,
    preprocessing,
    (span) => {
      const within = (time: number): number => Math.min(span.to, Math.max(span.from, time));
      return sampler(span).flatMap((time) => [within(time - stack.gap), time, within(time + stack.gap)]);
    },
    options,
  );
  const stacks = new FrameStacks(video.frames, stack.kind);
  const times = video.times.filter((_, index) => index % FRAMES_A_STACK === 1);
  const frames = times.map((time) => {
    const at = (instant: number): VideoFrame => nearest(video, instant);
    const now = at(time);
    return { time: now.time, pixels: stacks.of(at(time - stack.gap).pixels, now.pixels, at(time + stack.gap).pixels) };
  });
  return { ...video, frames, times };
}

/** Stacks of a clip's pictures: the same three give the same array, so that what sees them knows that they repeat. */
class FrameStacks {
  readonly #kind: FrameStack['kind'];
  readonly #greys: ReadonlyMap<Uint8Array, { readonly number: number; readonly grey: Uint8Array }>;
  readonly #stacks = new Map<string, Uint8Array>();

  constructor(frames: readonly VideoFrame[], kind: FrameStack['kind']) {
    this.#kind = kind;
    const pictures = [...new Set(frames.map(({ pixels }) => pixels))];
    this.#greys = new Map(pictures.map((pixels, number) => [pixels, { number, grey: greyOf(pixels) }]));
  }

  of(...pictures: readonly [before: Uint8Array, now: Uint8Array, after: Uint8Array]): Uint8Array {
    const found = pictures.map((pixels) => defined(this.#greys.get(pixels), 'a picture of this clip'));
    const key = found.map(({ number }) => number).join();
    const stacked =
      this.#stacks.get(key) ?? stackOf(found.map(({ grey }) => grey) as unknown as GreyTriple, this.#kind);
    this.#stacks.set(key, stacked);
    return stacked;
  }
}

/** The frame that was decoded for the time nearest to `time`. */
function nearest({ frames, times }: DecodedVideo, time: number): VideoFrame {
  let best = 0;
  times.forEach((candidate, index) => {
    if (Math.abs(candidate - time) < Math.abs((times[best] as number) - time)) best = index;
  });
  return defined(frames[best], `a frame for each of ${times.length} times`);
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
