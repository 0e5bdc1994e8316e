/** The frames of a clip that one or two processes of ffmpeg's find, decoding from one place on. */
import { availableParallelism } from 'node:os';
import type { ImagePreprocessing } from '../preprocessing.js';
import { deinterlaceFilters, fitFilters, PIXEL_FORMATS, pixelFormatOf, selectFilters } from './filters.js';
import { hdrToSrgb, layOnWhite } from './hdr.js';
import type { VideoInfo } from './probe.js';
import { runFfmpeg } from './run-ffmpeg.js';
import type { Span } from './sampling.js';

export interface VideoFrame {
  /** Where in the clip the frame was found, in seconds. */
  readonly time: number;
  /** `size * size * 3` RGB bytes, row by row. */
  readonly pixels: Uint8Array;
}

/** The clip and how it is decoded. */
export interface ClipJob {
  readonly where: string;
  readonly input: string;
  readonly info: VideoInfo;
  readonly span: Span;
  /** When the last frame begins, where that is known: it is shown until the end of the span. */
  readonly lastBegins?: number;
  readonly preprocessing: ImagePreprocessing;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** What was found from one place of a clip on. */
export interface ShownFrames {
  /** The frame shown at each of the times; the nearest where none is. */
  readonly frames: readonly VideoFrame[];
  /** When the first frame began that was decoded, in seconds. */
  readonly from: number;
  /** The frames that were chosen, rising. */
  readonly chosen: readonly VideoFrame[];
}

interface ChosenFrame extends VideoFrame {
  /** When the frame before it began, chosen or not; NaN of the first that was decoded. */
  readonly previous: number;
}

const ASSUMED_FRAME_RATE = 25;
/** Of a frame's length: a little less than all, because files round times. */
const SHOWN_SHARE = 0.95;
/** How much later than a time a frame may begin, in frames' lengths, that is taken for the one shown then. */
const ROUNDED_SHARE = 2 * (1 - SHOWN_SHARE);
/** From so many frames' lengths on what lies between two frames is a gap, over which the first of them is shown. */
const GAP_FRAMES = 1.75;
/** Seconds that are lost when times are written. */
const TINY = 1e-4;
const RENUMBERED = ['settb=1/25000', 'setpts=N*1000', 'fps=25'];
/** How ffmpeg's expressions print a number. */
const NUMBER_IN_LOG = /^(?:\[Eval @ [^\]]*\]\s*)?(-?\d+\.\d+|-?nan)$/i;

/** Seconds from one frame to the next at a rate. */
export function frameLengthOf(rate: number | undefined): number {
  return 1 / (rate ?? ASSUMED_FRAME_RATE);
}

/** Options that seek `offset`. Frames before it that are decoded all the same tell which is shown there. */
export function seekOptions(offset: number): readonly string[] {
  return offset > 0 ? ['-noaccurate_seek', '-ss', offset.toFixed(6)] : [];
}

/**
 * The frames shown at `times` (seconds, rising) as found from `offset` on, or from where the file lets ffmpeg begin, which
 * may be earlier and in some containers is later; undefined where nothing is left to decode.
 */
export async function shownFrames(
  job: ClipJob,
  times: readonly number[],
  offset: number,
): Promise<ShownFrames | undefined> {
  const frameLength = frameLengthOf(job.info.usualRate);
  // A frame is shown from its time on until the next: the one wanted is the first that began less than that before.
  const thresholds = times.map((time) => time - SHOWN_SHARE * frameLength);
  const chosen = await chooseFrames(job, thresholds, offset);
  const [first] = chosen;
  if (first === undefined) return undefined;
  // The frame that is shown over a gap is known only when the next one comes: it is fetched by its time.
  const found = firstsFrom(chosen, thresholds);
  const wanted = found.map((frame, index) =>
    followsGap(frame, times[index] as number, frameLength) ? frame.previous : frame.time,
  );
  const known = new Map(chosen.map((frame) => [frame.time, frame]));
  const missing = [...new Set(wanted)].filter((time) => !known.has(time));
  if (missing.length > 0) {
    const exact = missing.map((time) => time - TINY);
    for (const frame of await chooseFrames(job, exact, offset)) known.set(frame.time, frame);
  }
  const frames = wanted.map((time, index) => known.get(time) ?? (found[index] as ChosenFrame));
  return { frames, from: first.time, chosen };
}

function followsGap({ time, previous }: ChosenFrame, asked: number, frameLength: number): boolean {
  return time > asked + ROUNDED_SHARE * frameLength && time - previous > GAP_FRAMES * frameLength;
}

/** For each threshold the first frame not before it; the last one where there is none. `frames` and times rise. */
function firstsFrom<Frame extends VideoFrame>(
  frames: readonly Frame[],
  thresholds: readonly number[],
): readonly Frame[] {
  let index = 0;
  return thresholds.map((threshold) => {
    while (index < frames.length - 1 && (frames[index] as Frame).time < threshold - TINY) index++;
    return frames[index] as Frame;
  });
}

/** Runs ffmpeg and gives the frames that `selectFilters` chooses. */
async function chooseFrames(
  job: ClipJob,
  thresholds: readonly number[],
  offset: number,
): Promise<readonly ChosenFrame[]> {
  const { where, input, info, preprocessing, timeout, signal } = job;
  const format = pixelFormatOf(info);
  const frameBytes = preprocessing.size ** 2 * PIXEL_FORMATS[format];
  const limit = thresholds.length + 1;
  const collected = new FrameCollector(frameBytes, limit);
  const numbers: number[] = [];
  const decoder = info.alphaDecoder === undefined ? [] : ['-c:v', info.alphaDecoder];
  await runFfmpeg({
    where,
    input,
    inputOptions: [
      '-threads',
      String(Math.max(1, Math.ceil(availableParallelism() / 2))),
      ...decoder,
      ...seekOptions(offset),
    ],
    outputOptions: [
      ...['-map', `0:${info.stream}`, '-an', '-sn', '-dn'],
      // Numbered anew at a constant rate: otherwise ffmpeg would repeat frames to fill the gaps between them. (Options
      // against that are not the same in all versions.) After the last one it repeats that all the same.
      '-filter:v',
      [
        ...timeFilters(info),
        ...deinterlaceFilters(info),
        ...selectFilters(thresholds.map((time) => time + info.fileStart)),
        ...fitFilters(preprocessing, format),
        ...RENUMBERED,
      ].join(','),
      ...['-frames:v', String(limit), '-c:v', 'rawvideo', '-pix_fmt', format, '-f', 'rawvideo'],
    ],
    timeout,
    ...(signal === undefined ? {} : { signal }),
    onData: (chunk) => collected.add(chunk),
    onLine: (line) => {
      // What comes before tells of the file, whose name may hold lines that are numbers.
      if (line === 'Stream mapping:') numbers.length = 0;
      const number = NUMBER_IN_LOG.exec(line.trim())?.[1];
      if (number !== undefined) numbers.push(Number(number) - info.fileStart);
    },
  });
  const frames = collected.frames().slice(0, numbers.length / 2);
  return frames.map((pixels, index) => ({
    previous: numbers[2 * index] as number,
    time: numbers[2 * index + 1] as number,
    pixels: toRgb(pixels, info),
  }));
}

/** Frames that have no times get them by their number. */
function timeFilters(info: VideoInfo): readonly string[] {
  return info.hasTimes ? [] : [`setpts=N*${frameLengthOf(info.frameRate)}/TB`];
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
