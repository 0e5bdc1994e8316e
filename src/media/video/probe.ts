/**
 * What ffprobe says about a video. It is called directly: fluent-ffmpeg's own `ffprobe` gives no way to end a process
 * that hangs.
 */
import { execFile } from 'node:child_process';
import { systemCodeOf, UserError } from '../../shared/errors.js';
import { printable } from '../media-error.js';
import { findTool, toolEnvironment } from './binaries.js';
import { failureOf, notStarted, timedOut, timerOf } from './failure.js';
import { followsFiles, LOCAL_ONLY, localInput, PLAYLIST_REASON, readsPictures } from './local-file.js';
import { VideoError } from './video-error.js';

/** How light values are coded beyond standard range (ITU-R BT.2100). */
export type HdrTransfer = 'pq' | 'hlg';

export interface VideoInfo {
  /** Number of the video stream in its file. */
  readonly stream: number;
  /** When the file's first sound or frame begins, in seconds as its streams have it: in broadcasts any number. */
  readonly fileStart: number;
  /** When the video's first frame is shown, in seconds after that. */
  readonly start: number;
  /** When its last frame ends, in seconds after that; undefined where the header does not say. */
  readonly end: number | undefined;
  /** Whether `end` is a guess, and may be a second early: in MPEG-PS few frames have a time. */
  readonly isEndRough: boolean;
  /** Average frames a second; undefined where the header does not say. */
  readonly frameRate: number | undefined;
  /** Frames a second where the clip does not stand still, which for most is the average. */
  readonly usualRate: number | undefined;
  /** Whether the container says where frames are: in others ffmpeg guesses, and what is sought may begin too late. */
  readonly isIndexed: boolean;
  /** False for bare streams (`.h264`), whose frames only follow one another. */
  readonly hasTimes: boolean;
  /** As stored, before rotation. */
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** The decoder that sees the transparency of VP8 and VP9; ffmpeg's own leaves it out. */
  readonly alphaDecoder: string | undefined;
  readonly isInterlaced: boolean;
  readonly hdr: HdrTransfer | undefined;
}

export interface ProbeOptions {
  /** Seconds after which a process is ended. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** The most pixels a frame may have: 8K has 33 million. */
const LIMIT_PIXELS = 100_000_000;
const LIMIT_OUTPUT_BYTES = 16_000_000;
/** More than this is a damaged header. */
const LONGEST_SECONDS = 1e7;
const ALPHA = /^(?:rgba|bgra|argb|abgr|yuva|gbrap|ya\d|pal8)/;
const MATROSKA = /^matroska/;
const MPEG_PS = /^mpeg$/;
const UNINDEXED = /^mpeg(?:ts)?$/;
const INTERLACED: ReadonlySet<string> = new Set(['tt', 'bb', 'tb', 'bt']);
const TRANSFERS: Readonly<Record<string, HdrTransfer>> = { smpte2084: 'pq', 'arib-std-b67': 'hlg' };

type Fields = Readonly<Record<string, unknown>>;

/** Throws VideoError when the file is missing, empty, no video, a picture, damaged, a playlist, or too large. */
export async function probeVideo(path: string, options: ProbeOptions): Promise<VideoInfo> {
  const where = printable(path);
  const output = await runProbe(where, localInput(path), options);
  const { format = {}, streams = [] } = parseOutput(output);
  const formatName = String(format['format_name'] ?? '');
  if (readsPictures(formatName)) throw new VideoError(where, 'is a picture, no video');
  if (followsFiles(formatName)) throw new VideoError(where, PLAYLIST_REASON);
  const stream = streams.find(isMoving);
  if (stream === undefined) throw new VideoError(where, 'has no video (audio only)');
  return infoOf(where, stream, format);
}

interface Description {
  readonly format?: Fields;
  readonly streams?: readonly Fields[];
}

/** ffprobe that succeeds writes JSON: whatever does not is another program. */
function parseOutput(output: string): Description {
  try {
    return JSON.parse(output) as Description;
  } catch (cause) {
    const found = output.trim() === '' ? 'nothing' : JSON.stringify(output.slice(0, 40));
    throw new UserError(
      `${findTool('ffprobe')}: expected ffprobe, which describes videos in JSON, found a program that wrote ${found} ` +
        '(FFPROBE_PATH can name another)',
      { cause },
    );
  }
}

/** A video stream that is no cover picture. */
function isMoving({ codec_type: type, disposition }: Fields): boolean {
  return type === 'video' && (disposition as Fields | undefined)?.['attached_pic'] !== 1;
}

function infoOf(where: string, stream: Fields, format: Fields): VideoInfo {
  const width = positive(stream['width']) ?? 0;
  const height = positive(stream['height']) ?? 0;
  if (width * height === 0) throw new VideoError(where, 'is damaged: its frames have no size');
  if (width * height > LIMIT_PIXELS) {
    throw new VideoError(where, `is too large: ${width} x ${height} pixels, the limit is 100 megapixels`);
  }
  const alphaDecoder = alphaDecoderOf(stream);
  const [average, base] = [ratio(stream['avg_frame_rate']), ratio(stream['r_frame_rate'])];
  const formatName = String(format['format_name']);
  return {
    stream: Number(stream['index'] ?? 0),
    ...timesOf(stream, format),
    isEndRough: MPEG_PS.test(formatName),
    hasTimes: stream['start_time'] !== undefined,
    frameRate: average ?? base,
    usualRate: usualRateOf(average, base),
    isIndexed: !UNINDEXED.test(formatName),
    width,
    height,
    hasAlpha: ALPHA.test(String(stream['pix_fmt'] ?? '')) || alphaDecoder !== undefined,
    alphaDecoder,
    isInterlaced: INTERLACED.has(String(stream['field_order'] ?? '')),
    hdr: TRANSFERS[String(stream['color_transfer'] ?? '')],
  };
}

/** The most frames a second that `r_frame_rate` is believed: where it finds no common rate it is that of the clock. */
const BELIEVED_RATE = 120;
/** So many times the average is the rate of clips that stand still between movements. */
const STANDING_FACTOR = 3;

function usualRateOf(average: number | undefined, base: number | undefined): number | undefined {
  if (average === undefined || base === undefined) return average ?? base;
  return base <= BELIEVED_RATE && base > STANDING_FACTOR * average ? base : average;
}

/** More than what files round, and less than what would be missed. */
const LATE_SECONDS = 0.1;

function timesOf(stream: Fields, format: Fields): Pick<VideoInfo, 'fileStart' | 'start' | 'end'> {
  const streamStart = finite(stream['start_time']);
  const fileStart = streamStart === undefined ? 0 : (finite(format['start_time']) ?? 0);
  const start = Math.max(0, (streamStart ?? 0) - fileStart);
  return { fileStart, start, end: endOf(stream, format, { fileStart, start }) };
}

function endOf(
  stream: Fields,
  format: Fields,
  { fileStart, start }: Pick<VideoInfo, 'fileStart' | 'start'>,
): number | undefined {
  const own = positive(stream['duration']);
  if (own !== undefined) return own < LONGEST_SECONDS ? start + own : undefined;
  const end = positive(format['duration']);
  // Some programs that write Matroska count its duration from the first frame, others (ffmpeg) from 0.
  const isAmbiguous = MATROSKA.test(String(format['format_name'])) && fileStart > LATE_SECONDS;
  return end === undefined || end >= LONGEST_SECONDS || end <= start || isAmbiguous ? undefined : end;
}

function alphaDecoderOf({ codec_name: codec, tags = {} }: Fields): string | undefined {
  const { alpha_mode: lower, ALPHA_MODE: upper } = tags as Fields;
  if (lower !== '1' && upper !== '1') return undefined;
  return codec === 'vp8' ? 'libvpx' : codec === 'vp9' ? 'libvpx-vp9' : undefined;
}

function finite(value: unknown): number | undefined {
  const number = Number(value);
  return value !== undefined && Number.isFinite(number) ? number : undefined;
}

function positive(value: unknown): number | undefined {
  const number = finite(value);
  return number !== undefined && number > 0 ? number : undefined;
}

/** '30000/1001' as a number. */
function ratio(value: unknown): number | undefined {
  const [above, below] = String(value ?? '').split('/');
  return positive(Number(above) / Number(below));
}

function runProbe(where: string, input: string, { timeout, signal }: ProbeOptions): Promise<string> {
  const options = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-select_streams', 'v'];
  const tool = findTool('ffprobe');
  const settings = {
    timeout: timerOf(timeout),
    killSignal: 'SIGKILL' as const,
    maxBuffer: LIMIT_OUTPUT_BYTES,
    env: toolEnvironment(),
    windowsHide: true,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    execFile(tool, [...options, ...LOCAL_ONLY, input], settings, (error, stdout, stderr) => {
      // Of a process that ends by itself as its time is up, execFile drops the output and says nothing.
      const isDropped = stdout === '' && performance.now() - began >= timerOf(timeout);
      if (error === null && isDropped) reject(timedOut(where, timeout));
      else if (error === null) resolve(stdout);
      else if (signal?.aborted === true) reject(error);
      else if (error.killed === true) reject(timedOut(where, timeout));
      else if (systemCodeOf(error) !== undefined) reject(notStarted('ffprobe', tool, error));
      else
        reject(
          failureOf({
            tool: 'ffprobe',
            where,
            lines: stderr.split('\n'),
            signal: error.signal ?? undefined,
            cause: error,
          }),
        );
    });
  });
}
