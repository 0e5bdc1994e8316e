/** Runs ffmpeg through fluent-ffmpeg; a process that hangs is ended. */
import { Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { findTool } from './binaries.js';
import { failureOf } from './failure.js';
import { LOCAL_ONLY } from './local-file.js';
import { timedOut } from './probe.js';
import { VideoError } from './video-error.js';

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
  /** Takes the output as it comes. */
  readonly onData?: (chunk: Uint8Array) => void;
  /** Takes each line of the log. */
  readonly onLine?: (line: string) => void;
}

const GLOBAL_OPTIONS = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info'];
/** Lines of the log that are kept to explain a failure. */
const KEPT_LINES = 100;

/** Ends when ffmpeg does. Throws VideoError when it fails or takes too long, the signal's reason when that is aborted. */
export function runFfmpeg(run: FfmpegRun): Promise<void> {
  const { where, input, timeout, signal, onData, onLine } = run;
  signal?.throwIfAborted();
  const command = ffmpeg({ stdoutLines: KEPT_LINES })
    .setFfmpegPath(findTool('ffmpeg'))
    .input(input)
    .inputOptions([...GLOBAL_OPTIONS, ...LOCAL_ONLY, ...run.inputOptions])
    .outputOptions([...run.outputOptions]);
  trustOptions(command);
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
    let failure: unknown;
    const end = (reason: unknown): void => {
      failure ??= reason;
      command.kill('SIGKILL');
    };
    const abort = (): void => end(signal?.reason);
    const timer = setTimeout(() => end(timedOut(where, timeout)), timeout * 1000);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      finish();
    };
    signal?.addEventListener('abort', abort, { once: true });
    command.on('start', () => {
      if (failure !== undefined) command.kill('SIGKILL');
    });
    command.on('stderr', (line: string) => {
      if (lines.push(line) > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
    command.on('error', (error: Error) =>
      settle(() => reject((failure as Error | undefined) ?? new VideoError(where, failureOf(lines), error))),
    );
    // It does not wait for the last of the output.
    let waitingFor = 2;
    const arrive = (): void => {
      if (--waitingFor === 0) settle(failure === undefined ? resolve : () => reject(failure as Error));
    };
    sink.once('finish', arrive);
    command.on('end', arrive);
    command.pipe(sink, { end: true });
  });
}

/**
 * fluent-ffmpeg looks formats and codecs up in tables that ffmpeg prints, whose columns are not the same in all versions
 * (7 changed them). What we ask for is in every ffmpeg: it is told so instead.
 */
function trustOptions(command: ffmpeg.FfmpegCommand): void {
  const tables = command as unknown as Record<string, (done: (error: null, table: object) => void) => void>;
  tables['availableFormats'] = (done) => done(null, { rawvideo: { canMux: true }, null: { canMux: true } });
  tables['availableEncoders'] = (done) => done(null, {});
}
