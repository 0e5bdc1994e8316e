/**
 * Consensus with photos that look alike (Devlin et al. 2015): among the captions found for a photo, those are preferred
 * that resemble what people said of the most similar of photos that the user gives, typically the training photos.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { realPathOf } from '../../media/media-paths.js';
import { ciderVector, inverseDocumentFrequency } from '../../metrics/cider.js';
import { ptbTokenize } from '../../metrics/ptb-tokenizer.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { describeValue, NUMBER_RULES, requireFitting } from '../../shared/rules.js';
import type { Consensus } from './choose.js';
import type { CaptionModel } from './model.js';
import { cachePooled, createPhotoIndex, poolFeatures } from './nearest.js';
import { type CaptionSource, readTrainSources } from './sources.js';

/** Which photos have a say, and how much. */
export interface ConsensusOptions {
  /** Photos with captions; of those that name a split, the training part. */
  readonly sources: readonly CaptionSource[];
  /** How many of the most similar photos have a say. Default: `consensusDefaults`. */
  readonly neighbours?: number;
  /** How much the mean CIDEr-D (0 to 10) against their captions adds to a caption's score. Default: the same. */
  readonly weight?: number;
  /** Where features are kept; the user's cache directory by default. */
  readonly cacheDirectory?: string;
}

/** Chosen on Flickr8k's dev part (`choose.ts`), where 5 to 30 neighbours and weights of 0.5 to 2 gained much the same. */
export const consensusDefaults = { neighbours: 15, weight: 1 };

/** What its numbers must be. */
export const consensusRules = { neighbours: NUMBER_RULES.count, weight: NUMBER_RULES.fromZero };

/** Photos with captions, searched by what they look like. */
export interface ConsensusPhotos {
  /**
   * What was said of the photos most similar to each of `paths`, from the encoder's features of them [n ≥ paths, h, w, c].
   * A photo has no say about itself; a copy of it under another name does.
   */
  near(features: tf.Tensor, paths: readonly string[]): Promise<readonly Consensus[]>;
  dispose(): void;
}

interface KnownPhoto {
  /** Where it is, links resolved. */
  readonly file: string;
  /** Where its source says it is. */
  readonly image: string;
  readonly captions: readonly (readonly string[])[];
}

/** Reads and encodes the photos. Throws UserError when none is left, and the signal's reason when it is aborted. */
export async function createConsensus(
  model: CaptionModel,
  options: ConsensusOptions,
  signal?: AbortSignal,
): Promise<ConsensusPhotos> {
  const { neighbours, weight } = requireConsensusOptions(options);
  const { photos, vectors } = await readPhotos(model, options, signal);
  const weightOf = inverseDocumentFrequency(photos.map(({ captions }) => captions));
  const index = createPhotoIndex(vectors);
  return {
    async near(features, paths) {
      const pooled = tf.tidy(() => poolFeatures(features));
      const found = await index.nearest(pooled, neighbours + 1);
      pooled.dispose();
      return paths.map((path, row) => {
        const file = realPathOf(path);
        const others = (found[row] ?? []).map((at) => photos[at] as KnownPhoto).filter((photo) => photo.file !== file);
        const captions = others.slice(0, neighbours).flatMap((photo) => photo.captions);
        return { captions: captions.map((tokens) => ciderVector(tokens, weightOf)), weightOf, weight };
      });
    },
    dispose: () => index.dispose(),
  };
}

/** The numbers that `options` gives or leaves to the defaults. Throws UserError when one makes no sense. */
function requireConsensusOptions({ sources, neighbours, weight }: ConsensusOptions): typeof consensusDefaults {
  if (!Array.isArray(sources)) {
    throw new UserError(`consensus: expected a list of sources, got ${describeValue(sources)}`, { exitCode: 2 });
  }
  requireFitting('consensus.neighbours', consensusRules.neighbours, neighbours);
  requireFitting('consensus.weight', consensusRules.weight, weight);
  return { ...consensusDefaults, ...given({ neighbours, weight }) };
}

async function readPhotos(
  model: CaptionModel,
  { sources, cacheDirectory }: ConsensusOptions,
  signal: AbortSignal | undefined,
): Promise<{ readonly photos: readonly KnownPhoto[]; readonly vectors: readonly Float32Array[] }> {
  const examples = await readTrainSources(sources);
  const pooled = await cachePooled(model, {
    images: examples.map(({ image }) => image),
    ...(cacheDirectory === undefined ? {} : { directory: cacheDirectory }),
    ...(signal === undefined ? {} : { signal }),
  });
  const photos = mergePhotos(examples.filter(({ image }) => pooled.usable.has(image)));
  if (photos.length === 0) {
    throw new UserError('consensus: no photo with captions is left (photos of the val and test parts have no say)');
  }
  return { photos, vectors: photos.map(({ image }) => pooled.vectorOf(image)) };
}

/** Each file once, with all that was said of it. */
function mergePhotos(examples: readonly CaptionedImage[]): readonly KnownPhoto[] {
  const merged = new Map<string, KnownPhoto>();
  for (const { image, captions } of examples) {
    const file = realPathOf(image);
    const before = merged.get(file)?.captions ?? [];
    merged.set(file, { file, image, captions: [...before, ...captions.map(ptbTokenize)] });
  }
  return [...merged.values()];
}
