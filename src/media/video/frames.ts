/**
 * Frames of a video at given times, decoded straight to the encoder's size as raw RGB through a pipe: nothing goes to
 * disk, and no more is held than the frames that are asked for. Rotation is ffmpeg's affair (it applies it by itself).
 *
 * Where times lie close together the clip is decoded from the first to the last of them; where they lie far apart, each
 * frame is sought for itself. Some containers (MPEG-TS, MPEG-PS) have no index: what is sought in them may begin too
 * late, as the times of the frames tell, and is then sought earlier.
 */
import { assert } from '../../shared/assert.js';
import { workAhead } from '../../shared/work-ahead.js';
import { printable } from '../media-error.js';
import type { ImagePreprocessing } from '../preprocessing.js';
import { localInput } from './local-file.js';
import { type Clip, endOfSound, type LastFrame, lastFrameOf } from './packets.js';
import { probeVideo } from './probe.js';
import type { Span } from './sampling.js';
import { type ClipJob, frameLengthOf, shownFrames, type ShownFrames, type VideoFrame } from './shown-frames.js';
import { blamesClip, VideoError } from './video-error.js';

export type { VideoFrame } from './shown-frames.js';

/** Chooses the times of a clip: seconds inside `span`, in any order. Asked again where a clip proves to be shorter. */
export type Sampler = (span: Span) => readonly number[];

export interface DecodeVideoOptions {
  /** Seconds that each process may take; default 60. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface DecodedVideo extends FoundFrames {
  /** The sampler's times, which the frames were found for. */
  readonly times: readonly number[];
}

interface FoundFrames {
  /** One for each time, in their order; a clip of fewer frames repeats them. */
  readonly frames: readonly VideoFrame[];
  /** Seconds. */
  readonly duration: number;
  /** Says what is missing where the clip could be decoded in part only. */
  readonly partial?: string;
}

export const DEFAULT_TIMEOUT_SECONDS = 60;
/** Beyond this many seconds before a frame, seeking is faster than decoding what lies before. */
const SEEK_FROM_SECONDS = 8;
/** Seconds before a frame from which decoding starts when that is not near the beginning. */
const RUN_UP_SECONDS = 1;
/** How much more of them are taken when decoding began too late. */
const RUN_UP_GROWTH = 4;
/** How much later than asked a first frame may be, in frames' lengths: files round times. */
const LATE_SHARE = 0.1;
const SEEKS_AT_ONCE = 2;
/** What bounds memory: at 224 pixels so many frames take 300 MB. */
export const MOST_FRAMES = 2048;
/** So many frames before a time the last frame may begin before a clip counts as cut short. */
const TOLERATED_FRAMES = 3.5;
const TOLERATED_SECONDS = 0.1;

/**
 * The frames shown at the times that `sampler` chooses. Throws VideoError when the file is missing, no video, damaged
 * beyond use, or takes too long.
 *
 * @example
 * const clip = await decodeVideo('clip.mp4', { size: 224, fit: 'squash', kernel: 'cubic' }, (span) => evenTimes(span, 16));
 */
export async function decodeVideo(
  path: string,
  preprocessing: ImagePreprocessing,
  sampler: Sampler,
  options: DecodeVideoOptions = {},
): Promise<DecodedVideo> {
  const { timeout = DEFAULT_TIMEOUT_SECONDS, signal } = options;
  const where = printable(path);
  const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
  const info = await probeVideo(path, limits);
  const clip = { where, input: localInput(path), info, preprocessing, timeout, signal };
  if (info.end === undefined || info.isEndRough) {
    return decodeSampled(measuredJob(clip, await lastFrameOf(clip)), sampler);
  }
  const job = { ...clip, span: { from: info.start, to: info.end } };
  const found = await decodeSampled(job, sampler).catch(blameOf);
  if ('frames' in found && found.partial === undefined) return found;
  // The header may promise more than there is, or than there are pictures: the packets tell.
  const there = await decodeWhatIsThere(job, sampler).catch(blameOf);
  const best = 'frames' in there ? there : found;
  if ('frames' in best) return best;
  throw best;
}

/** An error that says that the clip cannot be decoded; throws any other. */
function blameOf(error: unknown): VideoError {
  if (blamesClip(error)) return error;
  throw error;
}

function measuredJob(clip: Clip, { begins, ends }: LastFrame): ClipJob {
  return { ...clip, span: { from: clip.info.start, to: ends }, lastBegins: begins };
}

/**
 * The frames of a clip that ends before its header says so. It is whole all the same where its last frame is shown until
 * then, or where the header's end is that of sound which goes on.
 */
async function decodeWhatIsThere(job: ClipJob, sampler: Sampler): Promise<DecodedVideo> {
  const end = job.span.to - toleranceOf(job.info.frameRate);
  const last = await lastFrameOf(job);
  const video = await decodeSampled(measuredJob(job, last), sampler);
  if (last.ends > end || (await endOfSound(job)) > end) return video;
  return { ...video, duration: lengthOf(job.span), partial: video.partial ?? missing(job, last.ends) };
}

async function decodeSampled(job: ClipJob, sampler: Sampler): Promise<DecodedVideo> {
  const times = sampler(job.span);
  assert(times.length > 0 && times.length <= MOST_FRAMES, () => `${times.length} frames: expected 1 to ${MOST_FRAMES}`);
  const order = times.map((_, index) => index).sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0));
  const video = await decodeRising(
    job,
    order.map((index) => Math.min(times[index] as number, job.lastBegins ?? Infinity)),
  );
  const frames = new Array<VideoFrame>(times.length);
  video.frames.forEach((frame, place) => (frames[order[place] as number] = frame));
  return { ...video, frames, times };
}

async function decodeRising(job: ClipJob, times: readonly number[]): Promise<FoundFrames> {
  try {
    return await decodeAt(job, times);
  } catch (error) {
    // A build without libvpx: colours without transparency are better than nothing.
    if (job.info.alphaDecoder === undefined || !blamesClip(error)) throw error;
    return decodeAt({ ...job, info: { ...job.info, alphaDecoder: undefined } }, times);
  }
}

function decodeAt(job: ClipJob, times: readonly number[]): Promise<FoundFrames> {
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const apart = times.length > 1 ? (last - first) / (times.length - 1) : 0;
  const isSought = apart > SEEK_FROM_SECONDS && job.info.hasTimes;
  return isSought ? decodeBySeeking(job, times, apart) : decodeThrough(job, times);
}

/** Decodes once from the first time to the last. */
async function decodeThrough(job: ClipJob, times: readonly number[], runUp = RUN_UP_SECONDS): Promise<FoundFrames> {
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const offset = first > SEEK_FROM_SECONDS ? offsetOf(job, first, runUp) : 0;
  const shown = await shownFrames(job, times, offset);
  if (offset > 0 && beginsLate(job, shown, first)) return decodeThrough(job, times, RUN_UP_GROWTH * runUp);
  if (shown === undefined) throw nothingDecoded(job);
  const end = endOf(shown);
  if (isBehind(job, last, end)) return cutShort(job, shown.chosen, times.length, end);
  return { frames: shown.frames, duration: lengthOf(job.span) };
}

/** Where decoding starts for a frame at `time`, in seconds; 0 where nothing is sought. */
function offsetOf({ info }: ClipJob, time: number, runUp: number): number {
  return info.hasTimes && time - runUp > info.start ? time - runUp : 0;
}

/** Whether the frame shown at `time` may have been before the first that was found. */
function beginsLate({ info }: ClipJob, shown: ShownFrames | undefined, time: number): boolean {
  if (info.isIndexed) return false;
  return shown === undefined || shown.from > time + LATE_SHARE * frameLengthOf(info.frameRate);
}

const endOf = ({ chosen, from }: ShownFrames): number => chosen.at(-1)?.time ?? from;

/** Whether a clip whose last frame that was found begins at `end` may have none for `time`. */
function isBehind({ info }: ClipJob, time: number, end: number): boolean {
  return time - end > toleranceOf(info.usualRate);
}

/** How many seconds before a time the last frame of a clip of this rate may be. */
function toleranceOf(rate: number | undefined): number {
  return TOLERATED_FRAMES * frameLengthOf(rate) + TOLERATED_SECONDS;
}

const lengthOf = ({ from, to }: Span): number => to - from;

/** What there is, spread evenly over as many frames as were asked for. */
function cutShort(job: ClipJob, frames: readonly VideoFrame[], count: number, end: number): FoundFrames {
  const spread = Array.from(
    { length: count },
    (_, index) => frames[Math.floor((index * frames.length) / count)] as VideoFrame,
  );
  return { frames: spread, duration: lengthOf(job.span), partial: missing(job, end) };
}

/** Says what a clip lacks that could be decoded up to `end`. */
function missing({ span }: ClipJob, end: number): string {
  const there = Math.max(0, end - span.from);
  return `is cut short: only ${there.toFixed(1)} of ${lengthOf(span).toFixed(1)} seconds could be decoded`;
}

/** A process a frame, or a few where seeking begins too late. */
async function decodeBySeeking(job: ClipJob, times: readonly number[], apart: number): Promise<FoundFrames> {
  const frames: VideoFrame[] = [];
  const seeker = new Seeker(job, apart);
  for await (const frame of workAhead(times, SEEKS_AT_ONCE, (time) => seeker.seek(time))) {
    if (frame === 'late') return decodeThrough(job, times);
    if (frame !== 'none') frames.push(frame);
  }
  const end = frames.at(-1)?.time;
  if (end === undefined) throw nothingDecoded(job);
  if (frames.length < times.length) return cutShort(job, frames, times.length, end);
  return { frames, duration: lengthOf(job.span) };
}

/** Seeks single frames of a clip, and remembers how early decoding has to start in it. */
class Seeker {
  readonly #job: ClipJob;
  readonly #longest: number;
  #runUp = RUN_UP_SECONDS;

  /** `longest`: seconds of run-up beyond which seeking is not worth it. */
  constructor(job: ClipJob, longest: number) {
    this.#job = job;
    this.#longest = longest;
  }

  /** The frame shown at `time`; `late` where every attempt began behind it, `none` where nothing is there. */
  async seek(time: number): Promise<VideoFrame | 'late' | 'none'> {
    for (let runUp = this.#runUp; runUp <= this.#longest; runUp *= RUN_UP_GROWTH) {
      const offset = offsetOf(this.#job, time, runUp);
      const shown = await this.#shownFrom(offset, time);
      if (offset > 0 && beginsLate(this.#job, shown, time)) continue;
      this.#runUp = Math.max(this.#runUp, runUp);
      if (shown === undefined || isBehind(this.#job, time, endOf(shown))) return 'none';
      return shown.frames[0] as VideoFrame;
    }
    return 'late';
  }

  async #shownFrom(offset: number, time: number): Promise<ShownFrames | undefined> {
    try {
      return await shownFrames(this.#job, [time], offset);
    } catch (error) {
      if (blamesClip(error) && this.#job.signal?.aborted !== true) return undefined; // behind the end of what is there
      throw error;
    }
  }
}

const nothingDecoded = ({ where }: ClipJob): VideoError =>
  new VideoError(where, 'is damaged or empty: no frame could be decoded');
