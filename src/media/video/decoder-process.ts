/** What runs in the process that `decodeApart` starts: decodes the clips that it is sent until the program ends. */
import { unreachable } from '../../shared/assert.js';
import { messageOf, UserError } from '../../shared/errors.js';
import type { DecoderJob, DecoderReply, DecoderRequest } from './decoder-messages.js';
import { decodeFrames } from './frame-stacks.js';
import { sampledTimes } from './sampling.js';
import { VideoError } from './video-error.js';

const running = new Map<number, AbortController>();

process.on('message', (request: DecoderRequest) => {
  switch (request.kind) {
    case 'decode':
      void decode(request.id, request.job);
      return;
    case 'abort':
      running.get(request.id)?.abort();
      return;
    default:
      unreachable(request, 'request');
  }
});
process.on('disconnect', () => running.forEach((controller) => controller.abort()));
// Ctrl-C reaches all processes of a terminal; the program decides what becomes of the clips under way.
let interruptions = 0;
process.on('SIGINT', () => interruptions++);

async function decode(id: number, job: DecoderJob): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const reply = await uninterruptedReply(id, job, controller.signal);
  running.delete(id);
  if (process.connected) process.send?.(reply);
}

/**
 * What Ctrl-C took from ffmpeg, which it ends, says nothing about the clip: it is decoded again, until the program gives
 * it up or, if it goes on, to the end.
 */
async function uninterruptedReply(id: number, job: DecoderJob, signal: AbortSignal): Promise<DecoderReply> {
  for (;;) {
    const before = interruptions;
    const reply = await replyTo(id, job, signal);
    const isWhole = reply.kind === 'decoded' && reply.video.partial === undefined;
    if (isWhole || interruptions === before || signal.aborted) return reply;
  }
}

async function replyTo(id: number, job: DecoderJob, signal: AbortSignal): Promise<DecoderReply> {
  const { path, preprocessing, samplings, timeout } = job;
  try {
    const video = await decodeFrames(path, preprocessing, (span) => sampledTimes(span, samplings), {
      timeout,
      signal,
    });
    return { kind: 'decoded', id, video };
  } catch (error) {
    if (error instanceof VideoError) return { kind: 'refused', id, reason: error.reason };
    if (error instanceof UserError) return { kind: 'unable', id, message: error.message };
    return { kind: 'failed', id, message: messageOf(error) };
  }
}
