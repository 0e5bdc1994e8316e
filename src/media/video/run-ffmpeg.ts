/** Runs ffmpeg through fluent-ffmpeg; a process that hangs is ended. */
import type { ChildProcess } from 'node:child_process';
import { Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { systemCodeOf, type UserError } from '../../shared/errors.js';
import { findTool, toolEnvironment } from './binaries.js';
import { failureOf, notStarted, timedOut, timerOf } from './failure.js';
import { LOCAL_ONLY } from './local-file.js';

export interface FfmpegRun {
  /** Names the file in errors. */
  readonly where: string;
  /** As `localInput` gives it. */
  readonly input: string;
  readonly inputOptions: readonly string[];
  /** The format (`-f`) among them. */
  readonly outputOptions: readonly string[];
  /** Seconds after which the process is ended. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Takes the output as it comes, its times those of the file's streams. */
  readonly onData?: (chunk: Uint8Array) => void;
  /** Takes each line of the log. */
  readonly onLine?: (line: string) => void;
}

/**
 * `repeat`: otherwise lines that are the same as the one before are left out. `copyts`: otherwise times are counted from
 * something that depends on the container, on what is sought, and on the version of ffmpeg.
 */
const GLOBAL_OPTIONS = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+info', '-copyts'];
/** Lines of the log that are kept to explain a failure. */
const KEPT_LINES = 100;

/** Ends when ffmpeg does. Throws VideoError when it fails or takes too long, the signal's reason when that is aborted. */
export function runFfmpeg(run: FfmpegRun): Promise<void> {
  const { where, input, timeout, signal, onData, onLine } = run;
  signal?.throwIfAborted();
  const tool = findTool('ffmpeg');
  const command = ffmpeg({ stdoutLines: KEPT_LINES })
    .setFfmpegPath(tool)
    .input(input)
    .inputOptions([...GLOBAL_OPTIONS, ...LOCAL_ONLY, ...run.inputOptions])
    .outputOptions([...run.outputOptions]);
  trustOptions(command);
  startIn(command, toolEnvironment());
  const sink = new Writable({
    // At `close`, fluent-ffmpeg ends an ffmpeg whose exit it has not yet heard of, as when a model blocks this thread.
    emitClose: false,
    autoDestroy: false,
    write(chunk: Uint8Array, _encoding, done) {
      onData?.(chunk);
      done();
    },
  });
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let ended = false;
    const settle = (finish: () => void): void => {
      ended = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      finish();
    };
    const end = (reason: unknown): void => {
      settle(() => reject(reason as Error));
      endProcess(command);
    };
    const abort = (): void => end(signal?.reason);
    const timer = setTimeout(() => end(timedOut(where, timeout)), timerOf(timeout));
    signal?.addEventListener('abort', abort, { once: true });
    command.on('start', () => {
      if (ended) endProcess(command);
    });
    command.on('stderr', (line: string) => {
      if (lines.push(line) > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
    command.on('error', (error: Error) => settle(() => reject(errorOf(error, { where, tool, lines }))));
    // It does not wait for the last of the output.
    let waitingFor = 2;
    const arrive = (): void => {
      if (--waitingFor === 0) settle(resolve);
    };
    sink.once('finish', arrive);
    command.on('end', arrive);
    command.pipe(sink, { end: true });
  });
}

function errorOf(
  error: Error,
  { where, tool, lines }: { readonly where: string; readonly tool: string; readonly lines: readonly string[] },
): UserError {
  if (systemCodeOf(error) !== undefined) return notStarted('ffmpeg', tool, error);
  const signal = /was killed with signal (\w+)/.exec(error.message)?.[1];
  return failureOf({ tool: 'ffmpeg', where, lines, signal, cause: error });
}

/** What fluent-ffmpeg offers nobody: how it starts processes, and the one that runs. */
interface Internals {
  ffmpegProc?: ChildProcess;
  _spawnFfmpeg: (args: string[], options: object, onStart: unknown, onEnd: EndListener) => void;
}

interface Log {
  readonly get: () => string;
}

type EndListener = (error: Error | null, output: Log, log: Log) => void;

const NO_LOG: Log = { get: () => '' };

const internalsOf = (command: ffmpeg.FfmpegCommand): Internals => command as unknown as Internals;

/** Ends the process, and waits for nobody who still holds its pipes: a script that started ffmpeg leaves it behind. */
function endProcess(command: ffmpeg.FfmpegCommand): void {
  command.kill('SIGKILL');
  const child = internalsOf(command).ffmpegProc;
  child?.stdout?.destroy();
  child?.stderr?.destroy();
}

/** Sets the environment of the process that will be started. */
function startIn(command: ffmpeg.FfmpegCommand, env: NodeJS.ProcessEnv): void {
  const internals = internalsOf(command);
  const { _spawnFfmpeg: spawn } = internals;
  internals._spawnFfmpeg = (args, options, onStart, onEnd) =>
    spawn.call(command, args, { ...options, env }, onStart, (error: Error | null, output = NO_LOG, log = NO_LOG) =>
      // Of a process that was not started fluent-ffmpeg gives no logs, though it looks into them.
      onEnd(error, output, log),
    );
}

/**
 * fluent-ffmpeg looks formats and codecs up in tables that ffmpeg prints, whose columns are not the same in all versions
 * (7 changed them). What we ask for is in every ffmpeg: it is told so instead.
 */
function trustOptions(command: ffmpeg.FfmpegCommand): void {
  const tables = command as unknown as Record<string, (done: (error: null, table: object) => void) => void>;
  tables['availableFormats'] = (done) => done(null, { rawvideo: { canMux: true }, framecrc: { canMux: true } });
  tables['availableEncoders'] = (done) => done(null, {});
}
