/**
 * What classification of clips costs beyond decoding and encoding: 100 clips of 5 s by 16 frames each, beside what ffmpeg
 * alone takes to decode those frames and the encoder alone to encode them, in the same process, in turns of ten clips, so
 * that a machine that changes its speed changes it for all three; and a clip of an hour, whose frames are sought, not
 * decoded one after another.
 *
 *     npm run build && npx tsx benchmarks/video.ts [clips] [checkpoint]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import 'looksay/backend';
import { decodeFrames, evenTimes, findTool } from '../dist/media/video/index.js';
import type { ImagePreprocessing } from '../dist/media/image.js';
import { frozenFrameEncoder } from '../dist/tasks/encoder/clip-features.js';
import { FrameEncoder } from '../dist/tasks/encoder/encode-clips.js';
import { frameEncodingOf, loadVideoModel } from '../dist/tasks/video/model.js';
import { createVideoClassifier } from '../dist/tasks/video/predict.js';

const [count = '100', checkpoint = 'checkpoints/actions'] = process.argv.slice(2);
const FRAMES = 16;
const RATE = 25;
/** Clips of a turn. */
const TURN = 10;
const SECONDS = 5;
const ffmpeg = findTool('ffmpeg');
const folder = mkdtempSync(join(tmpdir(), 'looksay-benchmark-'));

function makeClip(name: string, source: string): string {
  const path = join(folder, name);
  const options = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
  execFileSync(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', source, ...options, path]);
  return path;
}

/** Seconds that `work` takes. */
async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** ffmpeg by itself: the frames that classification sees, at the encoder's size, thrown away. */
function decodeAlone(path: string, { size, stack }: ImagePreprocessing): void {
  const offsets = stack === undefined ? [0] : [-stack.gap, 0, stack.gap];
  const times = evenTimes({ from: 0, to: SECONDS }, FRAMES).flatMap((time) => offsets.map((offset) => time + offset));
  const numbers = new Set(times.map((time) => Math.min(RATE * SECONDS - 1, Math.max(0, Math.floor(time * RATE)))));
  const frames = [...numbers].map((number) => `eq(n,${number})`);
  const filter = `select='${frames.join('+')}',scale=${size}:${size}:flags=bicubic`;
  const options = ['-vf', filter, '-frames:v', String(numbers.size), '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'];
  execFileSync(ffmpeg, ['-v', 'error', '-nostdin', '-i', path, ...options], { maxBuffer: 1 << 28 });
}

/** The most that this process and the one that decodes have held, where Linux says so; else this one. */
function peakMegabytes(): number {
  const children = `/proc/self/task/${process.pid}/children`;
  const others = existsSync(children) ? readFileSync(children, 'utf8').trim().split(' ').filter(Boolean) : [];
  const kilobytes = others.map((id) => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]));
  return Math.round(kilobytes.reduce((sum, value) => sum + value, process.resourceUsage().maxRSS) / 1024);
}

try {
  const clips = Array.from({ length: Number(count) }, (_, index) =>
    makeClip(`${index}.mp4`, `testsrc2=s=320x240:r=${RATE}:d=${SECONDS},hue=h=${index * 7}`),
  );
  await tf.setBackend('onnxruntime');
  const model = await loadVideoModel(checkpoint);
  const { preprocessing } = model.config;
  const classifier = createVideoClassifier(model);
  const classify = async (paths: readonly string[]): Promise<void> => {
    for await (const result of classifier.classify(paths, { frames: FRAMES, windows: 1 })) {
      if ('error' in result) throw new Error(`${result.video}: ${result.error}`);
    }
  };
  await classify(clips.slice(0, 2)); // compiles
  await classify(clips);
  const peakOfClips = peakMegabytes();
  const hour = makeClip('hour.mp4', `testsrc2=s=160x120:r=5:d=3600`);
  const ofHour = await timed(() => classify([hour]));
  const peakWithHour = peakMegabytes();
  // Only now: a second encoder is no part of what classification holds.
  const frozen = frozenFrameEncoder(frameEncodingOf(model));
  const encoder = new FrameEncoder(frozen);
  const [first = ''] = clips;
  const decoded = await decodeFrames(first, preprocessing, (span) => evenTimes(span, FRAMES));
  await encoder.encode(decoded);
  let [whole, ofFfmpeg, ofEncoder] = [0, 0, 0];
  for (let from = 0; from < clips.length; from += TURN) {
    const turn = clips.slice(from, from + TURN);
    whole += await timed(() => classify(turn));
    ofFfmpeg += await timed(() => turn.forEach((path) => decodeAlone(path, preprocessing)));
    ofEncoder += await timed(async () => {
      for (const _ of turn) await encoder.encode(decoded);
    });
  }
  encoder.dispose();
  frozen.dispose();
  classifier.dispose();
  const round = (value: number): number => Number(value.toFixed(2));
  console.log(
    JSON.stringify({
      ...{ clips: clips.length, frames: FRAMES, checkpoint },
      ...{ classifySeconds: round(whole), ffmpegSeconds: round(ofFfmpeg), encoderSeconds: round(ofEncoder) },
      ratio: round(whole / (ofFfmpeg + ofEncoder)),
      peakMegabytes: peakOfClips,
      ...{ hourSeconds: round(ofHour), peakMegabytesWithHour: peakWithHour },
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
