/**
 * Whether the timeline means something: pairs of validation clips of different classes joined end to end, and how often
 * the label that the timeline gives changes from the first clip's class to the second's within half a second of the cut.
 *
 *     npm run build && npx tsx benchmarks/timeline.ts CHECKPOINT DATA GROUP-PATTERN GROUPS [pairs] [seed]
 *     npx tsx benchmarks/timeline.ts checkpoints/actions ucf101-8 'g(\d+)' 19,20,21
 *
 * Prints a line of JSON: the share of such pairs, and for comparison how often both clips alone are named rightly.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import 'looksay/backend';
import { type LabelledClip, groupBy, readClips, splitByNames } from '../dist/datasets/clips/index.js';
import { findTool } from '../dist/media/video/index.js';
import { probeVideo } from '../dist/media/video/probe.js';
import { Random } from '../dist/shared/random.js';
import { loadVideoClassifier, type TimelineEntry } from '../dist/tasks/video/predict.js';

const [checkpoint, data, pattern, groups, pairs = '50', seed = '1'] = process.argv.slice(2);
if (checkpoint === undefined || data === undefined || pattern === undefined || groups === undefined) {
  throw new Error('usage: timeline.ts CHECKPOINT DATA GROUP-PATTERN GROUPS [pairs] [seed]');
}
const TOLERANCE_SECONDS = 0.5;
const SIZE = 256;
const folder = mkdtempSync(join(tmpdir(), 'looksay-timeline-'));

async function durationOf(path: string): Promise<number> {
  const { start, end = start } = await probeVideo(path, { timeout: 60 });
  return end - start;
}

/** Joins two clips, brought to one size and rate, and returns the file. */
function join2(first: string, second: string, name: string): string {
  const path = join(folder, name);
  const same = (input: number): string => `[${input}:v]scale=${SIZE}:${SIZE},fps=20,setsar=1[v${input}]`;
  const graph = `${same(0)};${same(1)};[v0][v1]concat=n=2:v=1[out]`;
  const output = ['-map', '[out]', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-pix_fmt', 'yuv420p'];
  const argv = ['-v', 'error', '-nostdin', '-i', first, '-i', second, '-filter_complex', graph, ...output, path];
  execFileSync(findTool('ffmpeg'), argv);
  return path;
}

/** The times at which the label changes from `first` to `second`. */
function switches(timeline: readonly TimelineEntry[], first: string, second: string): readonly number[] {
  return timeline.flatMap(({ time, label }, index) => {
    const before = timeline[index - 1];
    return before?.label === first && label === second ? [(before.time + time) / 2] : [];
  });
}

try {
  await tf.setBackend('onnxruntime');
  const classifier = await loadVideoClassifier(checkpoint);
  const { clips } = readClips(data);
  const named = { names: groups.split(','), option: 'GROUPS' };
  const { validation } = splitByNames(clips, groupBy(pattern, clips), named);
  const random = new Random(Number(seed));
  const draw = (): LabelledClip => validation[random.integer(validation.length)] as LabelledClip;
  const found = { switched: 0, bothNamed: 0 };
  for (let pair = 0; pair < Number(pairs); pair++) {
    const first = draw();
    let second = draw();
    while (second.label === first.label) second = draw();
    const cut = await durationOf(first.path);
    const joined = join2(first.path, second.path, `${pair}.mp4`);
    for await (const result of classifier.classify([joined], { timeline: true })) {
      if ('error' in result) throw new Error(`${result.video}: ${result.error}`);
      const times = switches(result.timeline ?? [], first.label, second.label);
      if (times.some((time) => Math.abs(time - cut) <= TOLERANCE_SECONDS)) found.switched++;
    }
    const labels: (string | undefined)[] = [];
    for await (const result of classifier.classify([first.path, second.path])) {
      labels.push('label' in result ? result.label : undefined);
    }
    if (labels[0] === first.label && labels[1] === second.label) found.bothNamed++;
    rmSync(joined);
  }
  classifier.dispose();
  const share = (count: number): number => count / Number(pairs);
  console.log(
    JSON.stringify({
      ...{ checkpoint, pairs: Number(pairs), toleranceSeconds: TOLERANCE_SECONDS },
      ...{ switched: share(found.switched), bothNamed: share(found.bothNamed) },
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
