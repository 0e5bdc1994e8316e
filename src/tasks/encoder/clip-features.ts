/** An encoder over the frames of clips: its frozen part, whose features are cached, and the blocks that are trained. */
import * as tf from '@tensorflow/tfjs-core';
import { type FeatureCache, openFeatureCache } from '../../datasets/feature-cache.js';
import { DEFAULT_TIMEOUT_SECONDS } from '../../media/video/index.js';
import { type MobileNetConfig, mobilenetBlocks, runBlocks } from '../../models/mobilenet/index.js';
import type { ClipReaderConfig } from '../../models/clip-reader/index.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { ORIGINAL, type View } from './augment.js';
import type { ImageEncoder } from './encode.js';
import { decodeClips, FrameEncoder, requireFewEnough } from './encode-clips.js';
import { noteEncoding } from './kept-features.js';
import { cachedShape, type EncodedModel, frozenEncoder, frozenFingerprint } from './frozen.js';

/** [h, w, c] of a frame's features as the trained part takes them. */
export type FrameShape = readonly [number, number, number];

/** How the frames of a model's clips go through its encoder. */
export interface FrameEncoding {
  readonly model: EncodedModel;
  /** What reads the frames: unless it wants places or motion it needs no more than the mean over the grid. */
  readonly reader: Pick<ClipReaderConfig, 'positionSize' | 'motion'>;
  /** The block at which the encoder is cut; default: behind its last. */
  readonly cut?: number;
  /** Default: frames as they are. */
  readonly view?: View;
}

const cutOf = ({ model, cut }: FrameEncoding): number => cut ?? mobilenetBlocks(model.config.encoder).length;

/** Whether only the mean over the grid is kept, which takes a fiftieth of the room. */
function isPooled(encoding: FrameEncoding): boolean {
  const { model, reader } = encoding;
  const isWhole = cutOf(encoding) === mobilenetBlocks(model.config.encoder).length;
  return isWhole && reader.positionSize === 0 && !reader.motion;
}

export function frameShape(encoding: FrameEncoding): FrameShape {
  const [height, width, channels] = cachedShape(encoding.model, cutOf(encoding));
  return isPooled(encoding) ? [1, 1, channels] : [height, width, channels];
}

/** The frozen part of the encoder, blocks 0 … cut − 1, then the mean where no more is needed: [n, h, w, c]. */
export function frozenFrameEncoder(encoding: FrameEncoding): ImageEncoder & { readonly dispose: () => void } {
  const frozen = frozenEncoder(encoding.model, cutOf(encoding), encoding.view);
  if (!isPooled(encoding)) return frozen;
  return { ...frozen, encode: (images) => tf.mean(frozen.encode(images), [1, 2], true) };
}

/** Cached features [n, frames, h, w, c] → [n, frames, positions, channels], through the blocks from `cut` on. */
export function frameGrids(
  config: MobileNetConfig,
  parameters: Readonly<Record<string, tf.Tensor>>,
  features: tf.Tensor,
  cut = mobilenetBlocks(config).length,
): tf.Tensor {
  const [n = 0, frames = 0, height = 0, width = 0, channels = 0] = features.shape;
  const images = tf.reshape(features, [n * frames, height, width, channels]) as tf.Tensor4D; // [n·frames, h, w, c]
  const grid = runBlocks(config, parameters, images, { from: cut });
  const [, rows = 0, columns = 0, size = 0] = grid.shape;
  return tf.reshape(grid, [n, frames, rows * columns, size]); // [n, frames, p, c]
}

export interface ClipFeatureOptions extends FrameEncoding {
  /** Frames a clip that are kept: more than the model takes let training vary which it sees. */
  readonly frames: number;
  readonly clips: readonly string[];
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

/** Encodes the clips that the cache does not have yet. Throws UserError (exit code 2) for too many frames. */
export async function cacheClipFeatures(options: ClipFeatureOptions): Promise<CachedClips> {
  const { model, view = ORIGINAL, frames, directory, signal, timeout = DEFAULT_TIMEOUT_SECONDS } = options;
  const samplings = [{ frames }];
  requireFewEnough(samplings, model.config.preprocessing);
  const [height, width, channels] = frameShape(options);
  const video = frozenFingerprint(model, cutOf(options), view);
  const cache = await openFeatureCache({
    encoder: JSON.stringify({ frames, pooled: isPooled(options), video }),
    featureLength: frames * height * width * channels,
    ...(directory === undefined ? {} : { directory }),
  });
  const paths = [...new Set(options.clips)];
  const missing = paths.filter((path) => !cache.has(path));
  const failed = new Set<string>();
  noteEncoding({ files: 'clips', missing: missing.length, all: paths.length, folder: cache.folder });
  const progress = startProgress('encoding', missing.length);
  const frozen = frozenFrameEncoder(options);
  const encoder = new FrameEncoder(frozen);
  try {
    const limits = { timeout, ...(signal === undefined ? {} : { signal }) };
    for await (const clip of decodeClips(frozen, missing, samplings, limits)) {
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
  } finally {
    progress.stop();
    encoder.dispose();
    frozen.dispose();
  }
  return { cache, usable: new Set(paths.filter((path) => !failed.has(path))) };
}
