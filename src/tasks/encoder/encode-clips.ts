/**
 * Frames of clips through an encoder: two clips are decoded, in processes of their own, while one is encoded. Training,
 * evaluation and classification all see clips through this file, so that they see the same.
 */
import { mediaSource } from '../../media/media-input.js';
import {
  type ClipInput,
  decodeApart,
  type DecodedVideo,
  type DecodeVideoOptions,
  type FrameSampling,
  MOST_FRAMES,
  mostFrames,
  mostSampled,
  UNNAMED_CLIP,
  VideoError,
  withClipFile,
} from '../../media/video/index.js';
import type { ImagePreprocessing } from '../../media/preprocessing.js';
import { UserError } from '../../shared/errors.js';
import { workAhead } from '../../shared/work-ahead.js';
import { BatchEncoder, type ImageEncoder } from './encode.js';

/** Clips that are decoded, or wait to be taken, at once. */
const CLIPS_AHEAD = 2;
/** Frames that go through the encoder together: more gain no speed on two cores and take memory. */
const FRAMES_AT_ONCE = 8;

export type DecodedClip =
  | { readonly path: string; readonly video: DecodedVideo; readonly error?: undefined }
  | { readonly path: string; readonly error: VideoError };

/**
 * Decodes clips in their order; one that cannot be decoded gives its error, and the others go on. Throws UserError (exit
 * code 2) for more frames a clip than can be decoded, and the signal's reason when it is aborted.
 */
export async function* decodeClips(
  encoder: Pick<ImageEncoder, 'preprocessing'>,
  inputs: Iterable<ClipInput>,
  samplings: readonly FrameSampling[],
  options: DecodeVideoOptions = {},
): AsyncGenerator<DecodedClip> {
  requireFewEnough(samplings, encoder.preprocessing);
  const decode = (path: string): Promise<DecodedVideo> => decodeApart(path, encoder.preprocessing, samplings, options);
  const decodeOne = async (input: ClipInput): Promise<DecodedClip> => {
    const { path, source, error } = mediaSource(input, UNNAMED_CLIP);
    if (error !== undefined) return { path, error };
    try {
      return { path, video: await withClipFile(source, decode) };
    } catch (failure) {
      if (failure instanceof VideoError) return { path, error: failure };
      throw failure;
    }
  };
  const { signal } = options;
  try {
    for await (const clip of workAhead(inputs, CLIPS_AHEAD, decodeOne)) {
      signal?.throwIfAborted();
      yield clip;
    }
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted(); // what decoding says then is of its end
    throw error;
  }
}

/** Throws UserError (exit code 2) where `samplings` take more frames of a clip than can be decoded. */
export function requireFewEnough(samplings: readonly FrameSampling[], preprocessing: ImagePreprocessing): void {
  const [asked, most] = [mostSampled(samplings), mostFrames(preprocessing)];
  if (asked <= most) return;
  const isStacked = most < MOST_FRAMES;
  const held = `${MOST_FRAMES} are held in memory${isStacked ? ', each comes with the one before and after it' : ''}`;
  const got = `${asked}${partsOf(samplings)}`;
  throw new UserError(
    `frames a clip: expected at most ${most} (${held}), got ${got} (lower --frames, --windows or --jitter: they multiply)`,
    { exitCode: 2 },
  );
}

/** What `samplings` add up, where the sum does not tell. */
function partsOf(samplings: readonly FrameSampling[]): string {
  const parts = samplings.map((sampling) => {
    if (!('frames' in sampling)) return `up to ${sampling.atMost} of the timeline`;
    const { frames, windows = 1 } = sampling;
    return windows > 1 ? `${frames} in each of ${windows} windows` : String(frames);
  });
  return parts.length > 1 || parts[0]?.includes(' ') === true ? `: ${parts.join(' and ')}` : '';
}

/** Encodes the frames of one clip after the other. */
export class FrameEncoder {
  readonly #batches: BatchEncoder;
  readonly #batchSize: number;

  constructor(encoder: ImageEncoder) {
    this.#batchSize = FRAMES_AT_ONCE;
    this.#batches = new BatchEncoder(encoder, this.#batchSize);
  }

  /** The features of all frames, one after the other: frames · values a frame. A frame that repeats is encoded once. */
  async encode({ frames }: Pick<DecodedVideo, 'frames'>): Promise<Float32Array> {
    const distinct = [...new Set(frames.map(({ pixels }) => pixels))];
    const rows: Float32Array[] = [];
    for (let first = 0; first < distinct.length; first += this.#batchSize) {
      const part = distinct.slice(first, first + this.#batchSize);
      const tensor = this.#batches.encode(part);
      const values = (await tensor.data()) as Float32Array;
      tensor.dispose();
      const length = values.length / this.#batchSize;
      part.forEach((_, index) => rows.push(values.slice(index * length, (index + 1) * length)));
    }
    const rowOf = new Map(distinct.map((pixels, index) => [pixels, rows[index] as Float32Array]));
    const length = rows[0]?.length ?? 0;
    const features = new Float32Array(frames.length * length);
    frames.forEach(({ pixels }, index) => features.set(rowOf.get(pixels) ?? [], index * length));
    return features;
  }

  dispose(): void {
    this.#batches.dispose();
  }
}
