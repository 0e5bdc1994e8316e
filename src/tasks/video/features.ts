/** The frozen part of an encoder over frames, and the cache of what it says about each clip. */
import * as tf from '@tensorflow/tfjs-core';
import { type FeatureCache, openFeatureCache } from '../../datasets/feature-cache.js';
import type { LabelledClip } from '../../datasets/clips/index.js';
import { DEFAULT_TIMEOUT_SECONDS, evenTimes } from '../../media/video/index.js';
import { mobilenetBlocks } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { note, warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { ORIGINAL, type View } from '../encoder/augment.js';
import type { ImageEncoder } from '../encoder/encode.js';
import { cachedShape, frozenEncoder, frozenFingerprint } from '../encoder/frozen.js';
import { decodeClips, FrameEncoder } from './encode.js';
import type { VideoModel } from './model.js';

/** [h, w, c] of a frame's features as the trained part takes them, for an encoder cut at block `cut`. */
export type FrameShape = readonly [number, number, number];

/** Whether only the mean over the grid is needed, which takes a fiftieth of the room. */
function isPooled({ config }: Pick<VideoModel, 'config'>, cut: number): boolean {
  return cut === mobilenetBlocks(config.encoder).length && config.classifier.positionSize === 0;
}

export function frameShape(model: VideoModel, cut: number): FrameShape {
  const [height, width, channels] = cachedShape(model, cut);
  return isPooled(model, cut) ? [1, 1, channels] : [height, width, channels];
}

/** The frozen part of the encoder, blocks 0 … cut − 1, then the mean where no more is needed: [n, h, w, c]. */
export function frozenFrameEncoder(
  model: VideoModel,
  cut: number,
  view: View = ORIGINAL,
): ImageEncoder & { readonly dispose: () => void } {
  const frozen = frozenEncoder(model, cut, view);
  if (!isPooled(model, cut)) return frozen;
  return { ...frozen, encode: (images) => tf.mean(frozen.encode(images), [1, 2], true) };
}

export interface ClipFeatureOptions {
  readonly model: VideoModel;
  readonly cut: number;
  readonly view: View;
  /** Frames a clip that are kept: more than the model takes let training vary which it sees. */
  readonly frames: number;
  readonly clips: readonly LabelledClip[];
  /** Where the cache is; the user's cache directory by default. */
  readonly directory?: string;
  /** A clip that cannot be decoded is an error. */
  readonly strict: boolean;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface CachedClips {
  readonly cache: FeatureCache;
  /** The clips whose features are there; the others were reported. */
  readonly usable: ReadonlySet<string>;
}

/** Encodes the clips that the cache does not have yet. */
export async function cacheClipFeatures(options: ClipFeatureOptions): Promise<CachedClips> {
  const { model, cut, view, frames, directory, signal, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  const [height, width, channels] = frameShape(model, cut);
  const fingerprint = { frames, pooled: isPooled(model, cut), video: frozenFingerprint(model, cut, view) };
  const cache = await openFeatureCache({
    encoder: JSON.stringify(fingerprint),
    featureLength: frames * height * width * channels,
    ...(directory === undefined ? {} : { directory }),
  });
  const paths = [...new Set(options.clips.map(({ path }) => path))];
  const missing = paths.filter((path) => !cache.has(path));
  const failed = new Set<string>();
  if (missing.length > 0) note(`encoding ${missing.length} of ${paths.length} clips (kept in ${cache.folder})`);
  const progress = startProgress('encoding', missing.length);
  const frozen = frozenFrameEncoder(model, cut, view);
  const encoder = new FrameEncoder(frozen);
  try {
    const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
    for await (const clip of decodeClips(frozen, missing, (span) => evenTimes(span, frames), limits)) {
      signal?.throwIfAborted();
      progress.advance(1);
      if (clip.error === undefined) {
        if (clip.video.partial !== undefined) warn(`${clip.path}: ${clip.video.partial}`);
        await cache.write(clip.path, await encoder.encode(clip.video));
        continue;
      }
      if (options.strict) throw new UserError(`${clip.error.message} (strict: nothing is left out)`);
      warn(`${clip.error.message}; left out`);
      failed.add(clip.path);
    }
    signal?.throwIfAborted();
  } finally {
    progress.stop();
    encoder.dispose();
    frozen.dispose();
  }
  return { cache, usable: new Set(paths.filter((path) => !failed.has(path))) };
}
