/**
 * Clips decoded in a process of their own. Starting ffmpeg takes a copy of the memory map of whoever starts it: 18 ms, in
 * which nothing else happens, of a program that holds a model, less than 1 ms of a small one. And what is done to frames
 * after ffmpeg then runs beside the model.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { unreachable } from '../../shared/assert.js';
import { UserError } from '../../shared/errors.js';
import { printable } from '../media-error.js';
import type { ImagePreprocessing } from '../preprocessing.js';
import type { DecoderJob, DecoderReply, DecoderRequest } from './decoder-messages.js';
import { DEFAULT_TIMEOUT_SECONDS, type DecodedVideo, type DecodeVideoOptions } from './frames.js';
import type { FrameSampling } from './sampling.js';
import { VideoError } from './video-error.js';

const FROM_SOURCES = import.meta.url.endsWith('.ts');
const SCRIPT = new URL(FROM_SOURCES ? './decoder-process-from-sources.mjs' : './decoder-process.js', import.meta.url);

interface PendingJob {
  readonly where: string;
  readonly resolve: (video: DecodedVideo) => void;
  readonly reject: (error: unknown) => void;
}

/** A process that decodes; it lives as long as this program and does not keep it alive by itself. */
class DecoderProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PendingJob>();
  #ended = false;
  #nextId = 0;

  constructor() {
    this.#child = fork(fileURLToPath(SCRIPT), [], {
      execArgv: [],
      serialization: 'advanced', // typed arrays as they are
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (reply: DecoderReply) => this.#settle(reply));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(signal ?? `exit code ${code}`));
    this.#rest();
  }

  get ended(): boolean {
    return this.#ended;
  }

  decode(job: DecoderJob, signal: AbortSignal | undefined): Promise<DecodedVideo> {
    const id = this.#nextId++;
    const abort = (): void => this.#send({ kind: 'abort', id });
    return new Promise<DecodedVideo>((resolve, reject) => {
      this.#pending.set(id, {
        where: printable(job.path),
        resolve,
        reject: (error) => reject(signal?.aborted === true ? (signal.reason as Error) : (error as Error)),
      });
      this.#child.ref();
      this.#child.channel?.ref();
      signal?.addEventListener('abort', abort, { once: true });
      this.#send({ kind: 'decode', id, job });
    }).finally(() => signal?.removeEventListener('abort', abort));
  }

  #send(request: DecoderRequest): void {
    // What becomes of the process is told by its events; without a callback `send` would throw when it has just ended.
    this.#child.send(request, () => undefined);
  }

  #settle(reply: DecoderReply): void {
    const job = this.#pending.get(reply.id);
    if (job === undefined) return;
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#rest();
    switch (reply.kind) {
      case 'decoded':
        return job.resolve(reply.video);
      case 'refused':
        return job.reject(new VideoError(job.where, reply.reason));
      case 'unable':
        return job.reject(new UserError(reply.message));
      case 'failed':
        return job.reject(new Error(`${job.where}: ${reply.message}`));
      default:
        return unreachable(reply, 'reply');
    }
  }

  #rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #end(reason: string): void {
    this.#ended = true;
    for (const { where, reject } of this.#pending.values()) {
      reject(new VideoError(where, `could not be decoded: the decoding process ended (${reason})`));
    }
    this.#pending.clear();
  }
}

let decoder: DecoderProcess | undefined;

/** Starts the decoder process, unless it runs: so that it is ready when the first clip comes. */
export function startDecoder(): void {
  void runningDecoder();
}

function runningDecoder(): DecoderProcess {
  if (decoder === undefined || decoder.ended) decoder = new DecoderProcess();
  return decoder;
}

/** As `decodeFrames`, at times that `samplings` spread evenly over the clip, in the decoder process. */
export async function decodeApart(
  path: string,
  preprocessing: ImagePreprocessing,
  samplings: readonly FrameSampling[],
  { timeout = DEFAULT_TIMEOUT_SECONDS, signal }: DecodeVideoOptions = {},
): Promise<DecodedVideo> {
  signal?.throwIfAborted();
  return runningDecoder().decode({ path, preprocessing, samplings, timeout }, signal);
}
