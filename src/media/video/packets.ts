/** When the pictures and the sound of a clip end, as its packets say, which are read and not decoded. */
import { runFfmpeg } from './run-ffmpeg.js';
import { type ClipJob, frameLengthOf, seekOptions } from './shown-frames.js';
import { blamesClip } from './video-error.js';

export type Clip = Omit<ClipJob, 'span'>;

/** When the last frame of a clip begins and ends, in seconds as those of its span. */
export interface LastFrame {
  readonly begins: number;
  readonly ends: number;
}

/** Where a rough end is known, so many seconds before it are read to find the true one. */
const TAIL_SECONDS = 10;
/** What stands for times that are not known. */
const NO_TIME = -(2 ** 62);

/** Throws VideoError where the clip has no packets that can be read. */
export async function lastFrameOf(clip: Clip): Promise<LastFrame> {
  const { start, end = 0, isEndRough, stream, hasTimes, frameRate } = clip.info;
  const tail = isEndRough ? end - TAIL_SECONDS : 0;
  if (tail > start) {
    const found = await readPackets(clip, `0:${stream}`, tail);
    if (found.ends > tail) return found;
  }
  const found = await readPackets(clip, `0:${stream}`, 0);
  if (hasTimes && found.ends > start) return found;
  const frameLength = frameLengthOf(frameRate);
  const ends = start + Math.max(1, found.count) * frameLength;
  return { begins: ends - frameLength, ends };
}

/** When the last sound of a clip ends; before all times where it has none. */
export async function endOfSound(clip: Clip): Promise<number> {
  try {
    return (await readPackets(clip, '0:a', 0)).ends;
  } catch (error) {
    if (blamesClip(error)) return -Infinity;
    throw error;
  }
}

/** Reads the packets of the streams that `map` names from `offset` (seconds) to the end. */
async function readPackets(clip: Clip, map: string, offset: number): Promise<LastFrame & { readonly count: number }> {
  const { where, input, info, timeout, signal } = clip;
  const list = new PacketList(frameLengthOf(info.frameRate));
  await runFfmpeg({
    where,
    input,
    inputOptions: seekOptions(offset),
    outputOptions: ['-map', map, '-c', 'copy', '-f', 'framecrc'],
    timeout,
    ...(signal === undefined ? {} : { signal }),
    onData: (chunk) => list.add(chunk),
  });
  return { begins: list.begins - info.fileStart, ends: list.ends - info.fileStart, count: list.count };
}

/**
 * Reads what ffmpeg writes as `framecrc`: `#tb STREAM: 1/90000`, the unit of the stream's times, and a line a packet,
 * `STREAM, decoding time, time, duration, …`.
 */
class PacketList {
  begins = -Infinity;
  ends = -Infinity;
  count = 0;
  readonly #assumedDuration: number;
  readonly #units = new Map<string, number>();
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** `assumedDuration`: in seconds, of packets that have none. */
  constructor(assumedDuration: number) {
    this.#assumedDuration = assumedDuration;
  }

  add(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#addLine(line);
  }

  #addLine(line: string): void {
    const [, stream, above, below] = /^#tb (\d+): (\d+)\/(\d+)/.exec(line) ?? [];
    if (stream !== undefined) this.#units.set(stream, Number(above) / Number(below));
    if (line.startsWith('#')) return;
    const [of = '', decodingTime, time, duration] = line.split(',').map((field) => field.trim());
    const unit = this.#units.get(of) ?? NaN;
    const begins = unit * (Number(time) > NO_TIME ? Number(time) : Number(decodingTime));
    this.count++;
    if (!(begins > NO_TIME * unit)) return;
    this.begins = Math.max(this.begins, begins);
    this.ends = Math.max(this.ends, begins + (unit * Number(duration) || this.#assumedDuration));
  }
}
