/**
 * Frames of a video at given times, decoded straight to the encoder's size as raw RGB through a pipe: nothing goes to
 * disk, and no more is held than the frames that are asked for. Rotation is ffmpeg's affair (it applies it by itself).
 *
 * Where times lie close together the clip is decoded from the first to the last of them; where they lie far apart, each
 * frame is sought for itself.
 */
import { availableParallelism } from 'node:os';
import { assert } from '../../shared/assert.js';
import { workAhead } from '../../shared/work-ahead.js';
import { printable } from '../media-error.js';
import type { ImagePreprocessing } from '../preprocessing.js';
import { deinterlaceFilters, fitFilters, PIXEL_FORMATS, pixelFormatOf, selectFilter } from './filters.js';
import { hdrToSrgb, layOnWhite } from './hdr.js';
import { localInput } from './local-file.js';
import { probeVideo, type VideoInfo } from './probe.js';
import { runFfmpeg } from './run-ffmpeg.js';
import type { Span } from './sampling.js';
import { DecoderFailure, VideoError } from './video-error.js';

/** Chooses the times of a clip: seconds inside `span`, in any order. */
export type Sampler = (span: Span) => readonly number[];

export interface DecodeVideoOptions {
  /** Seconds that each process may take; default 60. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface VideoFrame {
  /** Where in the clip the frame was found, in seconds. */
  readonly time: number;
  /** `size * size * 3` RGB bytes, row by row. */
  readonly pixels: Uint8Array;
}

export interface DecodedVideo {
  /** One for each time of the sampler's, in its order; a clip of fewer frames repeats them. */
  readonly frames: readonly VideoFrame[];
  /** Seconds. */
  readonly duration: number;
  /** Says what is missing where the clip could be decoded in part only. */
  readonly partial?: string;
}

export const DEFAULT_TIMEOUT_SECONDS = 60;
/** Beyond this many seconds between two frames, seeking is faster than decoding what lies between. */
const SEEK_FROM_SECONDS = 8;
/** Seconds before the first frame from which decoding starts when that is not near the beginning. */
const RUN_UP_SECONDS = 1;
const SEEKS_AT_ONCE = 2;
/** What bounds memory: at 224 pixels so many frames take 300 MB. */
export const MOST_FRAMES = 2048;
const ASSUMED_FRAME_RATE = 25;
/** Frames that may be missing at the end before a clip counts as cut short. */
const TOLERATED_FRAMES = 2.5;
const TOLERATED_SECONDS = 0.1;
/** Of a frame's length: a little less than all, because files round times. */
const SHOWN_SHARE = 0.95;
const RENUMBERED = ['settb=1/25000', 'setpts=N*1000', 'fps=25'];
/** ffmpeg writes times next to 0 with an exponent (`4.44444e-05`). */
const TIME_IN_LOG = /Parsed_showinfo.* pts_time:\s*(-?[\d.]+(?:e[-+]?\d+)?)/i;

/** The clip and how it is decoded. */
interface Job {
  readonly where: string;
  readonly input: string;
  readonly info: VideoInfo;
  readonly span: Span;
  readonly preprocessing: ImagePreprocessing;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

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
  const input = localInput(path);
  const span = { from: info.start, to: info.end ?? (await measureEnd(where, input, info, limits)) };
  const job: Job = { where, input, info, span, preprocessing, timeout, signal };
  const times = sampler(span);
  assert(times.length > 0 && times.length <= MOST_FRAMES, () => `${times.length} frames: expected 1 to ${MOST_FRAMES}`);
  const order = times.map((_, index) => index).sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0));
  const video = await decodeRising(
    job,
    order.map((index) => times[index] as number),
  );
  const frames = new Array<VideoFrame>(times.length);
  video.frames.forEach((frame, place) => (frames[order[place] as number] = frame));
  return { ...video, frames };
}

async function decodeRising(job: Job, times: readonly number[]): Promise<DecodedVideo> {
  try {
    return await decodeAt(job, times);
  } catch (error) {
    // A build without libvpx: colours without transparency are better than nothing.
    if (job.info.alphaDecoder === undefined || !blamesClip(error)) throw error;
    return decodeAt({ ...job, info: { ...job.info, alphaDecoder: undefined } }, times);
  }
}

function decodeAt(job: Job, times: readonly number[]): Promise<DecodedVideo> {
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const apart = times.length > 1 ? (last - first) / (times.length - 1) : 0;
  return apart > SEEK_FROM_SECONDS && job.info.hasTimes ? decodeBySeeking(job, times) : decodeThrough(job, times);
}

/** Decodes once from the first time to the last. */
async function decodeThrough(job: Job, times: readonly number[]): Promise<DecodedVideo> {
  const { info, span } = job;
  const [first = 0, last = first] = [times[0], times.at(-1)];
  const frameLength = frameLengthOf(info);
  const offset = info.hasTimes && first > 2 * RUN_UP_SECONDS ? first - RUN_UP_SECONDS : 0;
  // A frame is shown from its time on until the next: the one wanted is the first that began less than that before.
  const thresholds = times.map((time) => time - SHOWN_SHARE * frameLength);
  const length = last - offset + RUN_UP_SECONDS + frameLength;
  // Where the file has no times ffmpeg makes up its own, by which it would stop too early.
  const bounds = info.hasTimes && offset + length < span.to ? ['-t', length.toFixed(6)] : [];
  const found = await runFrames(job, {
    inputOptions: [...(offset > 0 ? ['-ss', offset.toFixed(6)] : []), ...bounds],
    filters: [selectFilter(thresholds.map((time) => time - offset)), 'showinfo'],
    limit: times.length + 1,
  });
  const frames = found.map(({ pixels, time }) => ({ pixels, time: time + offset }));
  const end = frames.at(-1)?.time;
  if (end === undefined) throw nothingDecoded(job);
  const slack = TOLERATED_FRAMES * frameLength + TOLERATED_SECONDS;
  if ((thresholds.at(-1) ?? 0) - end > slack) return cutShort(job, frames, times.length, end);
  return { frames: shownAt(frames, thresholds), duration: lengthOf(span) };
}

const lengthOf = ({ from, to }: Span): number => to - from;

function frameLengthOf({ frameRate }: VideoInfo): number {
  return 1 / (frameRate ?? ASSUMED_FRAME_RATE);
}

/** For each threshold the first frame not before it; the last one where there is none. `frames` and times rise. */
function shownAt(frames: readonly VideoFrame[], thresholds: readonly number[]): readonly VideoFrame[] {
  const TINY = 1e-4;
  let index = 0;
  return thresholds.map((threshold) => {
    while (index < frames.length - 1 && (frames[index] as VideoFrame).time < threshold - TINY) index++;
    return frames[index] as VideoFrame;
  });
}

/** What there is, spread evenly over as many frames as were asked for. */
function cutShort(job: Job, frames: readonly VideoFrame[], count: number, end: number): DecodedVideo {
  const spread = Array.from(
    { length: count },
    (_, index) => frames[Math.floor((index * frames.length) / count)] as VideoFrame,
  );
  const [there, duration] = [Math.max(0, end - job.span.from), lengthOf(job.span)];
  const partial = `is cut short: only ${there.toFixed(1)} of ${duration.toFixed(1)} seconds could be decoded`;
  return { frames: spread, duration, partial };
}

/** One process a frame. */
async function decodeBySeeking(job: Job, times: readonly number[]): Promise<DecodedVideo> {
  const frames: VideoFrame[] = [];
  for await (const frame of workAhead(times, SEEKS_AT_ONCE, (time) => seekFrame(job, time))) {
    if (frame !== undefined) frames.push(frame);
  }
  const end = frames.at(-1)?.time;
  if (end === undefined) throw nothingDecoded(job);
  if (frames.length < times.length) return cutShort(job, frames, times.length, end);
  return { frames, duration: lengthOf(job.span) };
}

async function seekFrame(job: Job, time: number): Promise<VideoFrame | undefined> {
  const inputOptions = ['-ss', time.toFixed(6)];
  try {
    const [frame] = await runFrames(job, { inputOptions, filters: [], limit: 1 });
    return frame === undefined ? undefined : { time, pixels: frame.pixels };
  } catch (error) {
    if (blamesClip(error) && job.signal?.aborted !== true) return undefined; // behind the end of what is there
    throw error;
  }
}

const blamesClip = (error: unknown): boolean => error instanceof VideoError && !(error instanceof DecoderFailure);

interface FramesRun {
  readonly inputOptions: readonly string[];
  /** Those that choose frames. */
  readonly filters: readonly string[];
  /** The most frames that come. */
  readonly limit: number;
}

/** Runs ffmpeg and gives the frames that it wrote, with their times where `showinfo` is among the filters. */
async function runFrames(job: Job, { inputOptions, filters, limit }: FramesRun): Promise<readonly VideoFrame[]> {
  const { where, input, info, preprocessing, timeout, signal } = job;
  const format = pixelFormatOf(info);
  const frameBytes = preprocessing.size ** 2 * PIXEL_FORMATS[format];
  const collected = new FrameCollector(frameBytes, limit);
  const times: number[] = [];
  const decoder = info.alphaDecoder === undefined ? [] : ['-c:v', info.alphaDecoder];
  await runFfmpeg({
    where,
    input,
    inputOptions: ['-threads', String(Math.max(1, Math.ceil(availableParallelism() / 2))), ...decoder, ...inputOptions],
    outputOptions: [
      ...['-map', `0:${info.stream}`, '-an', '-sn', '-dn'],
      // Numbered anew at a constant rate: otherwise ffmpeg would repeat frames to fill the gaps between them. (Options
      // against that are not the same in all versions.) After the last one it repeats that all the same.
      '-filter:v',
      [
        ...timeFilters(info),
        ...deinterlaceFilters(info),
        ...filters,
        ...fitFilters(preprocessing, format),
        ...RENUMBERED,
      ].join(','),
      ...['-frames:v', String(limit), '-c:v', 'rawvideo', '-pix_fmt', format, '-f', 'rawvideo'],
    ],
    timeout,
    ...(signal === undefined ? {} : { signal }),
    onData: (chunk) => collected.add(chunk),
    onLine: (line) => {
      const time = TIME_IN_LOG.exec(line)?.[1];
      if (time !== undefined) times.push(Number(time));
    },
  });
  const frames = collected.frames().map((pixels, index) => ({ time: times[index] ?? 0, pixels: toRgb(pixels, info) }));
  return filters.length === 0 ? frames : frames.slice(0, times.length);
}

/** Frames that have no times get them by their number. */
function timeFilters(info: VideoInfo): readonly string[] {
  return info.hasTimes ? [] : [`setpts=N*${frameLengthOf(info)}/TB`];
}

function toRgb(pixels: Uint8Array, { hdr, hasAlpha }: VideoInfo): Uint8Array {
  if (hdr !== undefined) return hdrToSrgb(pixels, hdr);
  return hasAlpha ? layOnWhite(pixels) : pixels;
}

/** Cuts a stream of bytes into frames. */
class FrameCollector {
  readonly #frameBytes: number;
  readonly #limit: number;
  readonly #frames: Uint8Array[] = [];
  #filled = 0;

  constructor(frameBytes: number, limit: number) {
    this.#frameBytes = frameBytes;
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0 && (this.#frames.length < this.#limit || this.#filled > 0)) {
      if (this.#filled === 0) this.#frames.push(new Uint8Array(this.#frameBytes));
      const part = rest.subarray(0, this.#frameBytes - this.#filled);
      this.#frames.at(-1)?.set(part, this.#filled);
      this.#filled = (this.#filled + part.length) % this.#frameBytes;
      rest = rest.subarray(part.length);
    }
  }

  /** Those that are whole. */
  frames(): readonly Uint8Array[] {
    return this.#filled === 0 ? this.#frames : this.#frames.slice(0, -1);
  }
}

const nothingDecoded = ({ where }: Job): VideoError =>
  new VideoError(where, 'is damaged or empty: no frame could be decoded');

/** When a clip ends whose header does not say: its packets are read to the end, undecoded. */
async function measureEnd(
  where: string,
  input: string,
  info: VideoInfo,
  limits: { readonly timeout: number; readonly signal?: AbortSignal },
): Promise<number> {
  let last = 0;
  let frames = 0;
  await runFfmpeg({
    where,
    input,
    inputOptions: [],
    outputOptions: ['-map', `0:${info.stream}`, '-c', 'copy', '-progress', 'pipe:2', '-f', 'null'],
    ...limits,
    onLine: (line) => {
      const [, hours, minutes, seconds] = /\btime=(\d+):(\d+):([\d.]+)/.exec(line) ?? [];
      if (seconds !== undefined) last = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
      frames = Number(/^frame=\s*(\d+)/.exec(line)?.[1] ?? frames);
    },
  });
  const frameLength = frameLengthOf(info);
  const counted = Math.max(1, frames) * frameLength;
  return info.hasTimes && last > info.start ? last + frameLength : info.start + counted;
}
