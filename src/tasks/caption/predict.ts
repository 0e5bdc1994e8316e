/**
 * Captions images with a trained checkpoint. Decoding of the next images overlaps with the model's work on these, and
 * memory does not grow with the number of images.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ImageInput } from '../../media/image-paths.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { countUpTo, NUMBER_RULES, requireBoolean, requireNumbers } from '../../shared/rules.js';
import { decodedBatches, type FailedImage, hasPixels, type PixelImage } from '../encoder/encode.js';
import { type CompiledCaptioner, CompiledCaptioners } from './compiled.js';
import { type ConsensusOptions, type ConsensusPhotos, createConsensus } from './consensus.js';
import { ConsensusPhotoCache } from './consensus-photos.js';
import {
  type CaptionDecodingOptions,
  captionDecodingDefaults,
  requireCaptionDecoding,
  type ScoredCaption,
} from './generate.js';
import { type CaptionModels, createMember, type Member, preprocessingsOf } from './members.js';
import { captionsClips, loadCaptionModel } from './model.js';
import { lifetimeOf, requireImages } from '../predictor.js';

/** What is said of one image, or why nothing is; `image` is its path, or the name of what was given by its bytes. */
export type CaptionResult =
  | {
      readonly image: string;
      readonly caption: string;
      /** Natural logarithm of the caption's probability. */
      readonly logProbability: number;
      /** The best captions, the first included, when several were asked for. */
      readonly candidates?: readonly ScoredCaption[];
    }
  | { readonly image: string; readonly error: string };

/** How images are captioned: how words are chosen, and what is looked at. What is not given has its default. */
export interface CaptionOptions extends Partial<CaptionDecodingOptions> {
  /** Images that go through the model together, 1 or more; a batch that is not full takes as long. Default 8, for one image 1. */
  readonly batchSize?: number;
  /** The largest picture that is decoded, in pixels. */
  readonly limitPixels?: number;
  /** Captions of photos that look alike take part in the choice: which photos, and how much. Default: none. */
  readonly consensus?: ConsensusOptions;
  /** The mirror image is looked at too, and what the encoder says of both is averaged. Default true. */
  readonly mirror?: boolean;
  /** Aborting it ends the work: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** The one default of the batch size for many images: larger ones gain no speed on two cores and take memory. */
export const DEFAULT_BATCH_SIZE = 8;

/** Whether photos' mirror images are looked at too, where nothing is said of it. */
export const DEFAULT_MIRROR = true;

/** What the numbers about images must be. */
export const imageRules = { batchSize: countUpTo(1024), limitPixels: NUMBER_RULES.count };

/** A captioner of photos, ready to use. */
export interface Captioner {
  /**
   * Captions of images, files or the bytes of files, in their order; an image that cannot be read gives an error and
   * the others go on. Throws UserError, when the first is asked for, for options or images that make no sense, and
   * after `dispose`.
   */
  caption(images: Iterable<ImageInput>, options?: CaptionOptions): AsyncGenerator<CaptionResult>;
  /** Gives native memory back. */
  dispose(): void;
}

/**
 * Loads the captioner in `folder`. Throws UserError when it is missing, damaged, of another task or a newer format.
 *
 * @example
 * const captioner = await loadCaptioner('checkpoints/captioner');
 * for await (const result of captioner.caption(['dog.jpg', 'boat.jpg'], { beamWidth: 5 })) {
 *   console.log('caption' in result ? result.caption : result.error);
 * }
 * captioner.dispose();
 */
export async function loadCaptioner(folder: string): Promise<Captioner> {
  const model = await loadCaptionModel(folder);
  if (captionsClips(model)) {
    throw new UserError(`${folder}: expected a captioner of photos, found one of clips (use loadClipCaptioner)`);
  }
  return createCaptioner(model);
}

/** A captioner of models that are loaded already: one, or several of one vocabulary that decide together. */
export function createCaptioner(...models: CaptionModels): Captioner {
  const [first] = models;
  const { vocabulary, seen } = first;
  const members = models.map(createMember) as [Member, ...Member[]];
  const compiled = new CompiledCaptioners({ members, vocabulary, seen });
  const consensus = new ConsensusPhotoCache((options, signal) => createConsensus(first, options, signal));
  const lifetime = lifetimeOf('captioner', () => {
    compiled.dispose();
    consensus.dispose();
    for (const member of members) member.dispose();
  });
  return {
    async *caption(inputs, options = {}) {
      lifetime.requireAlive();
      const {
        batchSize = isOne(inputs) ? 1 : DEFAULT_BATCH_SIZE,
        limitPixels,
        signal,
        consensus: agreed,
        mirror = DEFAULT_MIRROR,
        ...chosen
      } = options;
      const decoding = { ...captionDecodingDefaults, ...given(chosen), consensus: agreed !== undefined, mirror };
      requireCaptionDecoding(decoding);
      requireNumbers(imageRules, { batchSize, limitPixels });
      requireBoolean('mirror', mirror);
      const images = requireImages(inputs);
      const looked = agreed === undefined ? undefined : await consensus.acquire(agreed, signal);
      const [preprocessing, ...further] = preprocessingsOf(members);
      const limits = {
        ...(limitPixels === undefined ? {} : { limitPixels }),
        ...(signal === undefined ? {} : { signal }),
      };
      const { candidates } = decoding;
      try {
        for await (const batch of decodedBatches(preprocessing, images, { batchSize, further, ...limits })) {
          yield* await lifetime.during(() =>
            captionBatch(compiled.for({ ...decoding, batchSize }), batch, { photos: looked?.photos, candidates }),
          );
        }
      } finally {
        looked?.release();
      }
    },
    dispose: lifetime.dispose,
  };
}

/** Whether `inputs` are known to be one: a larger batch would be filled up. */
const isOne = (inputs: Iterable<ImageInput>): boolean => Array.isArray(inputs) && inputs.length === 1;

async function captionBatch(
  { encoders, generator }: CompiledCaptioner,
  batch: readonly (PixelImage | FailedImage)[],
  { photos, candidates }: { readonly photos: ConsensusPhotos | undefined; readonly candidates: number },
): Promise<CaptionResult[]> {
  const decoded = batch.filter(hasPixels);
  const found = new Map<PixelImage, readonly ScoredCaption[]>();
  if (decoded.length > 0) {
    const features = encoders.encode(decoded);
    try {
      const paths = decoded.map(({ path }) => path);
      const captions = await generator.generate(features, await photos?.near(features[0], paths));
      decoded.forEach((image, index) => found.set(image, captions[index] ?? []));
    } finally {
      tf.dispose([...features]);
    }
  }
  return batch.map((image) =>
    hasPixels(image)
      ? describe(image.path, found.get(image) ?? [], candidates)
      : { image: image.path, error: image.error.reason },
  );
}

function describe(image: string, captions: readonly ScoredCaption[], candidates: number): CaptionResult {
  const [best] = captions;
  if (best === undefined) return { image, error: 'no caption was found' };
  return { image, ...best, ...(candidates > 1 ? { candidates: captions } : {}) };
}
