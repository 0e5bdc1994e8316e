/**
 * Captions clips with a checkpoint that was trained on clips: frames in, sentence out (Venugopalan et al. 2015). Decoding
 * of the next clips overlaps with the model's work on this one, and memory does not grow with their number or length.
 */
import * as tf from '@tensorflow/tfjs-core';
import { type ClipInput, type DecodedVideo, startDecoder } from '../../media/video/index.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES, requireFitting } from '../../shared/rules.js';
import { toTensors } from '../../training/parameters.js';
import { frameGrids, frameShape, frozenFrameEncoder } from '../encoder/clip-features.js';
import { decodeClips, FrameEncoder } from '../encoder/encode-clips.js';
import {
  type CaptionDecodingOptions,
  type CaptionGenerator,
  clipDecodingDefaults,
  createGenerator,
  type ScoredCaption,
} from './generate.js';
import { clipGrid } from './grids.js';
import { captionsClips, type ClipCaptionModel, frameEncodingOf, loadCaptionModel } from './model.js';
import type { CaptionOptions } from './predict.js';
import { lifetimeOf, requireClips } from '../predictor.js';

/** What is said of one clip, or why nothing is. */
export type ClipCaptionResult =
  | {
      readonly video: string;
      readonly caption: string;
      /** Natural logarithm of the caption's probability. */
      readonly logProbability: number;
      /** The best captions, the first included, when several were asked for. */
      readonly candidates?: readonly ScoredCaption[];
      /** What is missing where only a part of the clip could be decoded. */
      readonly partial?: string;
    }
  | { readonly video: string; readonly error: string };

/** How clips are captioned. What is not given has its default, of `clipDecodingDefaults`. */
export interface ClipCaptionOptions extends Partial<CaptionDecodingOptions> {
  /** Seconds that the decoding of a clip may take; default 60. */
  readonly timeout?: number;
  /** Aborting it ends the work: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Of a captioner's options those that mean something for clips. Throws UserError (exit code 2) for what would else be
 * left out in silence: the mirror image and the captions of the nearest photos.
 */
export function clipCaptionOptions(options: CaptionOptions): ClipCaptionOptions {
  const { batchSize: _one, limitPixels: _any, consensus, mirror, expectedWordsWeight = 0, ...ofClips } = options;
  if (consensus === undefined && mirror !== true && expectedWordsWeight === 0) return ofClips;
  throw new UserError('--consensus, --expected-words and --mirror: are for captioners of photos', { exitCode: 2 });
}

/** A captioner of clips, ready to use. */
export interface ClipCaptioner {
  /**
   * Captions of clips in their order; a clip that cannot be read gives an error and the others go on. Throws UserError,
   * when the first is asked for, for options or clips that make no sense, and after `dispose`.
   */
  caption(clips: Iterable<ClipInput>, options?: ClipCaptionOptions): AsyncGenerator<ClipCaptionResult>;
  /** Gives native memory back. */
  dispose(): void;
}

/**
 * Loads the captioner of clips in `folder`. Throws UserError when it is missing, damaged, of another task, a newer format,
 * or a captioner of photos.
 *
 * @example
 * const captioner = await loadClipCaptioner('checkpoints/shapes-captioner');
 * for await (const result of captioner.caption(['clip.mp4'])) {
 *   console.log('caption' in result ? result.caption : result.error);
 * }
 * captioner.dispose();
 */
export async function loadClipCaptioner(folder: string): Promise<ClipCaptioner> {
  const model = await loadCaptionModel(folder);
  if (captionsClips(model)) return createClipCaptioner(model);
  throw new UserError(`${folder}: expected a captioner of clips, found one of photos (use loadCaptioner)`);
}

/** A captioner of a model that is loaded already. */
export function createClipCaptioner(model: ClipCaptionModel): ClipCaptioner {
  startDecoder();
  const { encoder: encoderConfig, captioner, clip } = model.config;
  const frozen = frozenFrameEncoder(frameEncodingOf(model));
  const encoder = new FrameEncoder(frozen);
  const reader = toTensors(model.reader);
  const parameters = toTensors(model.captioner);
  const shape = [1, clip.frames, ...frameShape(frameEncodingOf(model))];
  const gridOf = (features: tf.Tensor): tf.Tensor =>
    clipGrid(clip.reader, reader, frameGrids(encoderConfig, {}, features));
  const captionsOf = async (generator: CaptionGenerator, video: DecodedVideo): Promise<readonly ScoredCaption[]> => {
    const features = tf.tensor(await encoder.encode(video), shape);
    try {
      const [captions = []] = await generator.generate([features]);
      return captions;
    } finally {
      features.dispose();
    }
  };
  const lifetime = lifetimeOf('captioner of clips', () => {
    encoder.dispose();
    frozen.dispose();
    tf.dispose([reader, parameters]);
  });
  return {
    async *caption(inputs, { timeout, signal, ...chosen } = {}) {
      lifetime.requireAlive();
      requireFitting('timeout', NUMBER_RULES.aboveZero, timeout);
      const clips = requireClips(inputs);
      const decoding = { ...clipDecodingDefaults, ...given(chosen) };
      const generator = createGenerator({
        ...decoding,
        members: [{ config: captioner, parameters, gridOf }],
        vocabulary: model.vocabulary,
        seen: model.seen,
      });
      const limits = { ...(timeout === undefined ? {} : { timeout }), ...(signal === undefined ? {} : { signal }) };
      try {
        for await (const decoded of decodeClips(frozen, clips, [{ frames: clip.frames }], limits)) {
          lifetime.requireAlive();
          if (decoded.error !== undefined) {
            yield { video: decoded.path, error: decoded.error.reason };
            continue;
          }
          const captions = await lifetime.during(() => captionsOf(generator, decoded.video));
          const { partial } = decoded.video;
          const result = describe(decoded.path, captions, decoding.candidates);
          yield partial === undefined || 'error' in result ? result : { ...result, partial };
        }
      } finally {
        generator.dispose();
      }
    },
    dispose: lifetime.dispose,
  };
}

function describe(video: string, captions: readonly ScoredCaption[], candidates: number): ClipCaptionResult {
  const [best] = captions;
  if (best === undefined) return { video, error: 'no caption was found' };
  return { video, ...best, ...(candidates > 1 ? { candidates: captions } : {}) };
}
