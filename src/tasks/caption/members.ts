/** The captioners that caption together: each with an encoder and a decoder of its own, all with one vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import type { ImagePreprocessing } from '../../media/image.js';
import { mobilenetBlocks } from '../../models/mobilenet/index.js';
import { expectWords } from '../../models/expected-words/index.js';
import { UserError } from '../../shared/errors.js';
import { toTensors } from '../../training/parameters.js';
import { BothSidesEncoder } from '../encoder/both-sides.js';
import { BatchEncoder, type ImageEncoder, type PixelImage } from '../encoder/encode.js';
import { frozenEncoder } from '../encoder/frozen.js';
import { wordTable } from './expected-words.js';
import type { GeneratorMember } from './generate.js';
import { toGrid } from './grids.js';
import type { CaptionModel } from './model.js';
import { poolFeatures } from './nearest.js';

/** A captioner with its weights as tensors. */
export interface Member extends GeneratorMember {
  readonly encoder: ImageEncoder;
  dispose(): void;
}

/** The models of an ensemble, at least one. */
export type CaptionModels = readonly [CaptionModel, ...CaptionModel[]];

/** A captioner as a member. */
export function createMember(model: CaptionModel): Member {
  const encoder = frozenEncoder(model, mobilenetBlocks(model.config.encoder).length);
  const parameters = toTensors(model.captioner);
  const { expectedWords } = model;
  const expecting = toTensors(expectedWords?.weights ?? {});
  const sharesOf = (features: tf.Tensor): tf.Tensor => expectWords(expecting, poolFeatures(features));
  return {
    config: model.config.captioner,
    parameters,
    gridOf: toGrid,
    encoder,
    ...(expectedWords === undefined ? {} : { expected: { ...wordTable(expectedWords), sharesOf } }),
    dispose() {
      encoder.dispose();
      tf.dispose([parameters, expecting]);
    },
  };
}

/** Throws UserError unless the models, found in `folders`, know the same words under the same numbers. */
export function requireOneVocabulary(models: readonly CaptionModel[], folders: readonly string[]): void {
  const [first, ...others] = models.map(({ vocabulary }) => vocabulary.tokens);
  others.forEach((tokens, index) => {
    const length = Math.max(tokens.length, first?.length ?? 0);
    const differs = Array.from({ length }, (_, id) => id).find((id) => tokens[id] !== first?.[id]);
    if (differs === undefined) return;
    const word = (of: readonly string[] | undefined): string => JSON.stringify(of?.[differs] ?? null);
    throw new UserError(
      `${folders[index + 1]}: expected the vocabulary of ${folders[0]}, found another: word ${differs} is ` +
        `${word(tokens)}, not ${word(first)} (train both on the same captions, or one from the other by --start-from)`,
    );
  });
}

/** The distinct ways in which encoders want pictures prepared, that of the first one first. */
export function preprocessingsOf(
  members: readonly { readonly encoder: ImageEncoder }[],
): readonly [ImagePreprocessing, ...ImagePreprocessing[]] {
  const distinct = new Map(members.map(({ encoder }) => [keyOf(encoder), encoder.preprocessing]));
  return [...distinct.values()] as [ImagePreprocessing, ...ImagePreprocessing[]];
}

const keyOf = ({ preprocessing }: ImageEncoder): string => JSON.stringify(preprocessing);

export interface BatchEncodersOptions {
  readonly batchSize: number;
  /** Whether a photo's mirror image is looked at too. */
  readonly mirror: boolean;
}

/** The encoders of several captioners, compiled for one batch size. */
export class BatchEncoders {
  readonly #encoders: readonly (BatchEncoder | BothSidesEncoder)[];
  /** For each encoder, which of its pictures it takes. */
  readonly #views: readonly number[];

  constructor(members: readonly { readonly encoder: ImageEncoder }[], { batchSize, mirror }: BatchEncodersOptions) {
    const keys = [...new Set(members.map(({ encoder }) => keyOf(encoder)))];
    this.#encoders = members.map(({ encoder }) =>
      mirror ? new BothSidesEncoder(encoder, batchSize) : new BatchEncoder(encoder, batchSize),
    );
    this.#views = members.map(({ encoder }) => keys.indexOf(keyOf(encoder)));
  }

  /** The features of at most `batchSize` images, prepared as `preprocessingsOf` says, by each encoder: [batchSize, …]. */
  encode(images: readonly PixelImage[]): readonly [tf.Tensor, ...tf.Tensor[]] {
    return this.#encoders.map((encoder, index) => {
      const view = this.#views[index] as number;
      return encoder.encode(images.map(({ pixels, further }) => [pixels, ...further][view] as Uint8Array));
    }) as [tf.Tensor, ...tf.Tensor[]];
  }

  dispose(): void {
    for (const encoder of this.#encoders) encoder.dispose();
  }
}
