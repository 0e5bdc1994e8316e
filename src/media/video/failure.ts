/** How decoding fails: what ffmpeg says about a file in words for people, tools that are to blame, and time that is up. */
import { UserError } from '../../shared/errors.js';
import { type Tool, TOOL_VARIABLES } from './binaries.js';
import { DecoderFailure, VideoError } from './video-error.js';

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/moov atom not found/i, 'is damaged or cut short: the index of its frames is missing'],
  [/Protocol .* not on whitelist/i, 'points at other files or at the network: only the file itself is read'],
  [/does not contain any stream|matches no streams|Output file #0 does not contain/i, 'has no video'],
  [/Invalid data found when processing input|Unknown input format/i, 'is damaged, or no video that ffmpeg can read'],
  [/Decoder .* not found|Unknown decoder|no decoder/i, 'has a codec that this ffmpeg cannot decode'],
  [/Permission denied/i, 'may not be read (permission denied)'],
];

/** Log lines begin with what wrote them: `[mov,mp4 @ 0x55d0] …`. */
const ORIGIN = /^(?:\[[^\]]*\]\s*)+/;
const LONGEST = 200;

/** How a process of ffmpeg or ffprobe ended that failed. */
export interface ToolFailure {
  readonly tool: Tool;
  /** Names the file in errors. */
  readonly where: string;
  /** What it wrote. */
  readonly lines: readonly string[];
  /** What it died of, when it did not exit by itself. */
  readonly signal: string | undefined;
  readonly cause: Error;
}

/** The error that tells who is to blame: the file, or the tool, which says something of every file. */
export function failureOf({ tool, where, lines, signal, cause }: ToolFailure): VideoError {
  const other = `(${TOOL_VARIABLES[tool]} can name another ${tool})`;
  if (signal !== undefined)
    return new DecoderFailure(where, `${tool} crashed (${signal}) while reading it ${other}`, cause);
  const last = lines.findLast((line) => line.trim() !== '');
  if (last === undefined) return new DecoderFailure(where, `${tool} failed without saying why ${other}`, cause);
  return new VideoError(where, reasonOf(lines.join('\n'), last), cause);
}

/** The error about a tool that the system does not start. */
export function notStarted(tool: Tool, path: string, cause: Error): UserError {
  const message = `${path}: expected ${tool}, found a file that cannot be started: ${cause.message} `;
  return new UserError(`${message}(mend it, or name another by ${TOOL_VARIABLES[tool]})`, { cause });
}

/** The error about a process that was ended. */
export function timedOut(where: string, timeout: number): DecoderFailure {
  return new DecoderFailure(where, `took longer than ${timeout} s to decode (--timeout gives more)`);
}

/** More would overflow, and time out at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A timeout in seconds as timers take it. */
export function timerOf(timeout: number): number {
  return Math.min(LONGEST_TIMER, Math.ceil(timeout * 1000));
}

function reasonOf(text: string, last: string): string {
  const known = KNOWN.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return known;
  return `cannot be decoded (ffmpeg: ${last.replace(ORIGIN, '').trim().slice(0, LONGEST)})`;
}
