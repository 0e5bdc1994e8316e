/**
 * Batches of clips: which clip, in which view, by which of its cached frames. All of it follows from (seed, epoch), so
 * that training that was stopped finds the same batches again.
 */
import type { FeatureCache } from '../../datasets/feature-cache.js';
import { assert } from '../../shared/assert.js';
import { Random } from '../../shared/random.js';
import { chooseView } from '../encoder/augment.js';

const HIGH_WORD = 0x1_0000_0000;

/** A clip to train on, by number. */
export interface TrainingClip {
  readonly path: string;
  readonly label: number;
}

export interface ClipBatchOptions {
  readonly clips: readonly TrainingClip[];
  /** Features in each view. */
  readonly caches: readonly [FeatureCache, ...FeatureCache[]];
  /** Frames that the model takes. */
  readonly frames: number;
  /** Cached frames for each of them. */
  readonly jitter: number;
  readonly clipsPerBatch: number;
  readonly windowShare: number;
  readonly joined: number;
  /** Whether mirroring keeps the labels true. */
  readonly mirror: boolean;
  /** Factors of the classes' losses. */
  readonly classWeights: readonly number[];
  readonly seed: number;
}

export interface ClipBatch {
  /** [n, frames, values a frame]. */
  readonly features: Float32Array;
  readonly labels: Int32Array;
  /** [n, frames]. */
  readonly frameLabels: Int32Array;
  readonly weights: Float32Array;
  readonly frameWeights: Float32Array;
}

/** One clip of a batch, or two that go over into each other at frame `cut`. */
interface Drawn {
  readonly first: number;
  readonly second: number;
  readonly cut: number;
  readonly view: number;
  /** Which cached frames. */
  readonly indices: readonly number[];
}

/** The cached frames in the middle of what each frame of the model stands for: those that classification sees. */
export function middleFrames(frames: number, jitter: number): readonly number[] {
  return Array.from({ length: frames }, (_, index) => index * jitter + Math.floor(jitter / 2));
}

export const batchesPerEpoch = ({ clips, clipsPerBatch }: ClipBatchOptions): number =>
  Math.ceil(clips.length / clipsPerBatch);

/** The batches of an epoch (from 0), the first `skip` left out. The last one is filled up with clips of the first. */
export function* clipBatches(options: ClipBatchOptions, epoch: number, skip: number): Generator<ClipBatch> {
  const { clips, clipsPerBatch, seed } = options;
  const random = new Random(seed + HIGH_WORD * epoch);
  const order = random.shuffled(clips.map((_, index) => index));
  for (let batch = 0; batch < batchesPerEpoch(options); batch++) {
    const drawn = Array.from({ length: clipsPerBatch }, (_, row) => {
      const first = order[(batch * clipsPerBatch + row) % order.length] as number;
      return draw(options, first, epoch, random);
    });
    if (batch >= skip) yield fill(options, drawn);
  }
}

function draw(options: ClipBatchOptions, first: number, epoch: number, random: Random): Drawn {
  const { clips, caches, frames, jitter, windowShare, joined, mirror, seed } = options;
  const isJoined = random.uniform() < joined && frames > 1;
  const other = random.integer(clips.length);
  const place = 1 + random.integer(Math.max(1, frames - 1));
  const length = frames * jitter * windowShare;
  const start = (frames * jitter - length) * random.uniform();
  const indices = Array.from({ length: frames }, (_, index) =>
    Math.min(frames * jitter - 1, Math.floor(start + ((index + random.uniform()) * length) / frames)),
  );
  return {
    first,
    second: isJoined ? other : first,
    cut: isJoined ? place : frames,
    view: chooseView(caches.length, { seed, epoch, image: first, mirror }),
    indices,
  };
}

function fill(options: ClipBatchOptions, drawn: readonly Drawn[]): ClipBatch {
  const { clips, caches, frames, jitter, classWeights } = options;
  const rowLength = caches[0].featureLength / jitter;
  const frameLength = rowLength / frames;
  const features = new Float32Array(drawn.length * rowLength);
  const frameLabels = new Int32Array(drawn.length * frames);
  drawn.forEach(({ first, second, cut, view, indices }, row) => {
    const cache = caches[view] ?? caches[0];
    for (const [clip, from, to] of [
      [first, 0, cut],
      [second, cut, frames],
    ] as const) {
      if (from === to) continue;
      const { path, label } = clips[clip] as TrainingClip;
      const all = readClip(cache, path);
      for (let frame = from; frame < to; frame++) {
        const at = (indices[frame] as number) * frameLength;
        features.set(all.subarray(at, at + frameLength), row * rowLength + frame * frameLength);
        frameLabels[row * frames + frame] = label;
      }
    }
  });
  const labels = Int32Array.from(drawn, ({ first }) => (clips[first] as TrainingClip).label);
  const frameWeights = Float32Array.from(labels, (label) => classWeights[label] ?? 1);
  // What shows two classes has no label as a whole.
  const weights = frameWeights.map((weight, row) => (drawn[row]?.cut === frames ? weight : 0));
  return { features, labels, frameLabels, weights, frameWeights };
}

/** All cached frames of a clip. */
function readClip(cache: FeatureCache, path: string): Float32Array {
  const features = new Float32Array(cache.featureLength);
  assert(cache.read(path, features), () => `${path}: its features are gone`);
  return features;
}

/** The features of the frames that classification sees: [frames, values a frame]. */
export function readMiddleFrames(cache: FeatureCache, path: string, frames: number, jitter: number): Float32Array {
  const all = readClip(cache, path);
  const frameLength = all.length / (frames * jitter);
  const features = new Float32Array(frames * frameLength);
  middleFrames(frames, jitter).forEach((index, frame) =>
    features.set(all.subarray(index * frameLength, (index + 1) * frameLength), frame * frameLength),
  );
  return features;
}
